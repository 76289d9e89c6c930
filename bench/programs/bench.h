/* What a benchmark program gives to its harness (main.c): one kernel, whose work
 * grows with `size` and whose result depends on all of it, so that nothing can be
 * optimised away and every build can be checked against the others. */
#ifndef WALNUT_BENCH_H
#define WALNUT_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* Takes some 100 to 300 ms at this size when built natively. */
extern const uint32_t bench_default_size;
/* Does the work once and returns a checksum of the result. Frees what it allocates. */
uint64_t bench_kernel(uint32_t size);

/* Memory that a benchmark cannot do without. */
void *bench_alloc(size_t size);

/* xorshift64*: the same numbers on every machine. */
static inline uint64_t bench_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dull;
}

/* FNV-1a over 64-bit words. */
static inline uint64_t bench_mix(uint64_t sum, uint64_t word)
{
	return (sum ^ word) * 0x100000001b3ull;
}

/* A double's bits: floating-point results must agree to the last one. */
static inline uint64_t bench_bits(double value)
{
	union { double value; uint64_t bits; } both = { .value = value };

	return both.bits;
}

#endif
