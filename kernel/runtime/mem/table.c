/* Tables (walnut_table_init and _grow of abi/app_object.h). A small table that
 * cannot grow much lives in the runtime's arena; any other gets address space for
 * all that it may become, so that its elements never move. */
#include "mem/table.h"

#include "exit.h"
#include "lib/string.h"
#include "mem/space.h"
#include "try.h"

#define ELEMENTS_MAX UINT64_C(10000000) /* the limit that other engines have, too */
#define SMALL_MAX 64
#define CHUNK_TABLES 31

/* All tables, for those who look for references in them. */
struct chunk {
	struct chunk *next;
	const struct walnut_table *tables[CHUNK_TABLES];
};

static struct chunk *chunks; /* the newest first; only it has room */
static uint32_t chunk_used = CHUNK_TABLES;

static bool remember(const struct walnut_table *table)
{
	if (chunk_used == CHUNK_TABLES) {
		struct chunk *chunk = space_allocate(sizeof(*chunk));

		if (!chunk)
			return false;
		chunk->next = chunks;
		chunks = chunk;
		chunk_used = 0;
	}
	chunks->tables[chunk_used++] = table;
	return true;
}

void table_each(void (*visit)(const struct walnut_table *table, void *opaque), void *opaque)
{
	for (const struct chunk *chunk = chunks; chunk; chunk = chunk->next) {
		for (uint32_t i = 0; i < CHUNK_TABLES && chunk->tables[i]; i++)
			visit(chunk->tables[i], opaque);
	}
}

static uint64_t limit_of(const struct walnut_table *table)
{
	return table->max_size < ELEMENTS_MAX ? table->max_size : ELEMENTS_MAX;
}

static bool is_small(const struct walnut_table *table)
{
	return table->size <= SMALL_MAX;
}

/* How far a table of `size` elements in reserved space is backed. */
static uint64_t backed(uint64_t size)
{
	return (size * sizeof(uint64_t) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

/* Address space for all the table may become, RAM for `size` elements. */
static uint64_t *reserve(const struct walnut_table *table, uint64_t size)
{
	uint64_t *elements = space_reserve(limit_of(table) * sizeof(uint64_t));

	if (!elements || !space_back((uint64_t)elements, backed(size)))
		return NULL;
	return elements;
}

void walnut_table_init(struct walnut_table *table)
{
	static const char message[] = "the program's tables do not fit in memory: raise --mem";

	if (table->size <= ELEMENTS_MAX) {
		if (is_small(table))
			table->elements = space_allocate(SMALL_MAX * sizeof(uint64_t));
		else
			table->elements = reserve(table, table->size);
		if (table->elements && remember(table))
			return;
	}
	if (runtime_try_active())
		walnut_trap(WALNUT_TRAP_OUT_OF_MEMORY);
	runtime_fail(message, sizeof(message) - 1);
}

uint64_t walnut_table_grow(struct walnut_table *table, uint64_t delta, uint64_t value)
{
	uint64_t old = table->size, limit = limit_of(table);

	if (old > limit || delta > limit - old)
		return UINT64_MAX;
	if (is_small(table)) {
		if (old + delta > SMALL_MAX) {
			uint64_t *elements = reserve(table, old + delta);

			if (!elements)
				return UINT64_MAX;
			memcpy(elements, table->elements, old * sizeof(uint64_t));
			table->elements = elements;
		}
	} else if (!space_back((uint64_t)table->elements + backed(old), backed(old + delta) - backed(old))) {
		return UINT64_MAX;
	}
	for (uint64_t i = 0; i < delta; i++)
		table->elements[old + i] = value;
	table->size = old + delta;
	return old;
}
