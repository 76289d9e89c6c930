/* Exceptions: ring 3's are reflected to the handler that the runtime named, ring 0's
 * end the machine. */
#include "internal.h"

/* As vectors.S pushed it. */
struct exception_frame {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
};

#define VECTOR_PAGE_FAULT 14

static uint64_t handler_entry;
static uint64_t handler_stack_top;
static uint64_t handler_stack_size;

int64_t nucleus_set_fault_handler(uint64_t entry, uint64_t stack_top, uint64_t stack_size)
{
	if (stack_top % 16 != 0 || stack_size < sizeof(struct nucleus_fault) ||
	    stack_size > stack_top || !nucleus_user_range(entry, 1) ||
	    !nucleus_user_range(stack_top - stack_size, stack_size))
		return REFUSED;
	handler_entry = entry;
	handler_stack_top = stack_top;
	handler_stack_size = stack_size;
	return 0;
}

_Noreturn void nucleus_exception(const struct exception_frame *frame)
{
	struct nucleus_fault *fault;
	uint64_t address = 0;

	if (frame->vector == VECTOR_PAGE_FAULT) {
		__asm__ volatile("mov %%cr2, %0" : "=r"(address));
		nucleus_shared.info.page_faults++;
	}
	if ((frame->cs & 3) == 0)
		nucleus_panic("exception in ring 0", frame->vector, frame->rip);
	/* A handler that faults has nowhere to go. */
	if (handler_entry == 0 || handler_stack_top - frame->rsp <= handler_stack_size)
		nucleus_panic("unhandled fault", frame->vector, frame->rip);

	/* The stack is ring 3's: an unmapped or read-only one is a fault of ring 0. */
	fault = (struct nucleus_fault *)(handler_stack_top - sizeof(*fault));
	fault->vector = frame->vector;
	fault->error_code = frame->error_code;
	fault->address = address;
	fault->rip = frame->rip;
	fault->rflags = frame->rflags;
	fault->rsp = frame->rsp;
	fault->rax = frame->rax;
	fault->rbx = frame->rbx;
	fault->rcx = frame->rcx;
	fault->rdx = frame->rdx;
	fault->rsi = frame->rsi;
	fault->rdi = frame->rdi;
	fault->rbp = frame->rbp;
	fault->r8 = frame->r8;
	fault->r9 = frame->r9;
	fault->r10 = frame->r10;
	fault->r11 = frame->r11;
	fault->r12 = frame->r12;
	fault->r13 = frame->r13;
	fault->r14 = frame->r14;
	fault->r15 = frame->r15;
	nucleus_enter(handler_entry, ((uint64_t)fault & -16ull) - 8, (uint64_t)fault, 0, 0);
}
