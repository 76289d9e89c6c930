/* kernel/runtime/lib/decimal.c, against the C library */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/decimal.h"

static const char *printed_f64(double value)
{
	static char buffer[DECIMAL_TEXT_MAX + 1];
	struct text text = { buffer, DECIMAL_TEXT_MAX, 0 };

	decimal_print_f64(&text, value);
	buffer[text.used] = 0;
	return buffer;
}

static const char *printed_f32(float value)
{
	static char buffer[DECIMAL_TEXT_MAX + 1];
	struct text text = { buffer, DECIMAL_TEXT_MAX, 0 };

	decimal_print_f32(&text, value);
	buffer[text.used] = 0;
	return buffer;
}

/* Digits without leading zeros, trailing zeros and the point. */
static size_t significant_digits(const char *text)
{
	size_t count = 0, zeros = 0;

	for (; *text; text++) {
		if (*text < '0' || *text > '9' || (*text == '0' && !count && !zeros))
			continue;
		if (*text == '0') {
			zeros += count != 0;
		} else {
			count += zeros + 1;
			zeros = 0;
		}
	}
	return count;
}

static double read_f64(const char *string)
{
	double value;

	assert_true(decimal_read_f64(string, &value));
	return value;
}

static void known_numbers_are_printed(void **state)
{
	assert_string_equal(printed_f64(0.0), "0");
	assert_string_equal(printed_f64(-0.0), "-0");
	assert_string_equal(printed_f64(1.0), "1");
	assert_string_equal(printed_f64(-1.5), "-1.5");
	assert_string_equal(printed_f64(0.1), "0.1");
	assert_string_equal(printed_f64(0.1 + 0.2), "0.30000000000000004");
	assert_string_equal(printed_f64(1e21), "1000000000000000000000");
	assert_string_equal(printed_f64(123456.789), "123456.789");
	assert_string_equal(printed_f64(1e-7), "0.0000001");
	assert_string_equal(printed_f64(9007199254740993.0), "9007199254740992");
	assert_string_equal(printed_f64(5e-324) + 320, "000005");
	assert_int_equal(strlen(printed_f64(1.7976931348623157e308)), 309);
	assert_string_equal(printed_f64(INFINITY), "inf");
	assert_string_equal(printed_f64(-INFINITY), "-inf");
	assert_string_equal(printed_f64(NAN), "NaN");
	assert_string_equal(printed_f32(0.1f), "0.1");
	assert_string_equal(printed_f32(16777216.0f), "16777216");
	assert_string_equal(printed_f32(3.4028235e38f), "340282350000000000000000000000000000000");
	assert_string_equal(printed_f32(1e-45f), "0.000000000000000000000000000000000000000000001");
}

static void what_is_printed_reads_back_and_is_short(void **state)
{
	srand(7);
	for (int i = 0; i < 3000; i++) {
		uint64_t bits = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
		char shortest[64];
		const char *text;
		double value;
		int digits;

		if (i % 4 == 0) /* powers of two have an uneven neighbourhood */
			bits &= UINT64_C(0xfff0000000000000);
		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value) || value == 0)
			continue;
		text = printed_f64(value);
		assert_true(strtod(text, NULL) == value);
		for (digits = 1; digits < 17; digits++) {
			snprintf(shortest, sizeof(shortest), "%.*e", digits - 1, value);
			if (strtod(shortest, NULL) == value)
				break;
		}
		assert_true(significant_digits(text) <= (size_t)digits);
	}
}

static void floats_read_back_too(void **state)
{
	srand(8);
	for (int i = 0; i < 3000; i++) {
		uint32_t bits = (uint32_t)rand() << 16 ^ (uint32_t)rand();
		float value, back;

		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value))
			continue;
		assert_true(decimal_read_f32(printed_f32(value), &back));
		assert_memory_equal(&value, &back, sizeof(value));
	}
}

static void numbers_are_read_as_the_library_reads_them(void **state)
{
	static const char *const numbers[] = {
		"0", "-0", "1", "+1", "1.", ".5", "1e3", "1E+3", "1e-3", "123456789012345678901234567890",
		"9007199254740993", "9007199254740992.99999999999999999", "9007199254740993.00000000000000001",
		"1e308", "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1e309",
		"1e400", "1e99999999999", "1e-99999999999", "0e99999999999", "4.9e-324", "2.4703282292062327e-324",
		"2.4703282292062328e-324", "2.47032822920623272e-324", "1e-400", "2.2250738585072011e-308",
		"2.2250738585072014e-308", "0.000000000000000000000000000001e30", "inf", "-Infinity",
	};
	char number[64];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		double expected = strtod(numbers[i], NULL), value = read_f64(numbers[i]);

		assert_memory_equal(&value, &expected, sizeof(value));
	}
	srand(9);
	for (int i = 0; i < 3000; i++) {
		float expected, value;
		double wide, wide_expected;

		snprintf(number, sizeof(number), "%d.%d%de%d", rand() % 1000, rand(), rand(), rand() % 90 - 45);
		expected = strtof(number, NULL);
		assert_true(decimal_read_f32(number, &value));
		assert_memory_equal(&value, &expected, sizeof(value));
		wide_expected = strtod(number, NULL);
		wide = read_f64(number);
		assert_memory_equal(&wide, &wide_expected, sizeof(wide));
	}
}

static void halfway_cases_need_all_digits(void **state)
{
	char number[1200];
	double value, expected;

	/* The midpoint between the two smallest numbers would need 1075 places. */
	snprintf(number, sizeof(number), "%.1100f", 1.5 * 4.9406564584124654e-324);
	value = read_f64(number);
	expected = strtod(number, NULL);
	assert_memory_equal(&value, &expected, sizeof(value));
	snprintf(number, sizeof(number), "9007199254740993%s", ".");
	memset(number + 17, '0', 1000);
	strcpy(number + 1017, "1");
	assert_true(read_f64(number) == 9007199254740994.0);
	number[1017] = 0;
	assert_true(read_f64(number) == 9007199254740992.0);
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const words[] = { "", "-", ".", "e5", "1e", "1e+", "1x", "1.2.3", " 1", "1 ", "0x10",
					     "infi", "na", "--1" };
	double value;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_false(decimal_read_f64(words[i], &value));
	assert_true(isnan(read_f64("nan")));
	assert_true(isnan(read_f64("-NaN")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_numbers_are_printed),
		cmocka_unit_test(what_is_printed_reads_back_and_is_short),
		cmocka_unit_test(floats_read_back_too),
		cmocka_unit_test(numbers_are_read_as_the_library_reads_them),
		cmocka_unit_test(halfway_cases_need_all_digits),
		cmocka_unit_test(what_is_no_number_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
