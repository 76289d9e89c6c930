/* Quicksort with a compare function and heapsort without: calls through a pointer,
 * unpredictable branches, swaps. */
#include "bench.h"

#include <stdlib.h>

const uint32_t bench_default_size = 300000;

struct record {
	uint32_t key;
	uint32_t serial;
};

typedef int compare(const struct record *a, const struct record *b);

static int by_key(const struct record *a, const struct record *b)
{
	return a->key < b->key ? -1 : a->key > b->key;
}

static int by_digits(const struct record *a, const struct record *b)
{
	uint32_t x = a->key * 0x9e3779b1u, y = b->key * 0x9e3779b1u;

	return x < y ? -1 : x > y;
}

static void swap(struct record *a, struct record *b)
{
	struct record t = *a;

	*a = *b;
	*b = t;
}

__attribute__((noinline)) static void quicksort(struct record *records, int32_t low, int32_t high,
						compare *order)
{
	while (low < high) {
		struct record pivot = records[low + (high - low) / 2];
		int32_t i = low, j = high;

		while (i <= j) {
			while (order(&records[i], &pivot) < 0)
				i++;
			while (order(&records[j], &pivot) > 0)
				j--;
			if (i <= j)
				swap(&records[i++], &records[j--]);
		}
		if (j - low < high - i) {
			quicksort(records, low, j, order);
			low = i;
		} else {
			quicksort(records, i, high, order);
			high = j;
		}
	}
}

static void sift_down(struct record *records, uint32_t at, uint32_t count)
{
	for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && records[child].key < records[child + 1].key)
			child++;
		if (records[at].key >= records[child].key)
			return;
		swap(&records[at], &records[child]);
	}
}

static void heapsort_records(struct record *records, uint32_t count)
{
	for (uint32_t i = count / 2; i-- > 0;)
		sift_down(records, i, count);
	for (uint32_t i = count; i-- > 1;) {
		swap(&records[0], &records[i]);
		sift_down(records, 0, i);
	}
}

uint64_t bench_kernel(uint32_t size)
{
	compare *volatile orders[2] = { by_key, by_digits };
	struct record *records = bench_alloc(size * sizeof(*records));
	uint64_t state = 5, sum = 0;

	for (uint32_t i = 0; i < size; i++) {
		records[i].key = (uint32_t)(bench_random(&state) >> 32);
		records[i].serial = i;
	}
	quicksort(records, 0, (int32_t)size - 1, orders[0]);
	quicksort(records, 0, (int32_t)size - 1, orders[1]);
	heapsort_records(records, size);
	for (uint32_t i = 0; i < size; i += 97)
		sum = bench_mix(sum, records[i].key);
	free(records);
	return sum;
}
