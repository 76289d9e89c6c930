/* Files that appear whole or not at all, and the scratch folder. */
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "files.h"

static unsigned files_here(void)
{
	DIR *folder = opendir(".");
	struct dirent *item;
	unsigned count = 0;

	while ((item = readdir(folder)))
		count += item->d_name[0] != '.';
	closedir(folder);
	return count;
}

static void a_scratch_folder_comes_and_goes(void **state)
{
	struct scratch scratch;
	struct stat status;
	char path[PATH_MAX + 8];

	setenv("TMPDIR", *state, 1);
	assert_int_equal(files_scratch_make(&scratch), 0);
	assert_ptr_equal(strstr(scratch.path, *state), scratch.path);
	assert_int_equal(stat(scratch.path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/a", scratch.path);
	write_file(path, "x", 1);
	snprintf(path, sizeof(path), "%s", scratch.path);
	files_scratch_remove(&scratch);
	assert_int_equal(access(path, F_OK), -1);
	assert_string_equal(scratch.path, "");
	files_scratch_remove(&scratch);
}

static void no_place_for_scratch_is_an_error(void **state)
{
	struct scratch scratch;

	(void)state;
	setenv("TMPDIR", "/nonexistent/folder", 1);
	assert_int_equal(files_scratch_make(&scratch), -ENOENT);
	assert_string_equal(scratch.path, "");
	files_scratch_remove(&scratch);
}

static void publishing_replaces_and_follows_the_umask(void **state)
{
	struct stat status;
	size_t size;
	char *text;

	(void)state;
	write_file("source", "new", 3);
	write_file("target", "old and longer", 14);
	umask(027);
	assert_int_equal(files_publish("source", "target", 0777), 0);
	umask(022);
	text = read_file("target", &size);
	assert_string_equal(text, "new");
	assert_int_equal(stat("target", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0750);
	assert_int_equal(files_here(), 2);
	free(text);
}

static void publishing_to_a_device_writes_to_it(void **state)
{
	struct stat status;

	(void)state;
	write_file("source", "new", 3);
	assert_int_equal(files_publish("source", "/dev/null", 0666), 0);
	assert_int_equal(stat("/dev/null", &status), 0);
	assert_true(S_ISCHR(status.st_mode));
	assert_int_equal(files_publish("source", "/dev/full", 0666), -ENOSPC);
}

static void publishing_to_a_link_keeps_the_link(void **state)
{
	struct stat status;
	size_t size;
	char *text;

	(void)state;
	write_file("source", "new", 3);
	write_file("target", "old and longer", 14);
	assert_int_equal(symlink("target", "link"), 0);
	assert_int_equal(symlink("made", "dangling"), 0);
	assert_int_equal(files_publish("source", "link", 0666), 0);
	assert_int_equal(files_publish("source", "dangling", 0666), 0);
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	text = read_file("target", &size);
	assert_string_equal(text, "new");
	free(text);
	text = read_file("made", &size);
	assert_string_equal(text, "new");
	free(text);
}

static void what_cannot_be_published_leaves_nothing(void **state)
{
	struct rlimit old, small = { 10, RLIM_INFINITY };
	char data[100] = { 0 };
	size_t size;
	char *text;

	(void)state;
	write_file("source", data, sizeof(data));
	write_file("target", "old", 3);
	assert_int_equal(files_publish("nothing", "target", 0666), -ENOENT);
	assert_int_equal(files_publish("source", "no/such/folder", 0666), -ENOENT);
	assert_int_equal(files_publish("source", ".", 0666), -EISDIR);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(files_publish("source", "target", 0666), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	text = read_file("target", &size);
	assert_string_equal(text, "old");
	assert_int_equal(files_here(), 2);
	free(text);
}

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
		test_in_folder(a_scratch_folder_comes_and_goes),
		cmocka_unit_test(no_place_for_scratch_is_an_error),
		test_in_folder(publishing_replaces_and_follows_the_umask),
		test_in_folder(publishing_to_a_device_writes_to_it),
		test_in_folder(publishing_to_a_link_keeps_the_link),
		test_in_folder(what_cannot_be_published_leaves_nothing),
		test_in_folder(the_same_file_has_many_names),
		cmocka_unit_test(default_outputs_are_in_the_current_folder),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
