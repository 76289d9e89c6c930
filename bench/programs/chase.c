/* A random cycle through an array much larger than the caches, followed one link at
 * a time: the latency of memory and of address translation. */
#include "bench.h"

#include <stdlib.h>

const uint32_t bench_default_size = 2000000; /* links, 4 bytes each */

uint64_t bench_kernel(uint32_t size)
{
	uint32_t *next = bench_alloc(size * sizeof(uint32_t));
	uint64_t state = 31, sum = 0;
	uint32_t at = 0;

	for (uint32_t i = 0; i < size; i++)
		next[i] = i;
	/* Sattolo's shuffle: one cycle through all elements. */
	for (uint32_t i = size - 1; i > 0; i--) {
		uint32_t j = (uint32_t)((bench_random(&state) >> 32) * i >> 32);
		uint32_t t = next[i];

		next[i] = next[j];
		next[j] = t;
	}
	for (uint32_t i = 0; i < size; i++) {
		at = next[at];
		sum += (uint64_t)at * i;
	}
	free(next);
	return bench_mix(sum, at);
}
