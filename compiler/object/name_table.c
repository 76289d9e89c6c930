/* Open addressing with linear probing, at most two thirds full. */
#include "name_table.h"

#include <stdlib.h>
#include <string.h>

struct name_slot {
	const char *name; /* NULL: free */
	uint32_t hash, number;
};

/* FNV-1a */
static uint32_t hash_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash;
}

static struct name_slot *find(const struct name_table *table, const char *name, uint32_t hash)
{
	size_t at = hash & (table->size - 1);

	while (table->slots[at].name && (table->slots[at].hash != hash ||
					 strcmp(table->slots[at].name, name) != 0))
		at = (at + 1) & (table->size - 1);
	return &table->slots[at];
}

static int enlarge(struct name_table *table)
{
	struct name_table larger = { .size = table->size ? table->size * 2 : 256, .used = table->used };

	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (!larger.slots)
		return -1;
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i].name)
			*find(&larger, table->slots[i].name, table->slots[i].hash) = table->slots[i];
	free(table->slots);
	*table = larger;
	return 0;
}

int name_table_add(struct name_table *table, const char *name, uint32_t *number)
{
	uint32_t hash = hash_of(name);
	struct name_slot *slot;

	if (table->used >= table->size / 3 * 2 && enlarge(table))
		return -1;
	slot = find(table, name, hash);
	if (slot->name) {
		*number = slot->number;
		return 1;
	}
	*slot = (struct name_slot){ name, hash, *number };
	table->used++;
	return 0;
}

void name_table_release(struct name_table *table)
{
	free(table->slots);
	*table = (struct name_table){ 0 };
}
