/* Running the compiler, the linker and wat2wasm. */
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "process.h"

static int shell(const char *script, char *errors, size_t size)
{
	return process_run((const char *[]){ "sh", "-c", script, NULL }, errors, size);
}

static void the_exit_status_comes_back(void **state)
{
	(void)state;
	assert_int_equal(shell("exit 0", NULL, 0), 0);
	assert_int_equal(shell("exit 125", NULL, 0), 125);
	assert_int_equal(shell("kill -SEGV $$", NULL, 0), 128 + SIGSEGV);
}

static void standard_error_is_kept_and_cut(void **state)
{
	char errors[16];

	(void)state;
	assert_int_equal(shell("echo oops >&2; exit 3", errors, sizeof(errors)), 3);
	assert_string_equal(errors, "oops\n");
	assert_int_equal(shell("yes 0123456789 | head -n 100000 >&2", errors, sizeof(errors)), 0);
	assert_string_equal(errors, "0123456789\n0123");
	assert_int_equal(shell("exit 0", errors, sizeof(errors)), 0);
	assert_string_equal(errors, "");
}

static void standard_input_is_empty(void **state)
{
	(void)state;
	assert_int_equal(shell("test -z \"$(cat)\"", NULL, 0), 0);
}

static void a_missing_program_is_told_apart(void **state)
{
	const char *const argv[] = { "no-such-program-here", NULL };
	char errors[64];

	(void)state;
	assert_int_equal(process_run(argv, NULL, 0), PROCESS_NOT_FOUND);
	assert_int_equal(process_run(argv, errors, sizeof(errors)), PROCESS_NOT_FOUND);
	assert_string_equal(errors, "");
}

/* Not to be taken for a program that is not installed. */
static void a_program_that_cannot_be_started_is_told_apart(void **state)
{
	struct rlimit old, few = { 3, 1024 };

	(void)state;
	getrlimit(RLIMIT_NOFILE, &old);
	few.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	assert_int_equal(shell("exit 0", NULL, 0), -1);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(shell("exit 0", NULL, 0), 0);
}

/* In a process of its own, since the signals are for the process. */
static int interrupted(int number, const char *script, bool ignore)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int result;

		signal(number, ignore ? SIG_IGN : SIG_DFL);
		result = shell(script, NULL, 0);
		/* The handlers are gone again. */
		if (!ignore && signal(number, SIG_DFL) != SIG_DFL)
			_exit(99);
		_exit(result);
	}
	usleep(200000);
	kill(pid, number);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void signals_reach_the_child(void **state)
{
	(void)state;
	assert_int_equal(interrupted(SIGTERM, "exec sleep 20", false), 128 + SIGTERM);
	assert_int_equal(interrupted(SIGINT, "exec sleep 20", false), 128 + SIGINT);
	/* It ended in order, but we were interrupted all the same. */
	assert_int_equal(interrupted(SIGTERM, "trap 'exit 0' TERM; sleep 20 & wait", false), 128 + SIGTERM);
}

static void ignored_signals_stay_ignored(void **state)
{
	(void)state;
	assert_int_equal(interrupted(SIGINT, "sleep 0.5; exit 7", true), 7);
}

/* While held, a signal ends the child at once, and us only afterwards. */
static void a_held_signal_waits(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct process_hold hold;
		int first, second;

		process_hold(&hold);
		write_file("ready", "", 0);
		usleep(400000);
		first = shell("exec sleep 20", NULL, 0);
		second = process_interrupted_by();
		write_file("cleaned up", "", 0);
		process_release(&hold);
		process_end_by_signal(first == 128 + SIGTERM && second == SIGTERM ? SIGUSR1 : SIGUSR2);
		_exit(0);
	}
	while (access("ready", F_OK) != 0)
		usleep(1000);
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGUSR1);
	assert_int_equal(access("cleaned up", F_OK), 0);
}

static void path_is_searched(void **state)
{
	char path[PATH_MAX];

	write_file("tool", "#!/bin/sh\n", 10);
	snprintf(path, sizeof(path), "/nonexistent:%s", (char *)*state);
	setenv("PATH", path, 1);
	assert_false(process_in_path("tool"));
	chmod("tool", 0755);
	assert_true(process_in_path("tool"));
	assert_false(process_in_path("other"));
	unsetenv("PATH");
	assert_false(process_in_path("tool"));
	setenv("PATH", "/usr/bin:/bin", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exit_status_comes_back),
		cmocka_unit_test(standard_error_is_kept_and_cut),
		cmocka_unit_test(standard_input_is_empty),
		cmocka_unit_test(a_missing_program_is_told_apart),
		cmocka_unit_test(a_program_that_cannot_be_started_is_told_apart),
		cmocka_unit_test(signals_reach_the_child),
		cmocka_unit_test(ignored_signals_stay_ignored),
		test_in_folder(a_held_signal_waits),
		test_in_folder(path_is_searched),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
