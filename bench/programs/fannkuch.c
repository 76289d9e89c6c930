/* Pancake flips over all permutations: array reversals of a few elements. */
#include "bench.h"

const uint32_t bench_default_size = 10;

#define ELEMENTS_MAX 12

uint64_t bench_kernel(uint32_t size)
{
	uint32_t n = size > ELEMENTS_MAX ? ELEMENTS_MAX : size;
	uint32_t order[ELEMENTS_MAX], flipped[ELEMENTS_MAX], count[ELEMENTS_MAX];
	uint32_t most = 0, rank = n, permutations = 0;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (;;) {
		uint32_t flips = 0, first;

		for (; rank != 1; rank--)
			count[rank - 1] = rank;
		for (uint32_t i = 0; i < n; i++)
			flipped[i] = order[i];
		while ((first = flipped[0])) {
			for (uint32_t i = 0, j = first; i < j; i++, j--) {
				uint32_t t = flipped[i];

				flipped[i] = flipped[j];
				flipped[j] = t;
			}
			flips++;
		}
		if (flips > most)
			most = flips;
		sum += permutations++ & 1 ? -(uint64_t)flips : flips;
		for (;;) {
			uint32_t head = order[0];

			if (rank == n)
				return bench_mix(sum, most);
			for (uint32_t i = 0; i < rank; i++)
				order[i] = order[i + 1];
			order[rank] = head;
			if (--count[rank])
				break;
			rank++;
		}
	}
}
