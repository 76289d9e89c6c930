/* kernel/runtime/mem/pages.c */
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mem/pages.h"

#define MIB UINT64_C(0x100000)

static void frames_come_contiguous_from_the_biggest_range(void **state)
{
	const struct nucleus_range ram[] = { { 0, 640 * 1024 }, { 12 * MIB + 0x5000, 100 * MIB } };
	struct pages pages;

	pages_init(&pages, ram, 2, NULL, 0);
	assert_int_equal(pages.total, 640 * 1024 + 100 * MIB);
	assert_int_equal(pages_frames_left(&pages), 49);
	for (uint64_t i = 0; i < 49; i++)
		assert_int_equal(pages_take_frame(&pages), 14 * MIB + i * FRAME_SIZE);
	assert_int_equal(pages_take_frame(&pages), PAGES_NONE);
	assert_int_equal(pages.handed_out, 98 * MIB);
}

static void pages_leave_the_biggest_range_for_last(void **state)
{
	const struct nucleus_range ram[] = { { 0x1000, 0x3000 }, { 4 * MIB, 4 * MIB } };
	struct pages pages;

	pages_init(&pages, ram, 2, NULL, 0);
	assert_int_equal(pages_take(&pages, 2 * PAGE_SIZE, PAGE_SIZE), 0x2000);
	assert_int_equal(pages_take(&pages, 2 * PAGE_SIZE, PAGE_SIZE), 8 * MIB - 2 * PAGE_SIZE);
	assert_int_equal(pages_take(&pages, PAGE_SIZE, PAGE_SIZE), 0x1000);
	assert_int_equal(pages_frames_left(&pages), 1);
	assert_int_equal(pages_take(&pages, FRAME_SIZE, FRAME_SIZE), 4 * MIB);
	assert_int_equal(pages_take(&pages, FRAME_SIZE, FRAME_SIZE), PAGES_NONE);
}

static void kept_ranges_are_never_handed_out(void **state)
{
	const struct nucleus_range ram[] = { { 0, 16 * MIB } };
	const struct nucleus_range kept[] = {
		{ 0x20010, 100 },	 /* inside one page */
		{ 15 * MIB + 1, 5000 },	 /* two pages and a bit */
		{ 0, 0 },		 /* nothing */
		{ 64 * MIB, MIB },	 /* elsewhere */
	};
	struct pages pages;
	uint64_t page, count = 0;

	pages_init(&pages, ram, 1, kept, 4);
	assert_int_equal(pages.total, 16 * MIB - 3 * PAGE_SIZE);
	while ((page = pages_take(&pages, PAGE_SIZE, PAGE_SIZE)) != PAGES_NONE) {
		assert_int_not_equal(page, 0x20000);
		assert_int_not_equal(page, 15 * MIB);
		assert_int_not_equal(page, 15 * MIB + PAGE_SIZE);
		count++;
	}
	assert_int_equal(count * PAGE_SIZE, pages.total);
}

static void overlapping_kept_ranges_are_no_trouble(void **state)
{
	const struct nucleus_range ram[] = { { 0, 8 * PAGE_SIZE } };
	const struct nucleus_range kept[] = { { 0x3000, 0x2000 }, { 0x2000, 0x2000 }, { 0, 0x1000 } };
	struct pages pages;

	pages_init(&pages, ram, 1, kept, 3);
	assert_int_equal(pages.total, 4 * PAGE_SIZE);
}

static void everything_is_handed_out_once(void **state)
{
	const struct nucleus_range ram[] = { { 3 * MIB, 9 * MIB }, { 32 * MIB, 6 * MIB } };
	static uint8_t owner[64 * MIB / PAGE_SIZE];
	struct pages pages;
	uint64_t start, size, taken = 0;

	pages_init(&pages, ram, 2, NULL, 0);
	srand(1);
	for (int i = 0; i < 10000; i++) {
		size = rand() % 3 ? (uint64_t)(rand() % 20 + 1) * PAGE_SIZE : FRAME_SIZE;
		start = size == FRAME_SIZE ? pages_take_frame(&pages) : pages_take(&pages, size, PAGE_SIZE);
		if (start == PAGES_NONE)
			continue;
		taken += size;
		for (uint64_t at = start; at < start + size; at += PAGE_SIZE)
			assert_int_equal(owner[at / PAGE_SIZE]++, 0);
	}
	assert_int_equal(taken, pages.handed_out);
	for (uint64_t at = 0; at < 64 * MIB; at += PAGE_SIZE) {
		bool in_ram = (at >= 3 * MIB && at < 12 * MIB) || (at >= 32 * MIB && at < 38 * MIB);

		assert_true(in_ram || !owner[at / PAGE_SIZE]);
	}
}

static void no_memory_at_all_is_no_crash(void **state)
{
	struct pages pages;

	pages_init(&pages, NULL, 0, NULL, 0);
	assert_int_equal(pages_take_frame(&pages), PAGES_NONE);
	assert_int_equal(pages_take(&pages, PAGE_SIZE, PAGE_SIZE), PAGES_NONE);
	assert_int_equal(pages_frames_left(&pages), 0);
}

/* A figure for messages: it must not promise what alignment has cost. */
static void what_alignment_costs_is_not_left(void **state)
{
	const struct nucleus_range ram[] = { { 4 * MIB, 4 * MIB + 0x1000 } };
	struct pages pages;

	pages_init(&pages, ram, 1, NULL, 0);
	assert_int_equal(pages_left(&pages), 4 * MIB + 0x1000);
	assert_int_equal(pages_take(&pages, FRAME_SIZE, FRAME_SIZE), 6 * MIB);
	assert_int_equal(pages_left(&pages), 2 * MIB);
	assert_int_equal(pages.total - pages.handed_out, 2 * MIB + 0x1000);
	assert_int_equal(pages_take_frame(&pages), 4 * MIB);
	assert_int_equal(pages_left(&pages), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_contiguous_from_the_biggest_range),
		cmocka_unit_test(pages_leave_the_biggest_range_for_last),
		cmocka_unit_test(kept_ranges_are_never_handed_out),
		cmocka_unit_test(overlapping_kept_ranges_are_no_trouble),
		cmocka_unit_test(everything_is_handed_out_once),
		cmocka_unit_test(no_memory_at_all_is_no_crash),
		cmocka_unit_test(what_alignment_costs_is_not_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
