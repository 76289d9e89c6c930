/* The generator's only source of chance: splitmix64, so that a seed means the same
 * module on every machine. */
#ifndef WALNUT_FUZZ_RANDOM_H
#define WALNUT_FUZZ_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* 0 … limit - 1. */
static inline uint32_t random_below(struct random *random, uint32_t limit)
{
	return (uint32_t)(random_next(random) % limit);
}

/* low … high, both included. */
static inline uint32_t random_between(struct random *random, uint32_t low, uint32_t high)
{
	return low + random_below(random, high - low + 1);
}

/* True once in `times`. */
static inline bool random_once_in(struct random *random, uint32_t times)
{
	return random_below(random, times) == 0;
}

/* A stream of its own for part `index`, so that parts do not depend on each other. */
static inline struct random random_branch(uint64_t seed, uint64_t index)
{
	struct random random = { seed ^ (index + 1) * UINT64_C(0xd6e8feb86659fd93) };

	random_next(&random);
	return random;
}

#endif
