/* Scans text 16 bytes at a time: classes of bytes by table lookup, words and lines
 * counted by bit masks, and all of it written again in hexadecimal and read back. */
#include "bench.h"
#include "vector.h"

#include <stdlib.h>

const uint32_t bench_default_size = 400; /* KiB of text */

struct counts {
	uint64_t words, lines, marks;
};

/* A byte's class is what its two halves have in common. */
static u8x16 classes(u8x16 text)
{
	static const u8x16 by_low = { 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 4, 4, 2, 4, 4 };
	static const u8x16 by_high = { 2, 0, 5, 4, 0, 4, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0 };

	return look_up(by_low, text & 15) & look_up(by_high, text >> 4);
}

static void scan(const uint8_t *text, size_t size, struct counts *counts)
{
	uint32_t before = 0; /* whether the byte before was part of a word */

	for (size_t i = 0; i < size; i += 16) {
		u8x16 part = load_u8x16(text + i), class = classes(part);
		uint32_t letters = top_bits((u8x16)((class & 3) == 0));
		uint32_t begins = letters & ~(letters << 1 | before);

		counts->words += (uint32_t)__builtin_popcount(begins);
		counts->lines += (uint32_t)__builtin_popcount(top_bits((u8x16)(part == '\n')));
		counts->marks += (uint32_t)__builtin_popcount(top_bits((u8x16)(class > 3)));
		before = letters >> 15;
	}
}

static void encode(const uint8_t *text, size_t size, uint8_t *hex)
{
	static const u8x16 digits = { '0', '1', '2', '3', '4', '5', '6', '7',
				      '8', '9', 'a', 'b', 'c', 'd', 'e', 'f' };

	for (size_t i = 0; i < size; i += 16) {
		u8x16 part = load_u8x16(text + i);
		u8x16 high = look_up(digits, part >> 4), low = look_up(digits, part & 15);

		store_u8x16(hex + 2 * i, __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19,
								 4, 20, 5, 21, 6, 22, 7, 23));
		store_u8x16(hex + 2 * i + 16, __builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27,
								      12, 28, 13, 29, 14, 30, 15, 31));
	}
}

static u8x16 digit_values(u8x16 digits)
{
	return (digits & 15) + ((u8x16)(digits > '9') & 9);
}

static void decode(const uint8_t *hex, size_t size, uint8_t *text)
{
	for (size_t i = 0; i < size; i += 16) {
		u8x16 first = digit_values(load_u8x16(hex + 2 * i));
		u8x16 second = digit_values(load_u8x16(hex + 2 * i + 16));
		u8x16 high = __builtin_shufflevector(first, second, 0, 2, 4, 6, 8, 10, 12, 14,
						     16, 18, 20, 22, 24, 26, 28, 30);
		u8x16 low = __builtin_shufflevector(first, second, 1, 3, 5, 7, 9, 11, 13, 15,
						    17, 19, 21, 23, 25, 27, 29, 31);

		store_u8x16(text + i, high << 4 | low);
	}
}

uint64_t bench_kernel(uint32_t size)
{
	size_t bytes = (size_t)size * 1024;
	uint8_t *text = bench_alloc(bytes), *hex = bench_alloc(2 * bytes);
	struct counts counts = { 0 };
	uint64_t state = 42, sum;

	for (size_t i = 0; i < bytes; i++)
		text[i] = (uint8_t)"etaoin shrdlu\ncmf,wyp.vbgkjqxz ETAOIN(0123)-SHRDLU;?"[bench_random(&state) % 52];
	for (int round = 0; round < 600; round++) {
		scan(text, bytes, &counts);
		encode(text, bytes, hex);
		decode(hex + round % 2, bytes - 16, text);
	}
	sum = bench_mix(bench_mix(counts.words, counts.lines), counts.marks);
	for (size_t i = 0; i < bytes; i += 64)
		sum = bench_mix(sum, text[i]);
	free(text);
	free(hex);
	return sum;
}
