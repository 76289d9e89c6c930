#include "debug/records.h"

#include <stdlib.h>
#include <string.h>

static const char *record_at(const struct record_table *table, uint32_t index)
{
	return (const char *)table->records + index * table->record_size;
}

static uint32_t *find_slot(const struct record_table *table, const void *record)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	uint32_t at, word;

	for (size_t i = 0; i < table->record_size; i += sizeof(word)) {
		memcpy(&word, (const char *)record + i, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	at = (uint32_t)hash & (table->slot_count - 1);
	while (table->slots[at] &&
	       memcmp(record_at(table, table->slots[at] - 1), record, table->record_size) != 0)
		at = (at + 1) & (table->slot_count - 1);
	return &table->slots[at];
}

static int grow(struct record_table *table)
{
	uint32_t capacity = table->capacity ? table->capacity * 2 : 256;
	void *records = capacity > table->capacity
		? reallocarray(table->records, capacity, table->record_size) : NULL;
	uint32_t *slots = calloc(2 * (size_t)capacity, sizeof(*slots));

	if (records)
		table->records = records;
	if (!records || !slots) {
		free(slots);
		return -1;
	}
	free(table->slots);
	table->slots = slots;
	table->slot_count = 2 * capacity;
	table->capacity = capacity;
	for (uint32_t i = 0; i < table->count; i++)
		*find_slot(table, record_at(table, i)) = i + 1;
	return 0;
}

int record_table_add(struct record_table *table, const void *record, uint32_t *index)
{
	uint32_t *slot;

	if (table->count == table->capacity && grow(table))
		return -1;
	slot = find_slot(table, record);
	if (*slot == 0) {
		memcpy((char *)table->records + table->count * table->record_size, record,
		       table->record_size);
		*slot = ++table->count;
	}
	*index = *slot - 1;
	return 0;
}

void record_table_free(struct record_table *table)
{
	free(table->records);
	free(table->slots);
	*table = (struct record_table){ .record_size = table->record_size };
}
