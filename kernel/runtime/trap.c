/* From faults to traps. A trap is one when compiled code executes a trap
 * instruction or touches what is no memory of its own, or when anything runs into
 * the guard below the program's stack. Every other fault is a bug of this kernel. */
#include "trap.h"

#include "app_object.h"
#include "backtrace.h"
#include "exit.h"
#include "lib/string.h"
#include "lib/text.h"
#include "modules.h"
#include "nucleus/nucleus.h"
#include "stack.h"
#include "try.h"

#define VECTOR_DIVIDE 0
#define VECTOR_INVALID_OPCODE 6
#define VECTOR_PAGE_FAULT 14
#define PAGE_FAULT_WRITE 0x2
#define TRAP_EXIT_STATUS 134 /* 128 + SIGABRT */

#define FAULT_STACK_SIZE 0x8000

static uint8_t fault_stack[FAULT_STACK_SIZE] __attribute__((aligned(4096)));

const char *trap_text(uint32_t code)
{
	switch (code) {
	case WALNUT_TRAP_UNREACHABLE: return "unreachable";
	case WALNUT_TRAP_MEMORY_OUT_OF_BOUNDS: return "out of bounds memory access";
	case WALNUT_TRAP_TABLE_OUT_OF_BOUNDS: return "out of bounds table access";
	case WALNUT_TRAP_UNDEFINED_ELEMENT: return "undefined element";
	case WALNUT_TRAP_UNINITIALIZED_ELEMENT: return "uninitialized element";
	case WALNUT_TRAP_INDIRECT_CALL_TYPE: return "indirect call type mismatch";
	case WALNUT_TRAP_INTEGER_DIVIDE_BY_ZERO: return "integer divide by zero";
	case WALNUT_TRAP_INTEGER_OVERFLOW: return "integer overflow";
	case WALNUT_TRAP_INVALID_CONVERSION: return "invalid conversion to integer";
	case WALNUT_TRAP_NULL_REFERENCE: return "null reference";
	case WALNUT_TRAP_UNALIGNED_ATOMIC: return "unaligned atomic";
	case WALNUT_TRAP_EXPECTED_SHARED_MEMORY: return "expected shared memory";
	case WALNUT_TRAP_ARRAY_OUT_OF_BOUNDS: return "out of bounds array access";
	case WALNUT_TRAP_CAST_FAILURE: return "cast failure";
	case WALNUT_TRAP_STACK_OVERFLOW: return "call stack exhausted";
	case WALNUT_TRAP_OUT_OF_MEMORY: return "out of memory";
	case WALNUT_TRAP_DEADLOCK: return "deadlock: the only thread waits, without a timeout";
	case WALNUT_TRAP_UNCAUGHT_EXCEPTION: return "uncaught exception";
	default: return "unknown trap";
	}
}

void trap_report(uint32_t code, const char *why, uint64_t rip, uint64_t rbp)
{
	if (runtime_try_active())
		runtime_try_leave(code);
	backtrace_report(why, rip, rbp);
	runtime_exit(TRAP_EXIT_STATUS, code);
}

/* The code of a trap instruction, ud1 CODE(%eax), %eax; 0: it is another one. */
static uint32_t trap_instruction(uint64_t rip)
{
	static const uint8_t opcode[] = { 0x67, 0x0f, 0xb9, 0x40 };
	const uint8_t *bytes = (const uint8_t *)rip;

	if (!module_is_code(rip) || !module_is_code(rip + sizeof(opcode)) ||
	    memcmp(bytes, opcode, sizeof(opcode)))
		return 0;
	return bytes[sizeof(opcode)];
}

/* Memory 0 and its guard space, further memories and theirs. */
static bool is_linear(uint64_t address)
{
	return address < VA_LINEAR_END || (address >= VA_MEMORIES && address < VA_HEAP);
}

static uint32_t classify(const struct nucleus_fault *fault)
{
	if (fault->vector == VECTOR_PAGE_FAULT && fault->error_code & PAGE_FAULT_WRITE &&
	    stack_is_guard(fault->address))
		return WALNUT_TRAP_STACK_OVERFLOW;
	if (!module_is_code(fault->rip))
		return 0;
	switch (fault->vector) {
	case VECTOR_PAGE_FAULT:
		return is_linear(fault->address) ? WALNUT_TRAP_MEMORY_OUT_OF_BOUNDS : 0;
	case VECTOR_INVALID_OPCODE:
		return trap_instruction(fault->rip);
	case VECTOR_DIVIDE:
		return WALNUT_TRAP_INTEGER_DIVIDE_BY_ZERO;
	default:
		return 0;
	}
}

_Noreturn static void handle_fault(const struct nucleus_fault *fault)
{
	static const char other_cpu[] = "the program was compiled for another CPU: this one does not "
					"have an instruction that it uses (--target-cpu)";
	uint32_t code = classify(fault);
	char buffer[160];
	struct text text = TEXT_IN(buffer);

	/* The flag may be set where a string operation faulted. */
	__asm__ volatile("cld");
	if (code)
		trap_report(code, trap_text(code), fault->rip, fault->rbp);
	/* Compiled code has no other undefined instructions than traps. */
	if (fault->vector == VECTOR_INVALID_OPCODE && module_is_code(fault->rip))
		runtime_fail(other_cpu, sizeof(other_cpu) - 1);
	text_string(&text, "kernel fault: vector ");
	text_unsigned(&text, fault->vector);
	text_string(&text, ", error code ");
	text_hex(&text, fault->error_code);
	text_string(&text, ", address ");
	text_hex(&text, fault->address);
	text_string(&text, ", rip ");
	text_hex(&text, fault->rip);
	text_string(&text, ", rsp ");
	text_hex(&text, fault->rsp);
	runtime_fail(buffer, text.used);
}

void trap_init(void)
{
	nucleus_call(NUCLEUS_SET_FAULT_HANDLER, (uint64_t)handle_fault,
		     (uint64_t)(fault_stack + sizeof(fault_stack)), sizeof(fault_stack), 0);
}

void walnut_trap(uint32_t code)
{
	const uint64_t *frame = __builtin_frame_address(0);

	/* The call may be the last instruction of its function. */
	trap_report(code, trap_text(code), frame[1] - 1, frame[0]);
}
