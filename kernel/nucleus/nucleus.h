/* The interface between the nucleus (ring 0) and the runtime (ring 3): memory
 * layout, the boot information page, and the calls of `int NUCLEUS_VECTOR`.
 * Ring 3 always runs with interrupts disabled: device and timer interrupts are
 * taken inside NUCLEUS_IDLE only, so nothing in the runtime is ever reentered. */
#ifndef WALNUT_KERNEL_NUCLEUS_H
#define WALNUT_KERNEL_NUCLEUS_H

/* Virtual memory (lower half; facts: upper half is not available everywhere).
 *	0 … 8 GiB + 64 KiB	linear memory 0, and its guard space
 *	VA_KERNEL		the image: kernel and app, linked here
 *	VA_PHYS			reserved for the nucleus's own use
 *	VA_HEAP			runtime heap, grows up
 *	VA_MEMORIES		further linear memories and based ones
 *	VA_STACK_TOP		the program's stack, grows down, guard below
 *	VA_DEVICES		device registers, mapped on request */
#define VA_LINEAR_END 0x200010000
#define VA_MEMORIES 0x7a0000000000
#define VA_HEAP 0x7c0000000000
#define VA_STACK_TOP 0x7d8000000000
#define VA_DEVICES 0x7dc000000000
#define VA_KERNEL 0x7e0000000000

#define NUCLEUS_VECTOR 0x80

/* Calls: number in RAX, arguments in RDI, RSI, RDX, RCX; result in RAX (0 or
 * positive: done; negative: refused). The registers that a C call may change
 * (RAX, RCX, RDX, RSI, RDI, R8 to R11) are lost, so that ring 0 need not save them;
 * all others, vector and x87 state included, are preserved. */
#define NUCLEUS_MAP 1	   /* (va, pa, size, flags): map; 4 KiB granules, 2 MiB pages used where aligned */
#define NUCLEUS_UNMAP 2	   /* (va, size) */
#define NUCLEUS_IDLE 3	   /* (deadline_tsc or UINT64_MAX): halt until an IRQ or the deadline;
			      returns at once when an IRQ came since the last IDLE */
#define NUCLEUS_IRQ_ENABLE 4 /* (gsi): route and unmask this interrupt line, edge triggered; */
#define NUCLEUS_SET_FAULT_HANDLER 5 /* (entry, stack_top): where ring-3 faults go */
#define NUCLEUS_POWER_OFF 6 /* (): reset the machine the way VMMs notice; does not return */
#define NUCLEUS_SERIAL_WRITE 7 /* (va, size): to COM1, for panics */
#define NUCLEUS_MMIO_MAP 8 /* (va, pa, size): map device registers, uncached; refused for RAM */

#define NUCLEUS_MAP_WRITE 1
#define NUCLEUS_MAP_EXEC 2

#ifndef __ASSEMBLER__
#include <stdint.h>

#define NUCLEUS_RAM_MAX 32

struct nucleus_range {
	uint64_t start; /* physical */
	uint64_t size;
};

/* Filled in by the nucleus before it enters ring 3; one read-only page to ring 3
 * but for the counters, which the nucleus goes on writing. */
struct nucleus_info {
	uint64_t entry_tsc;	   /* rdtsc at the first instruction */
	uint64_t image_start;	   /* physical */
	uint64_t image_size;
	uint64_t command_line;	   /* physical; NUL-terminated, at most command_line_max bytes */
	uint64_t command_line_max;
	uint64_t initrd;	   /* physical; 0: none */
	uint64_t initrd_size;
	uint64_t rsdp;		   /* physical; 0: none */
	uint64_t kvmclock;	   /* address (ring 3) of the pvclock page, 0: none */
	uint64_t kvm_wall_clock;   /* address of struct pvclock_wall_clock, 0: none */
	uint64_t tsc_hz;	   /* 0: not known, use kvmclock */
	uint32_t ram_count;	   /* RAM: e820 less the image and the nucleus's pool; page
				      aligned, ascending. The command line and the initrd lie
				      inside: keep clear of them, or map, read and reuse */
	uint32_t xsave_enabled;	   /* CR4.OSXSAVE and XCR0 were set up */
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

/* The runtime's entry, called on the runtime's stack in ring 3. */
_Noreturn void runtime_main(const struct nucleus_info *info);

static inline int64_t nucleus_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	int64_t result;

	__asm__ volatile("int $0x80"
			 : "=a"(result), "+D"(a), "+S"(b), "+d"(c), "+c"(d)
			 : "0"(number)
			 : "r8", "r9", "r10", "r11", "cc", "memory");
	return result;
}
#endif

#endif
