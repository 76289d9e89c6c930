/* kernel/runtime/launch_block.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "launch.h"
#include "launch_block.h"

static const char strings[] = "app\0one\0\0A=1\0B=\0run";
#define STRINGS_SIZE sizeof(strings)
#define BLOCK_SIZE (sizeof(struct walnut_launch) + STRINGS_SIZE)

static struct walnut_launch good_header(void)
{
	return (struct walnut_launch){
		.magic = WALNUT_LAUNCH_MAGIC,
		.total_size = BLOCK_SIZE,
		.argc = 3,
		.envc = 2,
		.flags = WALNUT_LAUNCH_TTY_STDIN,
		.invoke_offset = sizeof(struct walnut_launch) + 16,
		.strings_offset = sizeof(struct walnut_launch),
	};
}

/* Parses a block of exactly `size` bytes, so that looking beyond is seen. */
static bool parse(struct launch *launch, const struct walnut_launch *header, size_t size)
{
	static char *block;
	char whole[BLOCK_SIZE];

	memcpy(whole, header, sizeof(*header));
	memcpy(whole + sizeof(*header), strings, STRINGS_SIZE);
	free(block);
	block = malloc(size ? size : 1);
	memcpy(block, whole, size);
	return launch_parse(launch, block, size);
}

static void a_good_block_is_read(void **state)
{
	struct walnut_launch header = good_header();
	struct launch launch;

	assert_true(parse(&launch, &header, BLOCK_SIZE));
	assert_int_equal(launch.arguments.count, 3);
	assert_int_equal(launch.arguments.size, 9);
	assert_memory_equal(launch.arguments.data, "app\0one\0", 9);
	assert_int_equal(launch.environment.count, 2);
	assert_memory_equal(launch.environment.data, "A=1\0B=", 7);
	assert_int_equal(launch.environment.size, 7);
	assert_int_equal(launch.flags, WALNUT_LAUNCH_TTY_STDIN);
	assert_string_equal(launch.invoke, "run");
}

static void no_strings_are_fine(void **state)
{
	struct walnut_launch header = {
		.magic = WALNUT_LAUNCH_MAGIC,
		.total_size = sizeof(header),
		.strings_offset = sizeof(header),
	};
	struct launch launch;

	assert_true(parse(&launch, &header, sizeof(header)));
	assert_int_equal(launch.arguments.count, 0);
	assert_null(launch.invoke);
}

static void broken_headers_are_refused(void **state)
{
	struct walnut_launch good = good_header(), bad[16];
	struct launch launch;
	size_t count = 0;

#define BAD(field, value)            \
	do {                         \
		bad[count] = good;   \
		bad[count++].field = value; \
	} while (0)
	BAD(magic, good.magic + 1);
	BAD(total_size, 0);
	BAD(total_size, sizeof(good) - 1);
	BAD(total_size, BLOCK_SIZE + 1);
	BAD(total_size, UINT32_MAX);
	BAD(total_size, BLOCK_SIZE - 1); /* the last string has no end */
	BAD(argc, 100);
	BAD(argc, UINT32_MAX);
	BAD(envc, 4);
	BAD(envc, UINT32_MAX);
	BAD(strings_offset, 0);
	BAD(strings_offset, BLOCK_SIZE + 1);
	BAD(strings_offset, UINT32_MAX);
	BAD(invoke_offset, 1);
	BAD(invoke_offset, BLOCK_SIZE);
	BAD(invoke_offset, UINT32_MAX);
	for (size_t i = 0; i < count; i++)
		assert_false(parse(&launch, &bad[i], BLOCK_SIZE));
}

static void every_truncation_is_refused(void **state)
{
	struct walnut_launch header = good_header();
	struct launch launch;

	for (size_t size = 0; size < BLOCK_SIZE; size++)
		assert_false(parse(&launch, &header, size));
}

static void what_follows_the_block_is_ignored(void **state)
{
	struct walnut_launch header = good_header();
	struct launch launch;

	header.total_size = sizeof(header) + 16;
	header.invoke_offset = 0;
	assert_true(parse(&launch, &header, BLOCK_SIZE));
	assert_int_equal(launch.environment.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_block_is_read),
		cmocka_unit_test(no_strings_are_fine),
		cmocka_unit_test(broken_headers_are_refused),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(what_follows_the_block_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
