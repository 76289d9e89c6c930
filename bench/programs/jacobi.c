/* A five-point stencil between two grids of doubles: streaming loads at fixed
 * distances, good to vectorise. */
#include "bench.h"

#include <stdlib.h>

const uint32_t bench_default_size = 700;

#define STEPS 150

static void relax(size_t n, const double *from, double *to)
{
	for (size_t y = 1; y < n - 1; y++)
		for (size_t x = 1; x < n - 1; x++)
			to[y * n + x] = 0.2 * (from[y * n + x] + from[y * n + x - 1] +
					       from[y * n + x + 1] + from[(y + 1) * n + x] +
					       from[(y - 1) * n + x]);
}

uint64_t bench_kernel(uint32_t size)
{
	size_t n = size < 3 ? 3 : size;
	double *a = bench_alloc(n * n * sizeof(double));
	double *b = bench_alloc(n * n * sizeof(double));
	uint64_t sum = 0;

	for (size_t i = 0; i < n * n; i++) {
		a[i] = (double)(i % 1013) / 7.0;
		b[i] = (double)(i % 1019) / 11.0;
	}
	for (int step = 0; step < STEPS; step++) {
		relax(n, a, b);
		relax(n, b, a);
	}
	for (size_t i = 0; i < n * n; i += 13)
		sum = bench_mix(sum, bench_bits(a[i]));
	free(a);
	free(b);
	return sum;
}
