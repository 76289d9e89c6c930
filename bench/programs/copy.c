/* Moving memory in blocks of many sizes: memcpy, memmove and memset as programs use
 * them, short ones far more often than long ones. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

const uint32_t bench_default_size = 4000000; /* operations */

#define ARENA (1u << 20)

uint64_t bench_kernel(uint32_t size)
{
	uint8_t *arena = bench_alloc(ARENA);
	uint64_t state = 77, sum = 0;

	for (uint32_t i = 0; i < ARENA; i++)
		arena[i] = (uint8_t)(i * 7);
	for (uint32_t i = 0; i < size; i++) {
		uint64_t random = bench_random(&state);
		uint32_t length = (uint32_t)(random & 4095) >> (random >> 12 & 15) % 12;
		uint32_t from = (uint32_t)(random >> 20) % (ARENA / 2 - 4096);
		uint32_t to = (uint32_t)(random >> 40) % (ARENA / 2 - 4096);

		switch (random >> 62) {
		case 0:
		case 1:
			memcpy(arena + ARENA / 2 + to, arena + from, length);
			break;
		case 2:
			memmove(arena + from + length / 2, arena + from, length);
			break;
		default:
			memset(arena + to, (int)i, length);
			break;
		}
		sum += arena[to];
	}
	for (uint32_t i = 0; i < ARENA; i += 61)
		sum = bench_mix(sum, arena[i]);
	free(arena);
	return sum;
}
