/* compiler/object/source_section.c: the table that compiler/debug makes possible */
#include "object/source_section.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "debug/debug_info.h"

static char strings[] = "\0a.c\0inner";
static struct debug_line lines[] = { { 10, 1, 5, 1 }, { 20, 1, 6, 2 }, { 30, 0, 0, 0 } };
static struct debug_scope scopes[] = {
	{ .low = 10, .high = 30, .parent = DEBUG_NO_PARENT },
	{ .low = 20, .high = 30, .parent = 0, .name = 5, .call_file = 1, .call_line = 9 },
};
static const struct debug_info debug = {
	.tables = { lines, scopes, strings, 3, 2, sizeof(strings) }, .code_offset = 100,
};

/* Offsets 112 and 115 are of one line, 125 of an inlined one; 140 of none. */
static struct walnut_map_row map_rows[] = {
	{ 0, 125 }, { 4, 112 }, { 8, 0 }, { 12, WALNUT_MAP_INLINED }, { 16, 112 },
};
static struct walnut_map_inline inlines[] = { { 115, 140 } };
static const struct line_rows rows = { map_rows, 5, 5, inlines, 1 };

static const struct walnut_source_place *place_of(const struct walnut_source *source, uint32_t row)
{
	return (const struct walnut_source_place *)(source->rows + source->row_count) + source->rows[row].place;
}

static const char *string_of(const struct walnut_source *source, uint32_t string)
{
	return (const char *)((const struct walnut_source_place *)(source->rows + source->row_count) +
			      source->place_count) + string;
}

static void each_offset_has_one_row(void **state)
{
	struct object_origin origin = { .debug = &debug };
	const struct walnut_source_place *place;
	struct walnut_source *source;
	size_t size;

	assert_int_equal(source_section_build(&origin, &rows, 0x40, &source, &size), 0);
	assert_non_null(source);
	assert_int_equal(source->magic, WALNUT_SOURCE_MAGIC);
	assert_int_equal(source->text_size, 0x40);
	assert_int_equal(source->row_count, 3);
	assert_int_equal(source->rows[0].wasm_offset, 112);
	assert_int_equal(source->rows[1].wasm_offset, 115);
	assert_int_equal(source->rows[2].wasm_offset, 125);
	assert_int_equal(size % 8, 0);
	/* One line, one place */
	assert_int_equal(source->rows[0].place, source->rows[1].place);
	assert_int_equal(source->place_count, 3);

	place = place_of(source, 0);
	assert_int_equal(place->function, 0);
	assert_string_equal(string_of(source, place->file), "a.c");
	assert_int_equal(place->line, 5);
	assert_int_equal(place->caller, WALNUT_SOURCE_NO_CALLER);

	place = place_of(source, 2);
	assert_string_equal(string_of(source, place->function), "inner");
	assert_int_equal(place->line, 6);
	assert_true(place->caller < source->rows[2].place);
	place -= source->rows[2].place - place->caller;
	assert_int_equal(place->function, 0);
	assert_int_equal(place->line, 9);
	free(source);
}

static void without_debug_information_there_is_no_table(void **state)
{
	static const struct debug_info empty;
	struct object_origin origin = { .debug = NULL };
	struct walnut_source *source;
	size_t size;

	assert_int_equal(source_section_build(&origin, &rows, 0x40, &source, &size), 0);
	assert_null(source);
	origin.debug = &empty;
	assert_int_equal(source_section_build(&origin, &rows, 0x40, &source, &size), 0);
	assert_null(source);
}

static void nor_where_no_offset_has_a_line(void **state)
{
	struct walnut_map_row row = { 0, 5 };
	const struct line_rows other = { &row, 1, 1, NULL, 0 };
	struct object_origin origin = { .debug = &debug };
	struct walnut_source *source;
	size_t size;

	assert_int_equal(source_section_build(&origin, &other, 0x40, &source, &size), 0);
	assert_null(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_offset_has_one_row),
		cmocka_unit_test(without_debug_information_there_is_no_table),
		cmocka_unit_test(nor_where_no_offset_has_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
