/* kernel/runtime/lib/string.c, under other names so that it can be compared with the
 * C library */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *kernel_memcpy(void *restrict to, const void *restrict from, size_t size);
void *kernel_memmove(void *to, const void *from, size_t size);
void *kernel_memset(void *to, int value, size_t size);
int kernel_memcmp(const void *left, const void *right, size_t size);
size_t kernel_strlen(const char *text);

#define BUFFER 6000

static const size_t sizes[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65,
				100, 127, 128, 129, 1000, 1023, 1024, 1025, 2000 };
static const int distances[] = { -1500, -1024, -100, -33, -17, -16, -15, -8, -3, -1, 0, 1, 2, 7, 8, 15, 16,
				 17, 31, 33, 64, 100, 1023, 1024, 1025, 2000 };

static void fill(uint8_t *buffer)
{
	for (size_t i = 0; i < BUFFER; i++)
		buffer[i] = (uint8_t)(i * 7 + i / 251);
}

static void moving_is_as_in_the_library(void **state)
{
	static uint8_t expected[BUFFER], actual[BUFFER];

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		for (size_t d = 0; d < sizeof(distances) / sizeof(distances[0]); d++) {
			size_t from = 1600, to = (size_t)(1600 + distances[d]);

			fill(expected);
			fill(actual);
			memmove(expected + to, expected + from, sizes[s]);
			assert_ptr_equal(kernel_memmove(actual + to, actual + from, sizes[s]), actual + to);
			assert_memory_equal(actual, expected, BUFFER);
		}
	}
}

/* In blocks of their exact size, so that one byte too far is seen. */
static void copying_stays_inside(void **state)
{
	for (size_t s = 1; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		uint8_t *from = malloc(sizes[s]), *to = malloc(sizes[s]);

		memset(from, 0x5a, sizes[s]);
		kernel_memcpy(to, from, sizes[s]);
		assert_memory_equal(to, from, sizes[s]);
		kernel_memset(to, 0x1a5, sizes[s]);
		for (size_t i = 0; i < sizes[s]; i++)
			assert_int_equal(to[i], 0xa5);
		free(from);
		free(to);
	}
}

static void comparing_finds_the_first_difference(void **state)
{
	assert_int_equal(kernel_memcmp("abc", "abc", 3), 0);
	assert_int_equal(kernel_memcmp("abc", "abd", 2), 0);
	assert_true(kernel_memcmp("abc", "abd", 3) < 0);
	assert_true(kernel_memcmp("\xff", "\x01", 1) > 0);
	assert_int_equal(kernel_memcmp("", "", 0), 0);
	assert_int_equal(kernel_strlen(""), 0);
	assert_int_equal(kernel_strlen("walnut"), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moving_is_as_in_the_library),
		cmocka_unit_test(copying_stays_inside),
		cmocka_unit_test(comparing_finds_the_first_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
