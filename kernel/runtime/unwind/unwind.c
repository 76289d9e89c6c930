/* Throwing (walnut_throw() of abi/exception.h): walks the stack by call frame information
 * until a function has a handler for the exception, and goes there. Nothing between the
 * two needs to clean up, so one walk does. It ends without a handler where it meets code
 * without unwind tables: the thunk by which the runtime called the program, as imports of
 * the runtime throw nothing. Part of an image only when its program has exceptions. */
#include <stddef.h>

#include "exit.h"
#include "lib/text.h"
#include "stack.h"
#include "trap.h"
#include "unwind/cfi.h"
#include "unwind/lsda.h"
#include "unwind/throw.h"

extern const uint8_t walnut_unwind_index[], walnut_unwind_index_end[]; /* walnut.ld */
extern const uint8_t walnut_unwind_frames[], walnut_unwind_frames_end[];
extern const uint8_t walnut_unwind_handlers[], walnut_unwind_handlers_end[];

_Noreturn static void broken(const char *what, uint64_t address)
{
	char buffer[160];
	struct text text = TEXT_IN(buffer);

	text_string(&text, "exception: ");
	text_string(&text, what);
	text_string(&text, " at ");
	text_hex(&text, address);
	runtime_fail(buffer, text.used);
}

/* A register that the function has saved `offset` bytes from its frame's address. */
static void restore(uint64_t *value, uint64_t frame_address, int64_t offset)
{
	uint64_t address = frame_address + (uint64_t)offset;

	if (offset == CFI_NOT_SAVED)
		return;
	if (address % sizeof(*value) || !stack_contains(address, sizeof(*value)))
		broken("a saved register is not on the stack", address);
	*value = *(const uint64_t *)address;
}

/* To the registers of the function that called this one. */
static void step(struct unwind_registers *registers, const struct cfi_frame *frame)
{
	uint64_t base = frame->cfa_register == CFI_RBP ? registers->rbp : registers->rsp;
	uint64_t address = base + (uint64_t)frame->cfa_offset;

	/* Upwards only, so the walk ends. */
	if (address <= registers->rsp)
		broken("the stack does not go on", registers->rip);
	restore(&registers->rip, address, frame->saved[CFI_RETURN]);
	restore(&registers->rbx, address, frame->saved[CFI_RBX]);
	restore(&registers->rbp, address, frame->saved[CFI_RBP]);
	restore(&registers->r12, address, frame->saved[CFI_R12]);
	restore(&registers->r13, address, frame->saved[CFI_R13]);
	restore(&registers->r14, address, frame->saved[CFI_R14]);
	restore(&registers->r15, address, frame->saved[CFI_R15]);
	registers->rsp = address;
}

_Noreturn static void uncaught(const struct walnut_tag *tag, const struct unwind_registers *thrower)
{
	char buffer[96];
	struct text text = { buffer, sizeof(buffer) - 1, 0 };

	text_string(&text, trap_text(WALNUT_TRAP_UNCAUGHT_EXCEPTION));
	if (tag->name_size) {
		text_string(&text, " ");
		text_printable(&text, tag->name, tag->name_size);
	}
	buffer[text.used] = '\0';
	trap_report(WALNUT_TRAP_UNCAUGHT_EXCEPTION, buffer, thrower->rip - 1, thrower->rbp);
}

/* Whether the function catches it; then `registers` are those to enter its landing pad with. */
static bool find_handler(struct unwind_registers *registers, const struct cfi_frame *frame,
			 const struct walnut_tag *tag, uint32_t *selector)
{
	struct lsda_handler handler;

	if (!frame->lsda)
		return false;
	if (frame->lsda < walnut_unwind_handlers || frame->lsda > walnut_unwind_handlers_end)
		broken("no table of handlers", registers->rip);
	switch (lsda_find(frame->lsda, walnut_unwind_handlers_end, frame->start, registers->rip - 1, tag,
			  &handler)) {
	case LSDA_HANDLER:
		registers->rip = handler.landing_pad;
		registers->rsp += frame->args_size;
		*selector = handler.selector;
		return true;
	case LSDA_NONE:
		return false;
	default:
		broken("the table of handlers is damaged", registers->rip);
	}
}

void unwind_throw(struct walnut_exception *exception, const struct unwind_registers *thrower)
{
	const struct cfi_tables tables = {
		walnut_unwind_frames, walnut_unwind_frames_end, walnut_unwind_index, walnut_unwind_index_end,
	};
	const struct walnut_tag *tag = walnut_exception_tag(exception);
	struct unwind_registers registers = *thrower;

	for (;;) {
		struct cfi_frame frame;
		uint32_t selector;

		/* A call may be the last instruction of its function. */
		switch (cfi_find(&tables, registers.rip - 1, &frame)) {
		case CFI_FOUND:
			break;
		case CFI_NO_FUNCTION:
			uncaught(tag, thrower);
		default:
			broken("the unwind tables are damaged", registers.rip);
		}
		if (find_handler(&registers, &frame, tag, &selector))
			unwind_enter(&registers, exception, selector);
		step(&registers, &frame);
	}
}

struct walnut_exception *walnut_exception_new(const struct walnut_tag *tag)
{
	return walnut_gc_new(&tag->object, tag->object.size);
}

/* Its address stands for this unwinder in the tables; nobody calls it. */
void walnut_personality(void)
{
	broken("the personality routine was called", 0);
}
