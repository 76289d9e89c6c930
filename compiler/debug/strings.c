#include "debug/strings.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_LIMIT (UINT32_C(1) << 30)

static uint32_t hash_of(const char *string)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *string; string++)
		hash = (hash ^ (unsigned char)*string) * UINT64_C(0x100000001b3);
	return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t *find(const struct string_table *table, const char *string)
{
	uint32_t at = hash_of(string) & (table->slot_count - 1);

	while (table->slots[at] && strcmp(table->bytes + table->slots[at] - 1, string) != 0)
		at = (at + 1) & (table->slot_count - 1);
	return &table->slots[at];
}

static int grow_slots(struct string_table *table)
{
	struct string_table larger = *table;

	larger.slot_count = table->slot_count ? table->slot_count * 2 : 256;
	larger.slots = calloc(larger.slot_count, sizeof(*larger.slots));
	if (!larger.slots)
		return -1;
	for (uint32_t i = 0; i < table->slot_count; i++)
		if (table->slots[i])
			*find(&larger, table->bytes + table->slots[i] - 1) = table->slots[i];
	free(table->slots);
	*table = larger;
	return 0;
}

static int make_room(struct string_table *table, size_t size)
{
	uint32_t capacity = table->capacity ? table->capacity : 4096;
	char *bytes;

	if (size > SIZE_LIMIT - table->size)
		return -1;
	while (capacity - table->size < size)
		capacity *= 2;
	if (capacity == table->capacity)
		return 0;
	bytes = realloc(table->bytes, capacity);
	if (!bytes)
		return -1;
	table->bytes = bytes;
	table->capacity = capacity;
	return 0;
}

static uint32_t append(struct string_table *table, const char *string)
{
	size_t size = strlen(string) + 1;
	uint32_t offset = table->size, *slot;

	if ((table->slot_count < 2 * (table->count + 1) && grow_slots(table)) || make_room(table, size)) {
		table->failed = 1;
		return 0;
	}
	slot = find(table, string);
	if (*slot)
		return *slot - 1;
	memcpy(table->bytes + offset, string, size);
	table->size += (uint32_t)size;
	table->count++;
	*slot = offset + 1;
	return offset;
}

uint32_t string_table_add(struct string_table *table, const char *string)
{
	if (table->size == 0)
		append(table, "");
	return table->failed ? 0 : append(table, string);
}

void string_table_free(struct string_table *table)
{
	free(table->bytes);
	free(table->slots);
	*table = (struct string_table){ 0 };
}
