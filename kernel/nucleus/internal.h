/* What the nucleus's files share. Ring 0 uses general registers only and calls
 * nothing outside nucleus/: code elsewhere is mapped for ring 3. */
#ifndef WALNUT_KERNEL_NUCLEUS_INTERNAL_H
#define WALNUT_KERNEL_NUCLEUS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nucleus/shared.h"
#include "layout.h"

#define PAGE_SIZE 4096ull
#define REFUSED (-1)

/* vectors.S */
extern uint64_t nucleus_pml4[512];
extern uint64_t nucleus_kernel_pd[512];
void nucleus_wait(void);
_Noreturn void nucleus_enter(uint64_t rip, uint64_t rsp, uint64_t rdi, uint64_t rsi, uint64_t rdx);
_Noreturn void nucleus_triple_fault(void);

/* walnut.ld */
extern char nucleus_pool_start[], nucleus_pool_end[];
extern char walnut_image_start[], walnut_image_text[], walnut_image_rodata[], walnut_image_data[];
extern char walnut_stack_top[], walnut_image_used[], walnut_image_end[];

/* paging.c: a range that ring 3 may name. */
bool nucleus_user_range(uint64_t va, uint64_t size);

/* serial.c */
_Noreturn void nucleus_panic(const char *what, uint64_t a, uint64_t b);

/* interrupt.c, called by vectors.S */
void nucleus_interrupt(void);

/* fault.c, called by vectors.S; start.c, called by boot/entry.S */
struct exception_frame;
_Noreturn void nucleus_exception(const struct exception_frame *frame);
_Noreturn void nucleus_start(uint64_t zero_page, uint64_t start_info, uint64_t entry_tsc);

/* Calls of ring 3: nucleus.h has the contract. */
int64_t nucleus_map(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags);
int64_t nucleus_unmap(uint64_t va, uint64_t size);
int64_t nucleus_idle(uint64_t deadline_tsc);
int64_t nucleus_irq_enable(uint64_t gsi);
int64_t nucleus_set_fault_handler(uint64_t entry, uint64_t stack_top, uint64_t stack_size);
_Noreturn void nucleus_power_off(void);
int64_t nucleus_serial_write(uint64_t va, uint64_t size);
int64_t nucleus_mmio_map(uint64_t va, uint64_t pa, uint64_t size);
int64_t nucleus_clock_start(void);
int64_t nucleus_enable_features(void);
int64_t nucleus_port_read(uint64_t port, uint64_t size);
int64_t nucleus_port_write(uint64_t port, uint64_t size, uint64_t value);

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint64_t read_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline uint64_t read_msr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "0"(leaf), "2"(0));
	return r;
}

#endif
