/* The option parser and its help. */
#include "support.h"

#include "fail.h"
#include "option_values.h"
#include "options.h"

enum { LEVEL = 1, NAME, FLAG };

static const struct option_spec specs[] = {
	{ NULL, 'O', "0…3", "level", LEVEL },
	{ "name", 'n', "NAME", "what to call it", NAME },
	{ "flag", 0, NULL, "say yes", FLAG },
	{ 0 },
};
static const struct usage usage = { "test", "FILE", "Tests.", specs, "The end." };

/* What apply() was called with, as "1=2 3=". */
static char seen[256];
static int apply_result;

static int apply(void *opaque, int id, const char *argument)
{
	size_t at = strlen(seen);

	assert_ptr_equal(opaque, seen);
	snprintf(seen + at, sizeof(seen) - at, "%d=%s ", id, argument ? argument : "");
	return apply_result;
}

static int parse(int argc, const char *const *argv)
{
	seen[0] = '\0';
	apply_result = 0;
	return options_parse(&usage, argc, (char **)argv, apply, seen);
}

#define PARSE(...) parse(sizeof((const char *[]){ "test", ##__VA_ARGS__ }) / sizeof(char *), \
			 (const char *[]){ "test", ##__VA_ARGS__, NULL })

static void every_spelling_is_understood(void **state)
{
	(void)state;
	assert_int_equal(PARSE("-O2", "--name=a", "--name", "b", "-nc", "-n", "d", "--flag", "x", "y"), 9);
	assert_string_equal(seen, "1=2 2=a 2=b 2=c 2=d 3= ");
}

static void options_end_at_the_first_operand(void **state)
{
	(void)state;
	assert_int_equal(PARSE("file", "--flag"), 1);
	assert_string_equal(seen, "");
	assert_int_equal(PARSE("--flag", "--", "--flag"), 3);
	assert_string_equal(seen, "3= ");
	assert_int_equal(PARSE("-", "--flag"), 1);
}

static void an_empty_value_is_a_value(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--name=", "--name", "", "x"), 4);
	assert_string_equal(seen, "2= 2= ");
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *words[2];
		int count;
		const char *complaint;
	} cases[] = {
		{ { "--nam" }, 1, "--nam" },
		{ { "--names=x" }, 1, "--names=x" },
		{ { "-x" }, 1, "-x" },
		{ { "--name" }, 1, "NAME" },
		{ { "-n" }, 1, "NAME" },
		{ { "--flag=yes" }, 1, "--flag=yes: takes no value" },
		{ { "-nx", "--flag=" }, 2, "takes no value" },
		{ { "--=x" }, 1, "--=x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argv[] = { "test", cases[i].words[0], cases[i].words[1], NULL };
		int saved = capture_begin(2);
		int result = parse(1 + cases[i].count, argv);
		char *text = capture_end(2, saved);

		assert_int_equal(result, -EXIT_WALNUT_FAILED);
		assert_ptr_equal(strstr(text, "walnut: test: "), text);
		assert_non_null(strstr(text, cases[i].complaint));
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		free(text);
	}
}

static void a_refusal_by_apply_ends_it(void **state)
{
	const char *argv[] = { "test", "--flag", "--flag", NULL };

	(void)state;
	seen[0] = '\0';
	apply_result = 1;
	assert_int_equal(options_parse(&usage, 3, (char **)argv, apply, seen), -EXIT_WALNUT_FAILED);
	assert_string_equal(seen, "3= ");
}

static void help_lists_every_option(void **state)
{
	int saved, result;
	char *text;

	(void)state;
	saved = capture_begin(1);
	result = PARSE("--flag", "--help", "--nonsense");
	text = capture_end(1, saved);
	assert_int_equal(result, OPTIONS_HELP);
	assert_ptr_equal(strstr(text, "Usage: walnut test [OPTIONS] FILE\n"), text);
	assert_non_null(strstr(text, "  -O0…3 "));
	assert_non_null(strstr(text, "  -n, --name NAME "));
	assert_non_null(strstr(text, "      --flag "));
	assert_non_null(strstr(text, "  -h, --help "));
	assert_non_null(strstr(text, "The end."));
	free(text);
}

static int parse_one(const char **operand, int argc, const char *const *argv)
{
	seen[0] = '\0';
	apply_result = 0;
	return options_parse_one(&usage, argc, (char **)argv, apply, seen, operand);
}

static void one_operand_may_stand_anywhere(void **state)
{
	const char *operand, *argv[] = { "test", "--flag", "file", "-n", "x", NULL };
	const char *last[] = { "test", "-O1", "--", "-file", NULL };

	(void)state;
	assert_int_equal(parse_one(&operand, 5, argv), 0);
	assert_string_equal(operand, "file");
	assert_string_equal(seen, "3= 2=x ");
	assert_int_equal(parse_one(&operand, 4, last), 0);
	assert_string_equal(operand, "-file");
}

static void none_and_two_operands_are_refused(void **state)
{
	const char *operand, *none[] = { "test", "--flag", NULL }, *two[] = { "test", "a", "b", NULL };
	int saved = capture_begin(2);
	int without = parse_one(&operand, 2, none), with_two = parse_one(&operand, 3, two);
	char *text = capture_end(2, saved);

	(void)state;
	assert_int_equal(without, -EXIT_WALNUT_FAILED);
	assert_int_equal(with_two, -EXIT_WALNUT_FAILED);
	assert_non_null(strstr(text, "no FILE given"));
	assert_non_null(strstr(text, "not also b"));
	free(text);
}

static void after_two_dashes_nothing_is_an_option(void **state)
{
	const char *operand, *argv[] = { "test", "--", "file", "--flag", NULL };
	int saved = capture_begin(2);
	int result = parse_one(&operand, 4, argv);
	char *text = capture_end(2, saved);

	(void)state;
	assert_int_equal(result, -EXIT_WALNUT_FAILED);
	assert_string_equal(seen, "");
	assert_non_null(strstr(text, "not also --flag"));
	free(text);
}

static void sizes_have_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* 0: refused */
	} cases[] = {
		{ "1", 1 }, { "64K", 65536 }, { "64k", 65536 }, { "128M", UINT64_C(128) << 20 },
		{ "2G", UINT64_C(2) << 30 }, { "3T", UINT64_C(3) << 40 },
		{ "18446744073709551615", UINT64_MAX }, { "16777215T", UINT64_C(16777215) << 40 },
		{ "", 0 }, { "0", 0 }, { "M", 0 }, { "-5M", 0 }, { "+5M", 0 }, { " 5M", 0 }, { "5 M", 0 },
		{ "12Q", 0 }, { "1M1", 0 }, { "1MB", 0 }, { "1.5G", 0 }, { "0x10", 0 },
		{ "18446744073709551616", 0 }, { "16777216T", 0 }, { "18446744073709551615K", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bytes = 0;
		int result = option_size(cases[i].text, &bytes);

		if (result != (cases[i].bytes ? 0 : -1) || (result == 0 && bytes != cases[i].bytes))
			fail_msg("\"%s\": %d, %llu", cases[i].text, result, (unsigned long long)bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_is_understood),
		cmocka_unit_test(options_end_at_the_first_operand),
		cmocka_unit_test(an_empty_value_is_a_value),
		test_in_folder(mistakes_are_named),
		cmocka_unit_test(a_refusal_by_apply_ends_it),
		test_in_folder(help_lists_every_option),
		cmocka_unit_test(one_operand_may_stand_anywhere),
		test_in_folder(none_and_two_operands_are_refused),
		test_in_folder(after_two_dashes_nothing_is_an_option),
		cmocka_unit_test(sizes_have_units),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
