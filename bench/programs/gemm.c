/* C = alpha A B + beta C for square matrices of doubles, in the loop order that
 * streams rows. */
#include "bench.h"

#include <stdlib.h>

const uint32_t bench_default_size = 640;

uint64_t bench_kernel(uint32_t size)
{
	size_t n = size;
	double *a = bench_alloc(n * n * sizeof(double));
	double *b = bench_alloc(n * n * sizeof(double));
	double *c = bench_alloc(n * n * sizeof(double));
	double alpha = 1.5, beta = 1.25;
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			a[i * n + j] = (double)(i * j % n) / (double)n;
			b[i * n + j] = (double)(i * (j + 1) % n) / (double)n;
			c[i * n + j] = (double)(i * (j + 2) % n) / (double)n;
		}
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++)
			c[i * n + j] *= beta;
		for (size_t k = 0; k < n; k++)
			for (size_t j = 0; j < n; j++)
				c[i * n + j] += alpha * a[i * n + k] * b[k * n + j];
	}
	for (size_t i = 0; i < n * n; i++)
		sum = bench_mix(sum, bench_bits(c[i]));
	free(a);
	free(b);
	free(c);
	return sum;
}
