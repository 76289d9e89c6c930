/* The scratch folder: goes away with its maker, however that ends. */
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "scratch.h"

static void a_scratch_folder_comes_and_goes(void **state)
{
	struct scratch scratch;
	struct stat status;
	char path[PATH_MAX];

	setenv("TMPDIR", *state, 1);
	assert_int_equal(scratch_make(&scratch), 0);
	assert_ptr_equal(strstr(scratch.path, *state), scratch.path);
	assert_int_equal(stat(scratch.path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(scratch_name(&scratch, SCRATCH_OBJECT, path), 0);
	write_file(path, "x", 1);
	snprintf(path, sizeof(path), "%s", scratch.path);
	scratch_remove(&scratch);
	assert_int_equal(access(path, F_OK), -1);
	assert_string_equal(scratch.path, "");
	scratch_remove(&scratch);
}

static void no_place_for_scratch_is_an_error(void **state)
{
	struct scratch scratch;

	(void)state;
	setenv("TMPDIR", "/nonexistent/folder", 1);
	assert_int_equal(scratch_make(&scratch), -ENOENT);
	assert_string_equal(scratch.path, "");
	scratch_remove(&scratch);
}


/* Makes a folder with a file in it and dies without a chance to clean up. */
static void killed_maker(char path[PATH_MAX], const char *file)
{
	int pipe_fds[2];
	pid_t pid;

	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	if (pid == 0) {
		struct scratch scratch;
		char name[PATH_MAX];

		if (scratch_make(&scratch) == 0 && scratch_name(&scratch, file, name) == 0) {
			write_file(name, "x", 1);
			(void)!write(pipe_fds[1], scratch.path, strlen(scratch.path) + 1);
		}
		raise(SIGKILL);
	}
	assert_true(read(pipe_fds[0], path, PATH_MAX) > 1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	assert_int_equal(access(path, F_OK), 0);
}

static void what_a_killed_run_left_goes_with_the_next(void **state)
{
	struct scratch scratch;
	char path[PATH_MAX];

	setenv("TMPDIR", *state, 1);
	killed_maker(path, SCRATCH_IMAGE);
	assert_int_equal(scratch_make(&scratch), 0);
	assert_int_equal(access(path, F_OK), -1);
	scratch_remove(&scratch);
}

static void a_folder_in_use_stays(void **state)
{
	struct scratch used, other;

	setenv("TMPDIR", *state, 1);
	assert_int_equal(scratch_make(&used), 0);
	assert_int_equal(scratch_make(&other), 0);
	assert_int_equal(access(used.path, F_OK), 0);
	scratch_remove(&other);
	scratch_remove(&used);
}

/* Somebody's folder may happen to have such a name. */
static void other_peoples_files_stay(void **state)
{
	struct scratch scratch;
	char path[PATH_MAX], link[PATH_MAX], outside[PATH_MAX];

	setenv("TMPDIR", *state, 1);
	killed_maker(path, "letters.txt");
	snprintf(outside, sizeof(outside), "%s/outside", (char *)*state);
	snprintf(link, sizeof(link), "%s/walnut-scratch-linked", (char *)*state);
	assert_int_equal(mkdir(outside, 0700), 0);
	assert_int_equal(symlink(outside, link), 0);
	assert_int_equal(chdir(outside), 0);
	write_file(SCRATCH_OBJECT, "x", 1);
	assert_int_equal(scratch_make(&scratch), 0);
	scratch_remove(&scratch);
	assert_int_equal(access(SCRATCH_OBJECT, F_OK), 0);
	assert_int_equal(chdir(path), 0);
	assert_int_equal(access("letters.txt", F_OK), 0);
}

/* Each takes the others' new folders for stale ones, if it can. */
static void many_at_once_get_a_folder_each(void **state)
{
	pid_t pids[8];

	setenv("TMPDIR", *state, 1);
	for (size_t i = 0; i < 8; i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		for (int turn = 0; turn < 200; turn++) {
			struct scratch scratch;
			char name[PATH_MAX];
			FILE *file;

			if (scratch_make(&scratch) || scratch_name(&scratch, SCRATCH_OBJECT, name))
				_exit(1);
			file = fopen(name, "wx");
			if (!file || fclose(file) || access(name, F_OK))
				_exit(2);
			scratch_remove(&scratch);
		}
		_exit(0);
	}
	for (size_t i = 0; i < 8; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(a_scratch_folder_comes_and_goes),
		cmocka_unit_test(no_place_for_scratch_is_an_error),
		test_in_folder(what_a_killed_run_left_goes_with_the_next),
		test_in_folder(a_folder_in_use_stays),
		test_in_folder(other_peoples_files_stay),
		test_in_folder(many_at_once_get_a_folder_each),
	};

	return cmocka_run_group_tests_name("scratch", tests, NULL, NULL);
}
