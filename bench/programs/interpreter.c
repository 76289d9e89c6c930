/* A bytecode interpreter with one big switch: a jump table in a hot loop. The
 * bytecode counts Collatz steps. */
#include "bench.h"

const uint32_t bench_default_size = 50000;

enum opcode { PUSH, LOAD, STORE, ADD, MULTIPLY, HALVE, ODD, LESS, JUMP, JUMP_IF_ZERO, HALT };

/* for (n = 1; n < limit; n++) for (x = n; 1 < x; steps++) x = x odd ? 3x + 1 : x / 2 */
enum { VAR_N, VAR_X, VAR_STEPS, VAR_LIMIT, VARIABLES };
static const uint8_t program[] = {
	/*  0 */ PUSH, 1, STORE, VAR_N,
	/*  4 */ LOAD, VAR_N, LOAD, VAR_LIMIT, LESS, JUMP_IF_ZERO, 62,
	/* 11 */ LOAD, VAR_N, STORE, VAR_X,
	/* 15 */ PUSH, 1, LOAD, VAR_X, LESS, JUMP_IF_ZERO, 53,
	/* 22 */ LOAD, VAR_STEPS, PUSH, 1, ADD, STORE, VAR_STEPS,
	/* 29 */ LOAD, VAR_X, ODD, JUMP_IF_ZERO, 46,
	/* 34 */ LOAD, VAR_X, PUSH, 3, MULTIPLY, PUSH, 1, ADD, STORE, VAR_X,
	/* 44 */ JUMP, 15,
	/* 46 */ LOAD, VAR_X, HALVE, STORE, VAR_X,
	/* 51 */ JUMP, 15,
	/* 53 */ LOAD, VAR_N, PUSH, 1, ADD, STORE, VAR_N,
	/* 60 */ JUMP, 4,
	/* 62 */ HALT,
};

__attribute__((noinline)) static void execute(const uint8_t *code, uint64_t *variables)
{
	uint64_t stack[16], *top = stack;
	uint32_t pc = 0;

	for (;;) {
		switch ((enum opcode)code[pc++]) {
		case PUSH:
			*top++ = code[pc++];
			break;
		case LOAD:
			*top++ = variables[code[pc++]];
			break;
		case STORE:
			variables[code[pc++]] = *--top;
			break;
		case ADD:
			top--;
			top[-1] += top[0];
			break;
		case MULTIPLY:
			top--;
			top[-1] *= top[0];
			break;
		case HALVE:
			top[-1] >>= 1;
			break;
		case ODD:
			top[-1] &= 1;
			break;
		case LESS:
			top--;
			top[-1] = top[-1] < top[0];
			break;
		case JUMP:
			pc = code[pc];
			break;
		case JUMP_IF_ZERO:
			pc = *--top ? pc + 1 : code[pc];
			break;
		case HALT:
			return;
		}
	}
}

uint64_t bench_kernel(uint32_t size)
{
	uint64_t variables[VARIABLES] = { [VAR_LIMIT] = size };

	execute(program, variables);
	return bench_mix(variables[VAR_STEPS], variables[VAR_N]);
}
