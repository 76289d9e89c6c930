/* Searches the sections walnut_map and walnut_source (abi/app_object.h): tables of several
 * objects one behind the other, with padding between. */
#include "frames.h"

#include <stdbool.h>
#include <stddef.h>

#include "lib/string.h"
#include "modules.h"

/* Weak: a linker leaves these out where no object has the section. */
extern const char __start_walnut_map[] __attribute__((weak)), __stop_walnut_map[] __attribute__((weak));
extern const char __start_walnut_source[] __attribute__((weak)), __stop_walnut_source[] __attribute__((weak));

/* What both kinds of table begin with. */
struct table_head {
	uint32_t magic, row_count;
	uint64_t text_base, text_size;
};
_Static_assert(offsetof(struct walnut_map, text_size) == offsetof(struct table_head, text_size), "map");
_Static_assert(offsetof(struct walnut_source, text_size) == offsetof(struct table_head, text_size), "source");

static uint64_t size_of(const struct table_head *head)
{
	uint64_t size;

	if (head->magic == WALNUT_MAP_MAGIC) {
		const struct walnut_map *map = (const struct walnut_map *)head;

		return sizeof(*map) + map->row_count * sizeof(map->rows[0]) +
		       map->inline_count * sizeof(struct walnut_map_inline);
	}
	const struct walnut_source *source = (const struct walnut_source *)head;

	size = sizeof(*source) + source->row_count * sizeof(source->rows[0]) +
	       source->place_count * sizeof(struct walnut_source_place) + source->string_size;
	return (size + 7) & ~UINT64_C(7);
}

/* The table about this address. */
static const void *find_table(const char *at, const char *end, uint32_t magic, uint64_t address)
{
	while ((size_t)(end - at) >= sizeof(struct walnut_map)) {
		const struct table_head *head = (const struct table_head *)at;

		/* The linker pads between objects. */
		if (head->magic != magic) {
			at += sizeof(uint64_t);
			continue;
		}
		if (address >= head->text_base && address - head->text_base < head->text_size)
			return size_of(head) <= (size_t)(end - at) ? head : NULL;
		if (size_of(head) > (size_t)(end - at))
			return NULL;
		at += size_of(head);
	}
	return NULL;
}

/* How many rows begin at or below the key. A row is two numbers, by the first of which
 * they are sorted. */
static uint32_t rows_up_to(const uint32_t (*rows)[2], uint32_t count, uint64_t key)
{
	uint32_t low = 0;

	while (low < count) {
		uint32_t middle = low + (count - low) / 2;

		if (rows[middle][0] <= key)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}
_Static_assert(sizeof(struct walnut_map_row) == 8 && sizeof(struct walnut_source_row) == 8, "rows");

struct walk {
	const struct walnut_module *module;
	const struct walnut_source *source;
	void (*visit)(void *opaque, const struct frame *frame);
	void *opaque;
};

static const char *string_of(const struct walnut_source *source, uint32_t string)
{
	const struct walnut_source_place *places =
		(const struct walnut_source_place *)(source->rows + source->row_count);

	return string < source->string_size ? (const char *)(places + source->place_count) + string : "";
}

/* The Wasm function of an offset, and what the source knows to be inlined there. */
static void visit_offset(const struct walk *walk, const struct walnut_function_info *function, uint32_t offset)
{
	const struct walnut_source *source = walk->source;
	struct frame frame = { .function = function, .offset = offset };
	const struct walnut_source_place *places;
	uint32_t row, place;

	row = source && offset ? rows_up_to((const uint32_t (*)[2])source->rows, source->row_count, offset) : 0;
	if (row == 0 || source->rows[row - 1].wasm_offset != offset) {
		walk->visit(walk->opaque, &frame);
		return;
	}
	places = (const struct walnut_source_place *)(source->rows + source->row_count);
	for (place = source->rows[row - 1].place; place < source->place_count; ) {
		const struct walnut_source_place *at = &places[place];

		frame.inlined = at->caller == WALNUT_SOURCE_NO_CALLER ? NULL : string_of(source, at->function);
		frame.file = at->line && *string_of(source, at->file) ? string_of(source, at->file) : NULL;
		frame.line = at->line;
		frame.column = at->column;
		walk->visit(walk->opaque, &frame);
		if (at->caller >= place)
			return;
		place = at->caller;
	}
}

void frames_at(uint64_t address, void (*visit)(void *opaque, const struct frame *frame), void *opaque)
{
	struct walk walk = { .visit = visit, .opaque = opaque };
	const struct walnut_function_info *code = module_code_at(address, &walk.module), *function = NULL;
	const struct walnut_map *map;
	const struct walnut_map_inline *inlines;
	uint32_t row, place = 0;

	if (!code)
		return;
	map = find_table(__start_walnut_map, __stop_walnut_map, WALNUT_MAP_MAGIC, address);
	walk.source = find_table(__start_walnut_source, __stop_walnut_source, WALNUT_SOURCE_MAGIC, address);
	row = map ? rows_up_to((const uint32_t (*)[2])map->rows, map->row_count, address - map->text_base) : 0;
	if (row)
		place = map->rows[row - 1].place;
	while (place) {
		uint32_t index = place & ~WALNUT_MAP_INLINED, offset = place;

		if (place & WALNUT_MAP_INLINED) {
			inlines = (const struct walnut_map_inline *)(map->rows + map->row_count);
			if (index >= map->inline_count)
				break;
			offset = inlines[index].wasm_offset;
			place = inlines[index].caller;
			/* Earlier entries only, so this ends. */
			if (place & WALNUT_MAP_INLINED && (place & ~WALNUT_MAP_INLINED) >= index)
				place = 0;
		} else {
			place = 0;
		}
		function = module_function_of_offset(walk.module, offset);
		visit_offset(&walk, function ? function : code, function ? offset : 0);
	}
	if (function != code)
		visit_offset(&walk, code, 0);
}
