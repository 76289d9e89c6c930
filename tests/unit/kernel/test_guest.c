/* kernel/runtime/wasi/guest.c: every pointer of a program goes through it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wasi/guest.h"

#define PAGES 16u
#define SIZE (PAGES * WALNUT_PAGE_SIZE)

static struct walnut_memory memory;

static int set_up(void **state)
{
	free(memory.base);
	memory = (struct walnut_memory){ .base = calloc(1, SIZE), .pages = PAGES, .max_pages = PAGES };
	guest_set_memory(&memory);
	return 0;
}

static void put_iovec(uint32_t at, uint32_t address, uint32_t size)
{
	struct wasi_iovec iovec = { address, size };

	assert_true(guest_write(at, &iovec, sizeof(iovec)));
}

static void ranges_end_where_memory_ends(void **state)
{
	static const struct {
		uint32_t address;
		uint64_t size;
		bool good;
	} cases[] = {
		{ 0, 0, true },		   { 0, SIZE, true },	       { SIZE, 0, true },
		{ SIZE - 1, 1, true },	   { 0, SIZE + 1, false },     { SIZE - 1, 2, false },
		{ SIZE, 1, false },	   { SIZE + 1, 0, false },     { UINT32_MAX, 0, false },
		{ UINT32_MAX, 1, false },  { 1, UINT32_MAX, false },   { 1, UINT64_MAX, false },
		{ SIZE, UINT64_MAX - SIZE + 1, false },
	};
	uint8_t *out;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(guest_range(cases[i].address, cases[i].size, &out), cases[i].good);
	assert_true(guest_range(10, 1, &out));
	assert_ptr_equal(out, memory.base + 10);
}

static void growing_makes_more_reachable(void **state)
{
	uint8_t *out;

	memory.pages = 1;
	assert_false(guest_range(WALNUT_PAGE_SIZE, 1, &out));
	memory.pages = PAGES;
	assert_true(guest_range(WALNUT_PAGE_SIZE, 1, &out));
}

static void all_of_four_gibibytes_is_reachable(void **state)
{
	uint8_t *out;

	memory.pages = 65536;
	assert_true(guest_range(UINT32_MAX, 1, &out));
	assert_false(guest_range(UINT32_MAX, 2, &out));
	assert_true(guest_range(0, UINT64_C(1) << 32, &out));
}

static void without_a_memory_nothing_is_reachable(void **state)
{
	uint8_t *out;

	guest_set_memory(NULL);
	assert_false(guest_range(0, 0, &out));
}

static void values_are_copied(void **state)
{
	uint64_t value;

	assert_true(guest_write_u32(SIZE - 4, 0x01020304));
	assert_true(guest_write_u64(1, 0x1122334455667788));
	assert_true(guest_read(1, &value, sizeof(value)));
	assert_int_equal(value, 0x1122334455667788);
	assert_false(guest_write_u32(SIZE - 3, 0));
	assert_false(guest_write_u64(SIZE - 7, 0));
	assert_false(guest_read(SIZE - 7, &value, sizeof(value)));
}

static void iovecs_are_checked_one_by_one(void **state)
{
	uint32_t total;

	put_iovec(0, 100, 50);
	put_iovec(8, SIZE, 0);
	put_iovec(16, SIZE - 7, 7);
	assert_int_equal(guest_check_iovecs(0, 3, &total), WASI_SUCCESS);
	assert_int_equal(total, 57);
	assert_int_equal(guest_check_iovecs(0, 0, &total), WASI_SUCCESS);
	put_iovec(16, SIZE - 7, 8);
	assert_int_equal(guest_check_iovecs(0, 3, &total), WASI_EFAULT);
	assert_int_equal(guest_check_iovecs(0, 2, &total), WASI_SUCCESS);
	put_iovec(16, 1, UINT32_MAX);
	assert_int_equal(guest_check_iovecs(0, 3, &total), WASI_EFAULT);
}

static void an_array_beyond_memory_is_refused(void **state)
{
	uint32_t total;

	assert_int_equal(guest_check_iovecs(SIZE - 8, 1, &total), WASI_SUCCESS);
	assert_int_equal(guest_check_iovecs(SIZE - 8, 2, &total), WASI_EFAULT);
	assert_int_equal(guest_check_iovecs(SIZE - 4, 1, &total), WASI_EFAULT);
	assert_int_equal(guest_check_iovecs(0, UINT32_MAX, &total), WASI_EFAULT);
	assert_int_equal(guest_check_iovecs(8, 0x20000000, &total), WASI_EFAULT);
}

static void a_sum_that_overflows_is_refused(void **state)
{
	uint32_t count = UINT32_MAX / SIZE, total;

	/* All of memory, again and again. */
	for (uint32_t i = 0; i <= count; i++)
		put_iovec(i * 8, 0, SIZE);
	assert_int_equal(guest_check_iovecs(0, count, &total), WASI_SUCCESS);
	assert_int_equal(total, count * SIZE);
	assert_int_equal(guest_check_iovecs(0, count + 1, &total), WASI_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ranges_end_where_memory_ends, set_up),
		cmocka_unit_test_setup(growing_makes_more_reachable, set_up),
		cmocka_unit_test_setup(all_of_four_gibibytes_is_reachable, set_up),
		cmocka_unit_test_setup(without_a_memory_nothing_is_reachable, set_up),
		cmocka_unit_test_setup(values_are_copied, set_up),
		cmocka_unit_test_setup(iovecs_are_checked_one_by_one, set_up),
		cmocka_unit_test_setup(an_array_beyond_memory_is_refused, set_up),
		cmocka_unit_test_setup(a_sum_that_overflows_is_refused, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
