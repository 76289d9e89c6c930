/* A picture of bytes, blurred by 1 4 6 4 1 in both directions and blended with the
 * original, with vectors of words. */
#include "bench.h"
#include "vector.h"

#include <stdlib.h>

const uint32_t bench_default_size = 3000;

#define MARGIN 16 /* around each row, so that neighbours may be loaded */

static u16x8 low(u8x16 value)
{
	return __builtin_convertvector(__builtin_shufflevector(value, value, 0, 1, 2, 3, 4, 5, 6, 7), u16x8);
}

static u16x8 high(u8x16 value)
{
	return __builtin_convertvector(
		__builtin_shufflevector(value, value, 8, 9, 10, 11, 12, 13, 14, 15), u16x8);
}

static u16x8 five(u16x8 a, u16x8 b, u16x8 c, u16x8 d, u16x8 e)
{
	return (a + e + (b + d) * 4 + c * 6 + 8) >> 4;
}

/* One row from five places `step` apart. */
static void blur(const uint8_t *from, uint8_t *to, ptrdiff_t step, size_t width)
{
	for (size_t x = 0; x < width; x += 16) {
		u8x16 a = load_u8x16(from + x - 2 * step), b = load_u8x16(from + x - step);
		u8x16 c = load_u8x16(from + x), d = load_u8x16(from + x + step);
		u8x16 e = load_u8x16(from + x + 2 * step);

		store_u8x16(to + x, narrow(five(low(a), low(b), low(c), low(d), low(e)),
					   five(high(a), high(b), high(c), high(d), high(e))));
	}
}

/* to += (from - to) * alpha / 256, brightened by what saturates. */
static void blend(uint8_t *to, const uint8_t *from, uint16_t alpha, size_t width)
{
	for (size_t x = 0; x < width; x += 16) {
		u8x16 a = load_u8x16(to + x), b = load_u8x16(from + x);
		u16x8 one = (low(a) * (uint16_t)(256 - alpha) + low(b) * alpha) >> 8;
		u16x8 two = (high(a) * (uint16_t)(256 - alpha) + high(b) * alpha) >> 8;

		store_u8x16(to + x, narrow(one + (one >> 3), two + (two >> 3)));
	}
}

uint64_t bench_kernel(uint32_t size)
{
	size_t width = (size + 15) / 16 * 16, stride = width + 2 * MARGIN, rows = size / 4 + 4;
	uint8_t *picture = bench_alloc(rows * stride), *across = bench_alloc(rows * stride);
	uint8_t *down = bench_alloc(stride);
	uint64_t state = 0x1234567, sum = 0;

	for (size_t i = 0; i < rows * stride; i++)
		picture[i] = (uint8_t)(bench_random(&state) >> 56);
	memcpy(across, picture, rows * stride);
	for (uint16_t round = 0; round < 24; round++) {
		for (size_t y = 0; y < rows; y++)
			blur(picture + y * stride + MARGIN, across + y * stride + MARGIN, 1, width);
		for (size_t y = 2; y < rows - 2; y++) {
			blur(across + y * stride + MARGIN, down, (ptrdiff_t)stride, width);
			blend(picture + y * stride + MARGIN, down, (uint16_t)(40 + 8 * round), width);
		}
	}
	for (size_t i = 0; i < rows * stride; i += 8) {
		uint64_t word;

		memcpy(&word, picture + i, sizeof(word));
		sum = bench_mix(sum, word);
	}
	free(picture);
	free(across);
	free(down);
	return sum;
}
