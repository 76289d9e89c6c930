/* Counting words in an open-addressing hash table with growing: hashing of short
 * strings, compares, random access, reallocation. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

const uint32_t bench_default_size = 2500000; /* words looked up */

struct slot {
	uint32_t hash;
	uint32_t count; /* 0: free */
	char word[16];
};

struct table {
	struct slot *slots;
	uint32_t capacity; /* power of two */
	uint32_t used;
};

static void table_init(struct table *table, uint32_t capacity)
{
	table->slots = bench_alloc(capacity * sizeof(struct slot));
	memset(table->slots, 0, capacity * sizeof(struct slot));
	table->capacity = capacity;
	table->used = 0;
}

static uint32_t hash_word(const char *word)
{
	uint32_t hash = 2166136261u;

	for (; *word; word++)
		hash = (hash ^ (uint8_t)*word) * 16777619u;
	return hash;
}

static struct slot *find(struct table *table, uint32_t hash, const char *word)
{
	uint32_t at = hash & (table->capacity - 1);

	while (table->slots[at].count &&
	       (table->slots[at].hash != hash || strcmp(table->slots[at].word, word) != 0))
		at = (at + 1) & (table->capacity - 1);
	return &table->slots[at];
}

static void grow(struct table *table)
{
	struct table bigger;

	table_init(&bigger, table->capacity * 2);
	for (uint32_t i = 0; i < table->capacity; i++) {
		struct slot *slot = &table->slots[i];

		if (slot->count)
			*find(&bigger, slot->hash, slot->word) = *slot;
	}
	bigger.used = table->used;
	free(table->slots);
	*table = bigger;
}

static void count_word(struct table *table, const char *word)
{
	uint32_t hash = hash_word(word);
	struct slot *slot = find(table, hash, word);

	if (slot->count++)
		return;
	slot->hash = hash;
	strcpy(slot->word, word);
	if (++table->used > table->capacity / 2)
		grow(table);
}

/* A pronounceable word; low numbers come far more often than high ones. */
static void make_word(char *word, uint64_t random)
{
	uint32_t number = (uint32_t)(random & 0xffff) >> (random >> 60);
	int length = 0;

	do {
		word[length++] = "bcdfghjklmnprstv"[number & 15];
		word[length++] = "aeiou"[(number >> 4) % 5];
		number >>= 5;
	} while (number);
	word[length] = 0;
}

uint64_t bench_kernel(uint32_t size)
{
	struct table table;
	uint64_t state = 99, sum = 0;
	char word[16];

	table_init(&table, 64);
	for (uint32_t i = 0; i < size; i++) {
		make_word(word, bench_random(&state));
		count_word(&table, word);
	}
	for (uint32_t i = 0; i < table.capacity; i++)
		if (table.slots[i].count)
			sum = bench_mix(sum, (uint64_t)table.slots[i].hash << 32 | table.slots[i].count);
	free(table.slots);
	return bench_mix(sum, table.used);
}
