/* A byte-oriented LZ77 packer with a hash table, and its unpacker: unaligned loads,
 * data-dependent branches, short copies. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

const uint32_t bench_default_size = 12; /* MiB */

#define BLOCK (1u << 20)
#define HASH_BITS 14
#define MATCH_MIN 4
#define MATCH_MAX 131
#define LITERALS_MAX 127

static uint32_t load32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint8_t *put_literals(uint8_t *out, const uint8_t *from, size_t count)
{
	while (count) {
		size_t run = count < LITERALS_MAX ? count : LITERALS_MAX;

		*out++ = (uint8_t)run;
		memcpy(out, from, run);
		out += run;
		from += run;
		count -= run;
	}
	return out;
}

static size_t pack(const uint8_t *in, size_t size, uint8_t *out, uint32_t *heads)
{
	size_t at = 0, literals = 0;
	uint8_t *begin = out;

	memset(heads, 0xff, sizeof(uint32_t) << HASH_BITS);
	while (at + MATCH_MIN <= size) {
		uint32_t slot = load32(in + at) * 2654435761u >> (32 - HASH_BITS);
		uint32_t seen = heads[slot];
		size_t length = 0;

		heads[slot] = (uint32_t)at;
		if (seen != UINT32_MAX && at - seen < 65536) {
			size_t limit = size - at < MATCH_MAX ? size - at : MATCH_MAX;

			while (length < limit && in[seen + length] == in[at + length])
				length++;
		}
		if (length < MATCH_MIN) {
			at++;
			literals++;
			continue;
		}
		out = put_literals(out, in + at - literals, literals);
		*out++ = (uint8_t)(0x80 | (length - MATCH_MIN));
		*out++ = (uint8_t)(at - seen);
		*out++ = (uint8_t)((at - seen) >> 8);
		at += length;
		literals = 0;
	}
	literals += size - at;
	out = put_literals(out, in + size - literals, literals);
	return (size_t)(out - begin);
}

static size_t unpack(const uint8_t *in, size_t size, uint8_t *out)
{
	const uint8_t *end = in + size;
	uint8_t *begin = out;

	while (in < end) {
		uint8_t token = *in++;

		if (token & 0x80) {
			const uint8_t *from = out - (in[0] | (size_t)in[1] << 8);
			size_t length = (token & 0x7f) + (size_t)MATCH_MIN;

			in += 2;
			while (length--)
				*out++ = *from++;
		} else {
			memcpy(out, in, token);
			out += token;
			in += token;
		}
	}
	return (size_t)(out - begin);
}

uint64_t bench_kernel(uint32_t size)
{
	uint8_t *plain = bench_alloc(BLOCK), *packed = bench_alloc(BLOCK + BLOCK / 64);
	uint8_t *unpacked = bench_alloc(BLOCK);
	uint32_t *heads = bench_alloc(sizeof(uint32_t) << HASH_BITS);
	uint64_t state = 23, sum = 0;

	for (uint32_t i = 0; i < BLOCK; i++) {
		uint64_t random = bench_random(&state);

		/* Mostly repeats of something recent, some noise. */
		plain[i] = i > 600 && random >> 60 < 15 ? plain[i - 1 - (i / 37 % 500)] :
							 (uint8_t)(random & 0x1f);
	}
	for (uint32_t round = 0; round < size; round++) {
		size_t packed_size = pack(plain, BLOCK, packed, heads);

		sum = bench_mix(sum, packed_size);
		sum = bench_mix(sum, unpack(packed, packed_size, unpacked));
		sum = bench_mix(sum, memcmp(plain, unpacked, BLOCK) == 0);
		plain[bench_random(&state) % BLOCK] ^= 1;
	}
	free(plain);
	free(packed);
	free(unpacked);
	free(heads);
	return sum;
}
