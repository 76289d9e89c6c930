/* The spectral norm of an infinite matrix by power iteration: matrix elements are
 * computed (integer to double, division), never stored. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>

const uint32_t bench_default_size = 1000;

static double element(uint32_t i, uint32_t j)
{
	return 1.0 / (double)((i + j) * (i + j + 1) / 2 + i + 1);
}

static void multiply(uint32_t n, const double *vector, double *result)
{
	for (uint32_t i = 0; i < n; i++) {
		double sum = 0;

		for (uint32_t j = 0; j < n; j++)
			sum += element(i, j) * vector[j];
		result[i] = sum;
	}
}

static void multiply_transposed(uint32_t n, const double *vector, double *result)
{
	for (uint32_t i = 0; i < n; i++) {
		double sum = 0;

		for (uint32_t j = 0; j < n; j++)
			sum += element(j, i) * vector[j];
		result[i] = sum;
	}
}

uint64_t bench_kernel(uint32_t size)
{
	double *u = bench_alloc(size * sizeof(double));
	double *v = bench_alloc(size * sizeof(double));
	double *t = bench_alloc(size * sizeof(double));
	double uv = 0, vv = 0;

	for (uint32_t i = 0; i < size; i++)
		u[i] = 1;
	for (int i = 0; i < 10; i++) {
		multiply(size, u, t);
		multiply_transposed(size, t, v);
		multiply(size, v, t);
		multiply_transposed(size, t, u);
	}
	for (uint32_t i = 0; i < size; i++) {
		uv += u[i] * v[i];
		vv += v[i] * v[i];
	}
	free(u);
	free(v);
	free(t);
	return bench_bits(sqrt(uv / vv));
}
