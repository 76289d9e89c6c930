/* What `walnut run` accepts. */
#include "support.h"

#include "fail.h"
#include "run_options.h"

static int parse(struct run_options *options, const char *const *argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return run_options_parse(options, argc, (char **)argv);
}

#define ARGV(...) ((const char *const[]){ "run", ##__VA_ARGS__, NULL })

static void defaults(void **state)
{
	struct run_options options;

	(void)state;
	assert_int_equal(parse(&options, ARGV("app.wasm")), 0);
	assert_int_equal(options.ram_mib, 128);
	assert_int_equal(options.accel, KRUN_WALNUT_ACCEL_AUTO);
	assert_int_equal(options.settings.opt_level, 2);
	assert_null(options.settings.target_cpu);
	assert_true(options.settings.require_start);
	assert_null(options.invoke);
	assert_int_equal(options.operand, 1);
	assert_null(options.environment[0]);
	assert_false(options.no_cache || options.verbose || options.stats);
	run_options_free(&options);
}

static void everything_at_once(void **state)
{
	struct run_options options;

	(void)state;
	assert_int_equal(parse(&options, ARGV("-e", "A=1", "--env=B=x=y", "--env", "C=", "--mem", "1G",
					      "--accel", "tcg", "--invoke", "go", "--no-cache", "-O0",
					      "--target-cpu", "x86-64", "-v", "--stats", "app", "-O9")),
			 0);
	assert_string_equal(options.environment[0], "A=1");
	assert_string_equal(options.environment[1], "B=x=y");
	assert_string_equal(options.environment[2], "C=");
	assert_null(options.environment[3]);
	assert_int_equal(options.ram_mib, 1024);
	assert_int_equal(options.accel, KRUN_WALNUT_ACCEL_TCG);
	assert_string_equal(options.invoke, "go");
	assert_false(options.settings.require_start);
	assert_int_equal(options.settings.opt_level, 0);
	assert_string_equal(options.settings.target_cpu, "x86-64");
	assert_true(options.no_cache && options.verbose && options.stats);
	assert_int_equal(options.operand, 18);
	run_options_free(&options);
}

static void part_of_a_mebibyte_counts_whole(void **state)
{
	struct run_options options;

	(void)state;
	assert_int_equal(parse(&options, ARGV("--mem", "20971521", "app")), 0);
	assert_int_equal(options.ram_mib, 21);
	run_options_free(&options);
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *words[3];
		const char *complaint;
	} cases[] = {
		{ { NULL }, "no program" },
		{ { "--env", "A", "app" }, "--env A" },
		{ { "--env", "=A", "app" }, "--env =A" },
		{ { "--mem", "15M", "app" }, "between" },
		{ { "--mem", "1025G", "app" }, "between" },
		{ { "--mem", "lots", "app" }, "--mem lots" },
		{ { "--accel", "xen", "app" }, "--accel xen" },
		{ { "--dir", "::guest", "app" }, "HOST[::GUEST]" },
		{ { "--dir", "/nonexistent", "app" }, "--dir /nonexistent: No such file" },
		{ { "--dir", "/dev/null", "app" }, "--dir /dev/null: Not a directory" },
		{ { "--dir", "/nonexistent::x:ro", "app" }, "--dir /nonexistent: No such file" },
		{ { "-O4", "app" }, "-O4" },
		{ { "-Os", "app" }, "-Os" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argv[] = { "run", cases[i].words[0], cases[i].words[1], cases[i].words[2], NULL };
		struct run_options options;
		int saved = capture_begin(2);
		int result = parse(&options, argv);
		char *text = capture_end(2, saved);

		if (result != -EXIT_WALNUT_FAILED || !strstr(text, cases[i].complaint))
			fail_msg("%s: %d, %s", cases[i].complaint, result, text);
		run_options_free(&options);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(everything_at_once),
		cmocka_unit_test(part_of_a_mebibyte_counts_whole),
		test_in_folder(mistakes_are_named),
	};

	return cmocka_run_group_tests_name("run_options", tests, NULL, NULL);
}
