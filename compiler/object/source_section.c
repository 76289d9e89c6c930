#include "source_section.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "debug/debug_info.h"
#include "debug/records.h"
#include "debug/strings.h"

struct source_builder {
	struct walnut_source_row *rows;
	uint32_t row_count;
	struct record_table places; /* struct walnut_source_place */
	struct string_table strings;
};

/* --- Which offsets ------------------------------------------------------------------ */

static int compare_offsets(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

/* Sorted, each once; from malloc. */
static uint32_t *collect_offsets(const struct object_origin *origin, const struct line_rows *rows,
				 size_t *count)
{
	uint32_t *offsets = calloc(rows->count + 2 * (size_t)rows->inline_count + 1, sizeof(*offsets));
	size_t all = 0, kept = 0;

	if (!offsets)
		return NULL;
	for (size_t i = 0; i < rows->count; i++)
		if (!(rows->rows[i].place & WALNUT_MAP_INLINED))
			offsets[all++] = rows->rows[i].place;
	for (uint32_t i = 0; i < rows->inline_count; i++) {
		offsets[all++] = rows->inlines[i].wasm_offset;
		if (!(rows->inlines[i].caller & WALNUT_MAP_INLINED))
			offsets[all++] = rows->inlines[i].caller;
	}
	qsort(offsets, all, sizeof(*offsets), compare_offsets);
	for (size_t i = 0; i < all; i++)
		if (offsets[i] && (!kept || offsets[kept - 1] != offsets[i]))
			offsets[kept++] = offsets[i];
	*count = kept;
	return offsets;
}

/* --- Places ------------------------------------------------------------------------- */

/* Outermost first, since a place names its caller's. */
static int add_frames(struct source_builder *builder, const struct debug_frame *frames, unsigned count,
		      uint32_t *index)
{
	uint32_t caller = WALNUT_SOURCE_NO_CALLER;

	for (unsigned i = count; i-- > 0;) {
		struct walnut_source_place place = {
			.function = frames[i].function ? string_table_add(&builder->strings, frames[i].function) : 0,
			.file = string_table_add(&builder->strings, frames[i].file),
			.line = frames[i].line,
			.column = frames[i].column,
			.caller = caller,
		};

		if (record_table_add(&builder->places, &place, &caller))
			return -1;
	}
	*index = caller;
	return builder->strings.failed ? -1 : 0;
}

static int build_rows(struct source_builder *builder, const struct debug_info *debug,
		      const uint32_t *offsets, size_t count)
{
	struct debug_frame frames[DEBUG_FRAMES_MAX];

	builder->rows = calloc(count + 1, sizeof(*builder->rows));
	if (!builder->rows)
		return -1;
	for (size_t i = 0; i < count; i++) {
		unsigned depth = debug_info_frames(debug, offsets[i], frames);
		struct walnut_source_row *row = &builder->rows[builder->row_count];

		if (depth == 0)
			continue;
		row->wasm_offset = offsets[i];
		if (add_frames(builder, frames, depth, &row->place))
			return -1;
		builder->row_count++;
	}
	return 0;
}

static int assemble(const struct source_builder *builder, uint64_t text_size,
		    struct walnut_source **section, size_t *size)
{
	size_t rows = builder->row_count * sizeof(*builder->rows);
	size_t places = builder->places.count * sizeof(struct walnut_source_place);
	struct walnut_source *source;
	char *at;

	*size = (sizeof(*source) + rows + places + builder->strings.size + 7) / 8 * 8;
	source = calloc(1, *size);
	if (!source)
		return -1;
	*source = (struct walnut_source){
		.magic = WALNUT_SOURCE_MAGIC,
		.row_count = builder->row_count,
		.text_size = text_size,
		.place_count = builder->places.count,
		.string_size = builder->strings.size,
	};
	at = (char *)source->rows;
	memcpy(at, builder->rows, rows);
	memcpy(at + rows, builder->places.records, places);
	memcpy(at + rows + places, builder->strings.bytes, builder->strings.size);
	*section = source;
	return 0;
}

int source_section_build(const struct object_origin *origin, const struct line_rows *rows,
			 uint64_t text_size, struct walnut_source **section, size_t *size)
{
	struct source_builder builder = { .places = RECORD_TABLE_OF(struct walnut_source_place) };
	uint32_t *offsets = NULL;
	size_t count;
	int result = 0;

	*section = NULL;
	if (!origin->debug || (origin->debug->tables.line_count == 0 && origin->debug->tables.scope_count == 0))
		return 0;
	string_table_add(&builder.strings, "");
	offsets = collect_offsets(origin, rows, &count);
	if (!offsets || build_rows(&builder, origin->debug, offsets, count))
		result = -1;
	else if (builder.row_count)
		result = assemble(&builder, text_size, section, size);
	free(offsets);
	free(builder.rows);
	record_table_free(&builder.places);
	string_table_free(&builder.strings);
	return result;
}
