/* Counting the solutions of the queens problem by bit sets: backtracking, shifts. */
#include "bench.h"

const uint32_t bench_default_size = 14;

static uint32_t place(uint32_t all, uint32_t columns, uint32_t left, uint32_t right)
{
	uint32_t count = 0, open;

	if (columns == all)
		return 1;
	for (open = all & ~(columns | left | right); open; open &= open - 1) {
		uint32_t queen = open & -open;

		count += place(all, columns | queen, (left | queen) << 1, (right | queen) >> 1);
	}
	return count;
}

uint64_t bench_kernel(uint32_t size)
{
	uint64_t sum = 0;

	for (uint32_t n = 4; n <= size && n < 32; n++)
		sum = bench_mix(sum, place((1u << n) - 1, 0, 0, 0));
	return sum;
}
