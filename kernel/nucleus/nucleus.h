/* The interface between the nucleus (ring 0) and the runtime (ring 3): memory
 * layout, the boot information, and the calls of `int3`.
 * Ring 3 runs with interrupts off: they are taken inside NUCLEUS_IDLE only, so
 * nothing in the runtime is ever reentered. */
#ifndef WALNUT_KERNEL_NUCLEUS_H
#define WALNUT_KERNEL_NUCLEUS_H

/* Virtual memory (the upper half is not available on every host).
 *	0 … 8 GiB + 64 KiB	linear memory 0, and its guard space
 *	VA_MEMORIES		further linear memories and based ones
 *	VA_HEAP			runtime heap, grows up
 *	VA_DEVICES		device registers, mapped on request
 *	VA_KERNEL		the image, kernel and app: a static object's physical
 *				address is its virtual one less VA_KERNEL. Most other
 *				memory, and the places where VMMs have their devices,
 *				are here as well: see nucleus_direct()
 * Ring 3 may map what it likes below VA_KERNEL. */
#define VA_LINEAR_END 0x200010000
#define VA_MEMORIES 0x7a0000000000
#define VA_HEAP 0x7c0000000000
#define VA_DEVICES 0x7dc000000000
#define VA_KERNEL 0x7e0000000000

/* What ring 3 may read and write without any call, by physical address: all memory
 * up to NUCLEUS_DIRECT_END but the nucleus; devices of libkrun and our VMM, and of
 * QEMU's microvm. */
#define NUCLEUS_DIRECT_END 0x3e800000 /* 1000 MiB */
#define NUCLEUS_DEVICES_1 0xd0000000
#define NUCLEUS_DEVICES_2 0xfea00000
#define NUCLEUS_DEVICES_SIZE 0x200000

/* Calls are made by int3: hosts that emulate ring 0 raise #UD for any other int. */
#define NUCLEUS_VECTOR 3

/* Calls: number in RAX, arguments in RDI, RSI, RDX, RCX; result in RAX (0 or
 * positive: done; negative: refused; a number that is none is a fault, vector 3).
 * The registers that a C call may change (RAX, RCX, RDX, RSI, RDI, R8 to R11) are
 * lost, so that ring 0 need not save them; all others, vector and x87 state
 * included, are preserved. Where ring 0 is emulated a call costs 13 us, one that
 * maps 100 us and 3 us more for each 4 KiB page: use 2 MiB pages, or the memory
 * that is there already. */

/* (va, pa, size, flags): 4 KiB granules, 2 MiB pages used where aligned. Never
 * executable. Refused for the nucleus, the image's code and constants, and the
 * interrupt controllers; any other physical address is ring 3's. Where it is refused
 * for want of page tables, part of the range may be mapped. */
#define NUCLEUS_MAP 1
#define NUCLEUS_MAP_WRITE 1

/* (va, size) */
#define NUCLEUS_UNMAP 2

/* (deadline_tsc or UINT64_MAX): halt until an interrupt or the deadline; returns at
 * once when an interrupt came since the last IDLE, and now and then for nothing. */
#define NUCLEUS_IDLE 3

/* (gsi): route and unmask this interrupt line, edge triggered. */
#define NUCLEUS_IRQ_ENABLE 4

/* (entry, stack_top, stack_size): where ring-3 faults go; stack_top is a multiple of
 * 16. A fault while RSP is on that stack is the handler's own: panic. */
#define NUCLEUS_SET_FAULT_HANDLER 5

/* (): reset the machine the way VMMs notice; does not return. */
#define NUCLEUS_POWER_OFF 6

/* (va, size): to COM1, for panics. */
#define NUCLEUS_SERIAL_WRITE 7

/* (va, pa, size): as MAP, writable and uncached, for device registers. */
#define NUCLEUS_MMIO_MAP 8

/* (): fills in kvmclock, kvm_wall_clock and tsc_hz; before the first look at a
 * clock, as it takes 80 us, or 10 ms where only the PIT knows the time. */
#define NUCLEUS_CLOCK_START 9

/* (): enables what CPUID has of XSAVE, AVX, AVX-512 and FSGSBASE; boot/start.c does it
 * where there is AVX. */
#define NUCLEUS_ENABLE_FEATURES 10

/* (port, size) and (port, size, value): an I/O port, 1, 2 or 4 bytes. For PCI's configuration and
 * COM1, on machines that have them. */
#define NUCLEUS_PORT_READ 11
#define NUCLEUS_PORT_WRITE 12

/* What a device that sends messages for interrupts is told: where to, less the processor's number,
 * and what. */
#define NUCLEUS_MSI_ADDRESS 0xfee00000
#define NUCLEUS_MSI_VECTOR 0x40

#ifndef __ASSEMBLER__
#include <stdint.h>

#define NUCLEUS_RAM_MAX 32

#define NUCLEUS_TIMER_X2APIC 1u
#define NUCLEUS_TIMER_TSC_DEADLINE 2u /* else the local APIC's counter */

struct nucleus_range {
	uint64_t start; /* physical */
	uint64_t size;
};

/* Filled in before runtime_main(). The nucleus writes the counters and the fields of
 * NUCLEUS_CLOCK_START; it reads nothing here. */
struct nucleus_info {
	uint64_t entry_tsc;   /* rdtsc at the first instruction */
	uint64_t image_start; /* physical; ends with the last page in use */
	uint64_t image_size;
	uint64_t command_line; /* physical; NUL-terminated, at most command_line_max bytes */
	uint64_t command_line_max;
	uint64_t initrd; /* physical; 0: none */
	uint64_t initrd_size;
	uint64_t rsdp;		 /* physical; 0: none */
	uint64_t kvmclock;	 /* address (ring 3) of the pvclock structure, 0: none */
	uint64_t kvm_wall_clock; /* address of struct pvclock_wall_clock, 0: none */
	uint64_t tsc_hz;	 /* 0: not known, use kvmclock */
	uint32_t ram_count;	 /* RAM: e820 less the image; page aligned, in e820's
				      order. The command line and the initrd lie inside */
	uint32_t timer;	     /* NUCLEUS_TIMER_*, from the first IDLE on */
	struct nucleus_range ram[NUCLEUS_RAM_MAX];
	/* counters */
	volatile uint64_t irqs;
	volatile uint64_t page_faults;
};

/* What a ring-3 fault handler receives: pushed on the fault stack by the nucleus,
 * pointer in RDI; the handler does not return through it. */
struct nucleus_fault {
	uint64_t vector; /* 0 #DE, 6 #UD, 13 #GP, 14 #PF, … */
	uint64_t error_code;
	uint64_t address; /* CR2 for #PF */
	uint64_t rip, rflags, rsp;
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

/* Where the nucleus has mapped these physical addresses already; NULL: not at all,
 * use NUCLEUS_MAP or NUCLEUS_MMIO_MAP. */
static inline void *nucleus_direct(uint64_t pa, uint64_t size)
{
	if (pa < NUCLEUS_DIRECT_END && size <= NUCLEUS_DIRECT_END - pa)
		return (void *)(VA_KERNEL + pa);
	if (size > NUCLEUS_DEVICES_SIZE)
		return (void *)0;
	if (pa - NUCLEUS_DEVICES_1 <= NUCLEUS_DEVICES_SIZE - size)
		return (void *)(VA_KERNEL + NUCLEUS_DIRECT_END + pa - NUCLEUS_DEVICES_1);
	if (pa - NUCLEUS_DEVICES_2 <= NUCLEUS_DEVICES_SIZE - size)
		return (void *)(VA_KERNEL + NUCLEUS_DIRECT_END + NUCLEUS_DEVICES_SIZE + pa -
				NUCLEUS_DEVICES_2);
	return (void *)0;
}

/* The runtime's entry, called in ring 3 on the image's stack (walnut.ld; below it are
 * constants: an overflow faults). */
_Noreturn void runtime_main(const struct nucleus_info *info);

static inline int64_t nucleus_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	int64_t result;

	__asm__ volatile("int3"
			 : "=a"(result), "+D"(a), "+S"(b), "+d"(c), "+c"(d)
			 : "0"(number)
			 : "r8", "r9", "r10", "r11", "cc", "memory");
	return result;
}
#endif

#endif
