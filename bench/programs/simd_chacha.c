/* The ChaCha20 block function (RFC 8439, section 2.3), one row of its state in each
 * vector: additions, rotations and shuffles of words. */
#include "bench.h"
#include "vector.h"

const uint32_t bench_default_size = 64000; /* KiB of key stream */

static u32x4 rotate(u32x4 value, uint32_t count)
{
	return value << count | value >> (32 - count);
}

static void double_round(u32x4 row[4])
{
	for (int half = 0; half < 2; half++) {
		row[0] += row[1];
		row[3] = rotate(row[3] ^ row[0], 16);
		row[2] += row[3];
		row[1] = rotate(row[1] ^ row[2], 12);
		row[0] += row[1];
		row[3] = rotate(row[3] ^ row[0], 8);
		row[2] += row[3];
		row[1] = rotate(row[1] ^ row[2], 7);
		/* Columns become diagonals, and diagonals columns. */
		if (half == 0) {
			row[1] = __builtin_shufflevector(row[1], row[1], 1, 2, 3, 0);
			row[2] = __builtin_shufflevector(row[2], row[2], 2, 3, 0, 1);
			row[3] = __builtin_shufflevector(row[3], row[3], 3, 0, 1, 2);
		} else {
			row[1] = __builtin_shufflevector(row[1], row[1], 3, 0, 1, 2);
			row[2] = __builtin_shufflevector(row[2], row[2], 2, 3, 0, 1);
			row[3] = __builtin_shufflevector(row[3], row[3], 1, 2, 3, 0);
		}
	}
}

uint64_t bench_kernel(uint32_t size)
{
	u32x4 start[4] = {
		{ 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 },
		{ 1, 2, 3, 4 }, { 5, 6, 7, 8 }, { 0, 9, 10, 11 },
	};
	u32x4 sum = { 0 };
	uint64_t words[2];

	for (uint32_t i = 0; i < size * 16; i++) {
		u32x4 row[4] = { start[0], start[1], start[2], start[3] };

		for (int round = 0; round < 10; round++)
			double_round(row);
		for (int j = 0; j < 4; j++)
			sum = rotate(sum, 5) ^ (row[j] + start[j]);
		start[3][0]++;
	}
	memcpy(words, &sum, sizeof(words));
	return bench_mix(words[0], words[1]);
}
