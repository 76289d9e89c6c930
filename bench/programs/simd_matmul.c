/* C = A B for square matrices of floats in vectors of four: a block of 4 rows by 8
 * columns at a time, from columns of B that lie together. */
#include "bench.h"
#include "vector.h"

#include <stdlib.h>

const uint32_t bench_default_size = 768;

#define COLUMNS 8

static void block(const float *a, const float *b, float *c, size_t n)
{
	f32x4 sum[4][2] = { 0 };

	for (size_t k = 0; k < n; k++) {
		const f32x4 *row = (const f32x4 *)(b + k * COLUMNS);

		for (size_t i = 0; i < 4; i++) {
			float x = a[i * n + k];

			for (size_t j = 0; j < 2; j++)
				sum[i][j] += x * row[j];
		}
	}
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 2; j++)
			((f32x4 *)(c + i * n))[j] = sum[i][j];
}

uint64_t bench_kernel(uint32_t size)
{
	size_t n = (size + COLUMNS - 1) / COLUMNS * COLUMNS;
	float *a = bench_alloc(n * n * sizeof(float));
	float *b = bench_alloc(n * n * sizeof(float));
	float *c = bench_alloc(n * n * sizeof(float));
	float *columns = bench_alloc(n * COLUMNS * sizeof(float));
	uint64_t state = 0xfeed, sum = 0;

	for (size_t i = 0; i < n * n; i++) {
		a[i] = (float)(bench_random(&state) >> 44) / 0x1p20f;
		b[i] = (float)(bench_random(&state) >> 44) / 0x1p20f;
	}
	for (size_t j = 0; j < n; j += COLUMNS) {
		for (size_t k = 0; k < n; k++)
			memcpy(columns + k * COLUMNS, b + k * n + j, COLUMNS * sizeof(float));
		for (size_t i = 0; i < n; i += 4)
			block(a + i * n, columns, c + i * n + j, n);
	}
	for (size_t i = 0; i < n * n; i++)
		sum = bench_mix(sum, bench_bits((double)c[i]));
	free(a);
	free(b);
	free(c);
	free(columns);
	return sum;
}
