/* Objects with a table of methods, visited in an order that changes: indirect calls
 * of one signature to many small functions, as C++ and interpreters make them. */
#include "bench.h"

#include <stdlib.h>

const uint32_t bench_default_size = 30000000;

#define OBJECTS 1024

struct object;
typedef uint32_t method(struct object *self, uint32_t argument);

struct object {
	method *const *methods;
	uint32_t value;
	uint32_t calls;
};

static uint32_t add(struct object *self, uint32_t argument)
{
	return self->value += argument;
}

static uint32_t exclusive_or(struct object *self, uint32_t argument)
{
	return self->value ^= argument;
}

static uint32_t rotate(struct object *self, uint32_t argument)
{
	unsigned by = argument & 31;

	self->value = self->value << by | self->value >> ((32 - by) & 31);
	return self->value;
}

static uint32_t multiply(struct object *self, uint32_t argument)
{
	self->calls++;
	return self->value = self->value * (argument | 1);
}

static uint32_t swap_halves(struct object *self, uint32_t argument)
{
	self->calls += argument & 1;
	return self->value = self->value << 16 | self->value >> 16;
}

static method *const kinds[4][4] = {
	{ add, exclusive_or, rotate, multiply },
	{ exclusive_or, rotate, swap_halves, add },
	{ multiply, add, exclusive_or, swap_halves },
	{ rotate, swap_halves, multiply, exclusive_or },
};

uint64_t bench_kernel(uint32_t size)
{
	struct object *objects = bench_alloc(OBJECTS * sizeof(*objects));
	uint64_t state = 1, sum = 0;
	uint32_t carry = 12345;

	for (uint32_t i = 0; i < OBJECTS; i++) {
		objects[i].methods = kinds[bench_random(&state) >> 62];
		objects[i].value = (uint32_t)bench_random(&state);
		objects[i].calls = 0;
	}
	for (uint32_t i = 0; i < size; i++) {
		struct object *object = &objects[i % OBJECTS];

		carry = object->methods[i >> 10 & 3](object, carry + i);
	}
	for (uint32_t i = 0; i < OBJECTS; i++)
		sum = bench_mix(sum, (uint64_t)objects[i].value << 32 | objects[i].calls);
	free(objects);
	return bench_mix(sum, carry);
}
