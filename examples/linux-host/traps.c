/* Traps of compiled code arrive as signals: SIGILL from a trap site, SIGSEGV from
 * the memory's guard or the stack's. */
#define _GNU_SOURCE
#include "host.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#define EXIT_TRAPPED 134
#define STACK_SLACK (UINT64_C(1) << 20)

extern const char __start_walnut_text[], __stop_walnut_text[];
extern const struct walnut_module *const __start_walnut_modules[];
extern const struct walnut_module *const __stop_walnut_modules[];
extern const char __start_walnut_map[], __stop_walnut_map[];

static const char *trap_name(uint32_t code)
{
	switch (code) {
	case WALNUT_TRAP_UNREACHABLE:
		return "unreachable";
	case WALNUT_TRAP_MEMORY_OUT_OF_BOUNDS:
		return "out of bounds memory access";
	case WALNUT_TRAP_TABLE_OUT_OF_BOUNDS:
		return "out of bounds table access";
	case WALNUT_TRAP_UNDEFINED_ELEMENT:
		return "undefined element";
	case WALNUT_TRAP_UNINITIALIZED_ELEMENT:
		return "uninitialized element";
	case WALNUT_TRAP_INDIRECT_CALL_TYPE:
		return "indirect call type mismatch";
	case WALNUT_TRAP_INTEGER_DIVIDE_BY_ZERO:
		return "integer divide by zero";
	case WALNUT_TRAP_INTEGER_OVERFLOW:
		return "integer overflow";
	case WALNUT_TRAP_INVALID_CONVERSION:
		return "invalid conversion to integer";
	case WALNUT_TRAP_NULL_REFERENCE:
		return "null reference";
	case WALNUT_TRAP_UNALIGNED_ATOMIC:
		return "unaligned atomic";
	case WALNUT_TRAP_EXPECTED_SHARED_MEMORY:
		return "expected shared memory";
	case WALNUT_TRAP_ARRAY_OUT_OF_BOUNDS:
		return "out of bounds array access";
	case WALNUT_TRAP_CAST_FAILURE:
		return "cast failure";
	case WALNUT_TRAP_STACK_OVERFLOW:
		return "call stack exhausted";
	case WALNUT_TRAP_OUT_OF_MEMORY:
		return "out of memory";
	case WALNUT_TRAP_DEADLOCK:
		return "deadlock";
	default:
		return "unknown trap";
	}
}

static int in_app(uint64_t pc)
{
	return pc >= (uintptr_t)__start_walnut_text && pc < (uintptr_t)__stop_walnut_text;
}

/* The function whose bytes hold the offset, for it may be inlined elsewhere; else
 * the last function that begins at or before pc. */
static const struct walnut_function_info *find_function(uint64_t pc, uint32_t offset)
{
	const struct walnut_function_info *best = NULL;

	for (const struct walnut_module *const *m = __start_walnut_modules; m < __stop_walnut_modules; m++)
		for (uint64_t i = 0; i < (*m)->function_count; i++) {
			const struct walnut_function_info *function = &(*m)->functions[i];

			if (offset - function->wasm_offset < function->wasm_size)
				return function;
			if ((uintptr_t)function->code <= pc && (!best || function->code > best->code))
				best = function;
		}
	return best;
}

/* The maps of all objects follow each other, each padded to 8 bytes. */
static const struct walnut_map *find_map(uint64_t pc)
{
	const char *at = __start_walnut_map;

	while (at < __stop_walnut_map) {
		const struct walnut_map *map = (const struct walnut_map *)at;

		if (pc - map->text_base < map->text_size)
			return map;
		at += sizeof(*map) + map->row_count * sizeof(map->rows[0]) +
		      map->inline_count * sizeof(struct walnut_map_inline);
	}
	return NULL;
}

static void print_function(const char *relation, uint64_t pc, uint32_t offset)
{
	const struct walnut_function_info *function = find_function(pc, offset);

	if (function)
		fprintf(stderr, "    %s %.*s (function %u, offset 0x%x)\n", relation,
			function->name_size ? (int)function->name_size : 1,
			function->name_size ? function->name : "?", function->index, offset);
}

/* The functions that pc is in: innermost first, then what each was inlined into. */
static void print_frame(uint64_t pc)
{
	const struct walnut_map *map = find_map(pc);
	const char *relation = "at";
	uint32_t place = 0;

	for (uint32_t i = 0; map && i < map->row_count; i++)
		if (map->rows[i].text_offset <= pc - map->text_base)
			place = map->rows[i].place;
	while (place & WALNUT_MAP_INLINED) {
		const struct walnut_map_inline *inlines = (const void *)&map->rows[map->row_count];

		print_function(relation, pc, inlines[place & ~WALNUT_MAP_INLINED].wasm_offset);
		place = inlines[place & ~WALNUT_MAP_INLINED].caller;
		relation = "inlined into";
	}
	print_function(relation, pc, place);
}

/* Frames of compiled code have frame pointers: RBP points to the caller's RBP,
 * and above it is the return address. */
void host_report(const char *why, const char *name, uint64_t name_size, uint64_t pc, uint64_t frame)
{
	fprintf(stderr, "walnut: trap: %s%s%.*s\n", why, name_size ? " " : "", (int)name_size,
		name_size ? name : "");
	for (int depth = 0; depth < 20 && in_app(pc); depth++) {
		const uint64_t *saved = (const uint64_t *)frame;

		/* A return address belongs to the call before it. */
		print_frame(depth ? pc - 1 : pc);
		if (frame == 0 || frame % 8)
			break;
		frame = saved[0];
		pc = saved[1];
	}
	_exit(EXIT_TRAPPED);
}

/* `ud1 CODE(%eax), %eax`: 67 0f b9 40 CODE. */
static uint32_t trap_code(uint64_t pc)
{
	const uint8_t *at = (const uint8_t *)pc;

	return at[0] == 0x67 && at[1] == 0x0f && at[2] == 0xb9 ? at[4] : 0;
}

/* In what is reserved for a memory: mapped or guard. */
static int in_memory(uint64_t address)
{
	for (unsigned i = 0; i < host.memory_count; i++)
		if (address - (uint64_t)host.memories[i]->base < host.memories[i]->host)
			return 1;
	return 0;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	uint64_t pc = (uint64_t)registers[REG_RIP], sp = (uint64_t)registers[REG_RSP];
	uint64_t address = (uint64_t)info->si_addr;
	uint32_t code = 0;

	if (number == SIGILL && in_app(pc))
		code = trap_code(pc);
	else if (number == SIGSEGV && address + STACK_SLACK > sp && address < sp + STACK_SLACK)
		code = WALNUT_TRAP_STACK_OVERFLOW;
	else if (number == SIGSEGV && in_memory(address))
		code = WALNUT_TRAP_MEMORY_OUT_OF_BOUNDS;
	if (!code) { /* a bug of the host: die of it */
		signal(number, SIG_DFL);
		return;
	}
	/* In memset and the like, called by the program: they make no frames. */
	if (!in_app(pc) && code != WALNUT_TRAP_STACK_OVERFLOW)
		pc = *(const uint64_t *)sp;
	host_report(trap_name(code), NULL, 0, pc, (uint64_t)registers[REG_RBP]);
}

_Noreturn void walnut_trap(uint32_t code)
{
	fprintf(stderr, "walnut: trap: %s\n", trap_name(code));
	_exit(EXIT_TRAPPED);
}

void host_catch_traps(void)
{
	static char stack[64 * 1024]; /* the ordinary one may have overflowed */
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) }, NULL);
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}
