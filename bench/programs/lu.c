/* LU decomposition without pivoting, in place, of a diagonally dominant matrix. */
#include "bench.h"

#include <stdlib.h>

const uint32_t bench_default_size = 1100;

uint64_t bench_kernel(uint32_t size)
{
	size_t n = size;
	double *a = bench_alloc(n * n * sizeof(double));
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			a[i * n + j] = i == j ? (double)n : (double)((i * 7 + j * 13) % 31) / 31.0;
	for (size_t k = 0; k < n; k++) {
		for (size_t i = k + 1; i < n; i++) {
			double factor = a[i * n + k] / a[k * n + k];

			a[i * n + k] = factor;
			for (size_t j = k + 1; j < n; j++)
				a[i * n + j] -= factor * a[k * n + j];
		}
	}
	for (size_t i = 0; i < n * n; i++)
		sum = bench_mix(sum, bench_bits(a[i]));
	free(a);
	return sum;
}
