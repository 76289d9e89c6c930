/* Names of files. */
#include "support.h"

#include "files.h"

static void the_same_file_has_many_names(void **state)
{
	(void)state;
	write_file("a", "x", 1);
	write_file("b", "x", 1);
	assert_int_equal(symlink("a", "c"), 0);
	assert_int_equal(link("a", "d"), 0);
	assert_true(files_same("a", "./a"));
	assert_true(files_same("a", "c"));
	assert_true(files_same("d", "c"));
	assert_false(files_same("a", "b"));
	assert_false(files_same("a", "nothing"));
	assert_false(files_same("nothing", "nothing"));
}

static void default_outputs_are_in_the_current_folder(void **state)
{
	static const char *const cases[][2] = {
		{ "app.wasm", "app.o" }, { "/a/b/app.wasm", "app.o" }, { "app", "app.o" },
		{ "a.b.wat", "a.b.o" }, { ".hidden", ".hidden.o" }, { "dir.d/app", "app.o" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char output[PATH_MAX];

		files_default_output(output, cases[i][0], ".o");
		assert_string_equal(output, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(the_same_file_has_many_names),
		cmocka_unit_test(default_outputs_are_in_the_current_folder),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
