#include "debug/debug_info.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* "\0a.c\0b.c\0in\0deep" */
enum { A_C = 1, B_C = 5, IN = 9, DEEP = 12 };
static char strings[] = "\0a.c\0b.c\0in\0deep";

static struct debug_line lines[] = {
	{ 10, A_C, 1, 2 }, { 20, B_C, 5, 0 }, { 30, A_C, 3, 0 }, { 40, 0, 0, 0 }, { 50, A_C, 9, 9 }, { 60, 0, 0, 0 },
};
/* A function at 10 … 39 with one inlined at 20 … 29 and one in that at 22 … 24; another
 * function at 50 … 59. */
static struct debug_scope scopes[] = {
	{ .low = 10, .high = 40, .parent = DEBUG_NO_PARENT },
	{ .low = 20, .high = 30, .parent = 0, .name = IN, .call_file = A_C, .call_line = 2, .call_column = 7 },
	{ .low = 22, .high = 25, .parent = 1, .name = DEEP, .call_file = B_C, .call_line = 4 },
	{ .low = 50, .high = 60, .parent = DEBUG_NO_PARENT },
};
static struct debug_info info = {
	.tables = { lines, scopes, strings, 6, 4, sizeof(strings) },
	.code_offset = 100,
};

static void expect(const struct debug_frame *frame, const char *function, const char *file, uint32_t line,
		   uint32_t column)
{
	if (function)
		assert_string_equal(frame->function, function);
	else
		assert_null(frame->function);
	assert_string_equal(frame->file, file);
	assert_int_equal(frame->line, line);
	assert_int_equal(frame->column, column);
}

static void a_plain_place(void **state)
{
	struct debug_frame frames[DEBUG_FRAMES_MAX];

	assert_int_equal(debug_info_frames(&info, 110, frames), 1);
	expect(&frames[0], NULL, "a.c", 1, 2);
	assert_int_equal(debug_info_frames(&info, 119, frames), 1);
	expect(&frames[0], NULL, "a.c", 1, 2);
	assert_int_equal(debug_info_frames(&info, 159, frames), 1);
	expect(&frames[0], NULL, "a.c", 9, 9);
}

static void inlined_places_come_innermost_first(void **state)
{
	struct debug_frame frames[DEBUG_FRAMES_MAX];

	assert_int_equal(debug_info_frames(&info, 120, frames), 2);
	expect(&frames[0], "in", "b.c", 5, 0);
	expect(&frames[1], NULL, "a.c", 2, 7);
	assert_int_equal(debug_info_frames(&info, 124, frames), 3);
	expect(&frames[0], "deep", "b.c", 5, 0);
	expect(&frames[1], "in", "b.c", 4, 0);
	expect(&frames[2], NULL, "a.c", 2, 7);
	/* Behind an inner scope the outer one goes on. */
	assert_int_equal(debug_info_frames(&info, 125, frames), 2);
	assert_int_equal(debug_info_frames(&info, 130, frames), 1);
	expect(&frames[0], NULL, "a.c", 3, 0);
}

static void outside_of_everything_nothing_is_known(void **state)
{
	struct debug_frame frames[DEBUG_FRAMES_MAX];

	assert_int_equal(debug_info_frames(&info, 0, frames), 0);
	assert_int_equal(debug_info_frames(&info, 99, frames), 0);
	assert_int_equal(debug_info_frames(&info, 109, frames), 0);
	assert_int_equal(debug_info_frames(&info, 140, frames), 0);
	assert_int_equal(debug_info_frames(&info, 160, frames), 0);
	assert_int_equal(debug_info_frames(&info, UINT32_MAX, frames), 0);
}

static void empty_tables_are_right(void **state)
{
	static struct debug_info empty;
	struct debug_frame frames[DEBUG_FRAMES_MAX];

	assert_int_equal(debug_tables_check(&empty.tables), 0);
	assert_int_equal(debug_info_frames(&empty, 5, frames), 0);
}

/* What a process that was taken over might send. */
static void tables_that_lead_outside_are_refused(void **state)
{
	struct debug_line bad_lines[6];
	struct debug_scope bad_scopes[4];
	struct debug_tables tables = { bad_lines, bad_scopes, strings, 6, 4, sizeof(strings) };
	uint32_t *const harmful[] = {
		&bad_lines[1].file, &bad_scopes[1].name, &bad_scopes[2].call_file, &bad_scopes[0].low,
		&bad_lines[2].address,
	};

	memcpy(bad_lines, lines, sizeof(lines));
	memcpy(bad_scopes, scopes, sizeof(scopes));
	assert_int_equal(debug_tables_check(&tables), 0);
	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
		uint32_t good = *harmful[i];

		*harmful[i] = 1000;
		assert_int_equal(debug_tables_check(&tables), -1);
		*harmful[i] = good;
	}
	bad_scopes[1].parent = 1;
	assert_int_equal(debug_tables_check(&tables), -1);
	bad_scopes[1].parent = 0;
	tables.string_size--;
	assert_int_equal(debug_tables_check(&tables), -1);
	tables.string_size = 0;
	assert_int_equal(debug_tables_check(&tables), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_place),
		cmocka_unit_test(inlined_places_come_innermost_first),
		cmocka_unit_test(outside_of_everything_nothing_is_known),
		cmocka_unit_test(empty_tables_are_right),
		cmocka_unit_test(tables_that_lead_outside_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
