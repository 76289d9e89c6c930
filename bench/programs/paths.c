/* Floyd and Warshall's all-pairs shortest paths over 32-bit distances: integer
 * minimum in a triple loop. */
#include "bench.h"

#include <stdlib.h>

const uint32_t bench_default_size = 700;

uint64_t bench_kernel(uint32_t size)
{
	size_t n = size;
	int32_t *distance = bench_alloc(n * n * sizeof(int32_t));
	uint64_t state = 17, sum = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			uint64_t random = bench_random(&state);

			distance[i * n + j] = i == j ? 0 :
				random >> 60 ? 1000000 : (int32_t)(random & 1023) + 1;
		}
	}
	for (size_t k = 0; k < n; k++) {
		for (size_t i = 0; i < n; i++) {
			int32_t to_k = distance[i * n + k];

			for (size_t j = 0; j < n; j++) {
				int32_t through = to_k + distance[k * n + j];

				if (through < distance[i * n + j])
					distance[i * n + j] = through;
			}
		}
	}
	for (size_t i = 0; i < n * n; i++)
		sum = bench_mix(sum, (uint64_t)distance[i]);
	free(distance);
	return sum;
}
