/* Sieve of Eratosthenes over bytes: integer code with strided stores. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

const uint32_t bench_default_size = 30000000;

uint64_t bench_kernel(uint32_t size)
{
	uint8_t *composite = bench_alloc((size_t)size + 1);
	uint64_t count = 0, sum = 0;

	memset(composite, 0, (size_t)size + 1);
	for (uint32_t i = 2; (uint64_t)i * i <= size; i++) {
		if (composite[i])
			continue;
		for (uint32_t j = i * i; j <= size; j += i)
			composite[j] = 1;
	}
	for (uint32_t i = 2; i <= size; i++) {
		if (!composite[i]) {
			count++;
			sum += i;
		}
	}
	free(composite);
	return bench_mix(count, sum);
}
