/* The file that the user named: what it is. */
#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "fail.h"
#include "source.h"

static void kinds_are_told_by_content(void **state)
{
	static const struct {
		const char *name;
		const char *data;
		size_t size;
		enum source_kind kind;
	} cases[] = {
		{ "a.wasm", "\0asm\1\0\0\0", 8, SOURCE_MODULE },
		{ "b.wat", "\0asm\1\0\0\0", 8, SOURCE_MODULE },
		{ "c.elf", "\177ELF....", 8, SOURCE_ELF },
		{ "d.wasm", "\177ELF....", 8, SOURCE_ELF },
		{ "e.wat", ";; a comment\n(module)", 21, SOURCE_TEXT },
		{ "f.wat", "junk", 4, SOURCE_TEXT },
		{ "g", " \n\t(module)", 11, SOURCE_TEXT },
		{ "h", "#!/bin/sh\n", 10, SOURCE_MODULE },
		{ "i", "\0as", 3, SOURCE_MODULE },
		{ "j", "   ", 3, SOURCE_MODULE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source source;

		write_file(cases[i].name, cases[i].data, cases[i].size);
		assert_int_equal(source_open(&source, cases[i].name), 0);
		if (source.kind != cases[i].kind)
			fail_msg("%s: kind %d", cases[i].name, source.kind);
		assert_int_equal(source.size, cases[i].size);
		assert_memory_equal(source.bytes, cases[i].data, cases[i].size);
		source_close(&source);
		source_close(&source);
	}
}

static void what_is_no_file_is_refused(void **state)
{
	char long_name[PATH_MAX + 10];
	const char *const cases[][2] = {
		{ "nothing", "No such file" }, { ".", "directory" }, { "/dev/zero", "not a regular file" },
		{ "fifo", "not a regular file" }, { "empty", "empty" }, { long_name, "too long" },
	};

	(void)state;
	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	write_file("empty", "", 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source source;
		int saved = capture_begin(2);
		int result = source_open(&source, cases[i][0]);
		char *text = capture_end(2, saved);

		assert_int_equal(result, EXIT_WALNUT_FAILED);
		if (!strstr(text, cases[i][1]))
			fail_msg("%.20s: %s", cases[i][0], text);
		assert_int_equal(source.fd, -1);
		free(text);
	}
}

/* A shell script stands for wat2wasm. */
static void use_converter(const char *folder, const char *script)
{
	char path[PATH_MAX];

	write_file("wat2wasm", script, strlen(script));
	chmod("wat2wasm", 0755);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", folder);
	setenv("PATH", path, 1);
}

static void text_is_converted(void **state)
{
	struct scratch scratch = { .path = "" };
	struct source source;

	setenv("TMPDIR", *state, 1);
	use_converter(*state, "#!/bin/sh\nwhile test \"$1\" != -o; do shift; done\nprintf '\\0asm1234' >\"$2\"\n");
	write_file("a.wat", "(module)", 8);
	assert_int_equal(source_open(&source, "a.wat"), 0);
	assert_int_equal(source_convert(&source, &scratch), 0);
	assert_int_equal(source.kind, SOURCE_MODULE);
	assert_string_equal(source.name, "a.wat");
	assert_string_not_equal(source.path, "a.wat");
	assert_int_equal(source.size, 8);
	assert_memory_equal(source.bytes, "\0asm1234", 8);
	source_close(&source);
	scratch_remove(&scratch);
}

static void the_converters_complaint_is_passed_on(void **state)
{
	struct scratch scratch = { .path = "" };
	struct source source;
	int saved, result;
	char *text;

	setenv("TMPDIR", *state, 1);
	use_converter(*state, "#!/bin/sh\necho \"$3\":1:2: error: odd >&2\necho more >&2\nexit 1\n");
	write_file("a.wat", "(module)", 8);
	assert_int_equal(source_open(&source, "a.wat"), 0);
	saved = capture_begin(2);
	result = source_convert(&source, &scratch);
	text = capture_end(2, saved);
	assert_int_equal(result, EXIT_WALNUT_FAILED);
	assert_string_equal(text, "walnut: a.wat:1:2: error: odd\n");
	free(text);
	source_close(&source);
	scratch_remove(&scratch);
}

/* Helpers have to see what we have seen. */
static void the_open_file_is_what_helpers_get(void **state)
{
	struct timespec later[2] = { { .tv_nsec = UTIME_OMIT }, { 1, 0 } };
	struct source source;
	size_t size;
	char *text;

	(void)state;
	write_file("a.wasm", "\0asm\1\0\0\0", 8);
	assert_int_equal(source_open(&source, "a.wasm"), 0);
	assert_true(source_is_unchanged(&source));
	write_file("b", "another", 7);
	assert_int_equal(rename("b", "a.wasm"), 0);
	text = read_file(source.path, &size);
	assert_int_equal(size, 8);
	assert_memory_equal(text, "\0asm", 4);
	free(text);
	assert_false(source_is_unchanged(&source));
	source_close(&source);
	write_file("a.wasm", "\0asm\1\0\0\0", 8);
	assert_int_equal(source_open(&source, "a.wasm"), 0);
	assert_int_equal(utimensat(AT_FDCWD, "a.wasm", later, 0), 0);
	assert_false(source_is_unchanged(&source));
	assert_int_equal(unlink("a.wasm"), 0);
	assert_false(source_is_unchanged(&source));
	source_close(&source);
}

static void a_missing_converter_is_named(void **state)
{
	struct scratch scratch = { .path = "" };
	struct source source;
	int saved, result;
	char *text;

	setenv("TMPDIR", *state, 1);
	setenv("PATH", "/nonexistent", 1);
	write_file("a.wat", "(module)", 8);
	assert_int_equal(source_open(&source, "a.wat"), 0);
	saved = capture_begin(2);
	result = source_convert(&source, &scratch);
	text = capture_end(2, saved);
	setenv("PATH", "/usr/bin:/bin", 1);
	assert_int_equal(result, EXIT_WALNUT_FAILED);
	assert_non_null(strstr(text, "wat2wasm"));
	assert_non_null(strstr(text, "wabt"));
	free(text);
	source_close(&source);
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(kinds_are_told_by_content),
		test_in_folder(what_is_no_file_is_refused),
		test_in_folder(text_is_converted),
		test_in_folder(the_converters_complaint_is_passed_on),
		test_in_folder(the_open_file_is_what_helpers_get),
		test_in_folder(a_missing_converter_is_named),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
