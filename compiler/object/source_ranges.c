#include "source_ranges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/debug_info.h"

#define CHAIN_MAX 200 /* functions inlined into each other; the rest is left out */

/* One function of a chain: where in it the code is. */
struct chain_link {
	uint32_t name, file, line, column;
	bool bytes; /* not the source's lines, but the module's bytes */
};

struct chain {
	struct chain_link links[CHAIN_MAX]; /* innermost first */
	unsigned count;
};

static void *grown(void *array, uint32_t count, uint32_t *capacity, size_t size)
{
	void *larger;

	if (count < *capacity)
		return array;
	larger = reallocarray(array, *capacity ? *capacity * 2 : 1024, size);
	if (larger)
		*capacity = *capacity ? *capacity * 2 : 1024;
	return larger;
}

uint32_t source_function_name(struct source_ranges *ranges, uint32_t function)
{
	struct wasm_bytes name = debug_info_name(ranges->origin->debug, ranges->origin->module, function);
	char made[32], *copy;
	uint32_t string;

	snprintf(made, sizeof(made), "function %u", function);
	if (name.size == 0 || name.data[0] == '\0')
		return string_table_add(&ranges->strings, made);
	copy = strndup((const char *)name.data, name.size);
	string = string_table_add(&ranges->strings, copy ? copy : made);
	free(copy);
	return string;
}

/* The function whose body holds the byte; they are in the file's order. */
static uint32_t function_of_offset(const struct wasm_module *module, uint32_t offset)
{
	uint32_t low = module->imported_func_count, high = module->func_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (module->funcs[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == module->imported_func_count ||
	    offset - module->funcs[low - 1].offset >= module->funcs[low - 1].body.size)
		return UINT32_MAX;
	return low - 1;
}

static void add_link(struct chain *chain, struct chain_link link)
{
	if (chain->count < CHAIN_MAX)
		chain->links[chain->count++] = link;
}

/* The functions of the source at one byte of the module. */
static void add_offset(struct source_ranges *ranges, uint32_t offset, struct chain *chain)
{
	const struct debug_info *debug = ranges->origin->debug;
	uint32_t function = function_of_offset(ranges->origin->module, offset);
	struct debug_frame frames[DEBUG_FRAMES_MAX];
	struct chain_link link = { 0 };
	unsigned count = debug ? debug_info_frames(debug, offset, frames) : 0;

	if (function == UINT32_MAX)
		return;
	for (unsigned i = 0; i < count; i++) {
		link.name = frames[i].function ? string_table_add(&ranges->strings, frames[i].function)
					       : source_function_name(ranges, function);
		link.bytes = !*frames[i].file || frames[i].line == 0;
		link.file = string_table_add(&ranges->strings, link.bytes ? ranges->module_file : frames[i].file);
		link.line = link.bytes ? offset : frames[i].line;
		link.column = link.bytes ? 0 : frames[i].column;
		add_link(chain, link);
	}
	if (count)
		return;
	add_link(chain, (struct chain_link){
		.name = source_function_name(ranges, function),
		.file = string_table_add(&ranges->strings, ranges->module_file),
		.line = offset,
		.bytes = true,
	});
}

static void expand(struct source_ranges *ranges, const struct line_rows *rows, uint32_t place,
		   struct chain *chain)
{
	chain->count = 0;
	while (place & WALNUT_MAP_INLINED) {
		const struct walnut_map_inline *entry = &rows->inlines[place & ~WALNUT_MAP_INLINED];

		if ((place & ~WALNUT_MAP_INLINED) >= rows->inline_count)
			return;
		add_offset(ranges, entry->wasm_offset, chain);
		place = entry->caller;
	}
	if (place)
		add_offset(ranges, place, chain);
}

static int add_line(struct source_ranges *ranges, struct code_line line)
{
	struct code_line *last = ranges->line_count ? &ranges->lines[ranges->line_count - 1] : NULL;
	struct code_line *lines;

	if (last && last->file == line.file && last->line == line.line && last->column == line.column)
		return 0;
	lines = grown(ranges->lines, ranges->line_count, &ranges->line_capacity, sizeof(*lines));
	if (!lines)
		return -1;
	ranges->lines = lines;
	ranges->lines[ranges->line_count++] = line;
	return 0;
}

static int add_range(struct source_ranges *ranges, uint32_t node, uint32_t low, uint32_t high)
{
	struct code_range *last;
	uint32_t old_capacity = ranges->last_range_capacity;
	uint32_t *indices = grown(ranges->last_range, node, &ranges->last_range_capacity, sizeof(*indices));
	struct code_range *all;

	if (!indices)
		return -1;
	memset(indices + old_capacity, 0, (ranges->last_range_capacity - old_capacity) * sizeof(*indices));
	ranges->last_range = indices;
	if (indices[node]) {
		last = &ranges->ranges[indices[node] - 1];
		if (last->high == low) {
			last->high = high;
			return 0;
		}
	}
	all = grown(ranges->ranges, ranges->range_count, &ranges->range_capacity, sizeof(*all));
	if (!all)
		return -1;
	ranges->ranges = all;
	all[ranges->range_count++] = (struct code_range){ node, low, high };
	indices[node] = ranges->range_count;
	return 0;
}

/* Bytes low … high - 1 of native function `ordinal` belong to the chain. */
static int add_code(struct source_ranges *ranges, uint32_t ordinal, const struct chain *chain, uint32_t low,
		    uint32_t high)
{
	const struct chain_link *inner = &chain->links[0];
	uint32_t parent = 0;

	if (low >= high)
		return 0;
	if (chain->count == 0)
		return add_line(ranges, (struct code_line){ .address = low });
	for (unsigned i = chain->count - 1; i-- > 0;) {
		const struct chain_link *outer = &chain->links[i + 1];
		struct inlined_node node = { ordinal, parent, chain->links[i].name, outer->file, outer->line,
					     outer->column };
		uint32_t index;

		if (record_table_add(&ranges->nodes, &node, &index) || add_range(ranges, index, low, high))
			return -1;
		parent = index + 1;
	}
	/* Debuggers pass by functions without lines: so they do where others have some. */
	if (inner->bytes && ranges->has_lines)
		return add_line(ranges, (struct code_line){ .address = low });
	return add_line(ranges, (struct code_line){ low, inner->file, inner->line, inner->column });
}

/* Code without a place belongs to what is before it in the function; at the beginning of
 * the function, to what is behind it, but as the function's own. */
static int add_function(struct source_ranges *ranges, const struct native_function *function,
			uint32_t ordinal, const struct line_rows *rows, size_t *row)
{
	uint32_t at = (uint32_t)function->start, end = (uint32_t)(function->start + function->size);
	struct chain chain = { .count = 0 }, next;

	while (*row < rows->count && rows->rows[*row].text_offset < at)
		++*row;
	for (; *row < rows->count && rows->rows[*row].text_offset < end; ++*row) {
		expand(ranges, rows, rows->rows[*row].place, &next);
		if (next.count == 0)
			continue;
		if (chain.count == 0) {
			chain.links[0] = next.links[next.count - 1];
			chain.count = 1;
		}
		if (add_code(ranges, ordinal, &chain, at, rows->rows[*row].text_offset))
			return -1;
		chain = next;
		at = rows->rows[*row].text_offset;
	}
	return add_code(ranges, ordinal, &chain, at, end);
}

int source_ranges_build(struct source_ranges *ranges, const struct object_origin *origin,
			const struct native_function *functions, uint32_t function_count,
			const struct line_rows *rows)
{
	size_t row = 0;

	*ranges = (struct source_ranges){ .origin = origin, .nodes = RECORD_TABLE_OF(struct inlined_node) };
	ranges->module_file = origin->name ? origin->name : "module.wasm";
	ranges->has_lines = origin->debug && origin->debug->tables.line_count;
	string_table_add(&ranges->strings, "");
	for (uint32_t i = 0; i < function_count; i++) {
		uint64_t end = functions[i].start + functions[i].size;

		if (add_function(ranges, &functions[i], i, rows, &row) ||
		    /* Padding between functions is nobody's. */
		    add_line(ranges, (struct code_line){ .address = (uint32_t)end }))
			return -1;
	}
	return ranges->strings.failed ? -1 : 0;
}

void source_ranges_free(struct source_ranges *ranges)
{
	string_table_free(&ranges->strings);
	record_table_free(&ranges->nodes);
	free(ranges->ranges);
	free(ranges->last_range);
	free(ranges->lines);
}
