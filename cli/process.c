#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_FOUND 127
#define EXIT_NOT_STARTED 126

/* What the handler needs; one child at a time. */
static volatile sig_atomic_t child_pid;
static volatile sig_atomic_t interrupted_by;

static void on_signal(int number)
{
	interrupted_by = number;
	if (child_pid > 0)
		kill((pid_t)child_pid, number);
}

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define FORWARDED_COUNT (sizeof(forwarded) / sizeof(forwarded[0]))

struct signal_state {
	struct sigaction old[FORWARDED_COUNT];
	sigset_t old_mask;
};

static sigset_t forwarded_set(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < FORWARDED_COUNT; i++)
		sigaddset(&set, forwarded[i]);
	return set;
}

void process_hold(struct process_hold *hold)
{
	sigset_t set = forwarded_set();

	sigprocmask(SIG_BLOCK, &set, &hold->old);
}

void process_release(const struct process_hold *hold)
{
	sigprocmask(SIG_SETMASK, &hold->old, NULL);
}

int process_wait(int fd, int timeout_ms)
{
	struct pollfd watch[] = { { .fd = -1, .events = POLLIN }, { .fd = fd, .events = POLLOUT } };
	sigset_t set = forwarded_set();

	for (size_t i = 0; i < FORWARDED_COUNT; i++) {
		struct sigaction action;

		if (sigaction(forwarded[i], NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			sigdelset(&set, forwarded[i]);
	}
	/* Tells of signals that wait, and leaves them waiting. */
	watch[0].fd = signalfd(-1, &set, SFD_CLOEXEC);
	poll(watch, 2, timeout_ms);
	if (watch[0].fd >= 0)
		close(watch[0].fd);
	return watch[0].revents ? -1 : 0;
}

static void signals_install(struct signal_state *state)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t set = forwarded_set();

	/* Held back until child_pid is known, so that none is lost. */
	sigprocmask(SIG_BLOCK, &set, &state->old_mask);
	for (size_t i = 0; i < FORWARDED_COUNT; i++) {
		sigaction(forwarded[i], NULL, &state->old[i]);
		/* nohup and background jobs of a shell keep what they ignore. */
		if (state->old[i].sa_handler != SIG_IGN)
			sigaction(forwarded[i], &action, NULL);
	}
}

static void signals_let_in(void)
{
	sigset_t set = forwarded_set();

	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Before the handlers go, so that a late signal still finds them or waits. */
static void signals_restore(struct signal_state *state)
{
	sigprocmask(SIG_SETMASK, &state->old_mask, NULL);
	for (size_t i = 0; i < FORWARDED_COUNT; i++)
		sigaction(forwarded[i], &state->old[i], NULL);
}

static void run_child(const char *const argv[], int error_fd, struct signal_state *state,
		      pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    (error_fd >= 0 && dup2(error_fd, STDERR_FILENO) < 0))
		_exit(EXIT_NOT_STARTED);
	signals_restore(state);
	signals_let_in();
	execvp(argv[0], (char *const *)argv);
	_exit(errno == ENOENT || errno == EACCES ? EXIT_NOT_FOUND : EXIT_NOT_STARTED);
}

static void drain(int fd, char *buffer, size_t size)
{
	size_t used = 0;

	for (;;) {
		char spill[512];
		bool room = used + 1 < size;
		ssize_t got = read(fd, room ? buffer + used : spill, room ? size - 1 - used : sizeof(spill));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (room)
			used += (size_t)got;
	}
	buffer[used] = '\0';
}

/* The number stays the child's until the handler has stopped using it. */
static int reap(pid_t pid)
{
	siginfo_t ended;
	int status = 0;

	while (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	child_pid = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int process_run(const char *const argv[], char *errors, size_t errors_size)
{
	struct signal_state signals;
	int pipe_fds[2] = { -1, -1 };
	int status, result;
	pid_t parent = getpid(), pid;

	if (errors && pipe2(pipe_fds, O_CLOEXEC))
		return -1;
	interrupted_by = 0;
	signals_install(&signals);
	pid = fork();
	if (pid == 0)
		run_child(argv, pipe_fds[1], &signals, parent);
	child_pid = pid;
	signals_let_in();
	if (errors) {
		close(pipe_fds[1]);
		if (pid > 0)
			drain(pipe_fds[0], errors, errors_size);
		close(pipe_fds[0]);
	}
	if (pid < 0) {
		signals_restore(&signals);
		return -1;
	}
	status = reap(pid);
	signals_restore(&signals);
	if (interrupted_by)
		return 128 + interrupted_by;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	result = WEXITSTATUS(status);
	if (result == EXIT_NOT_STARTED)
		return -1;
	return result == EXIT_NOT_FOUND ? PROCESS_NOT_FOUND : result;
}

int process_interrupted_by(void)
{
	return interrupted_by;
}

void process_end_by_signal(int number)
{
	signal(number, SIG_DFL);
	raise(number);
}

bool process_in_path(const char *name)
{
	const char *at = getenv("PATH");

	while (at && *at) {
		const char *end = strchrnul(at, ':');
		char path[PATH_MAX];
		int size = snprintf(path, sizeof(path), "%.*s/%s", (int)(end - at), at, name);

		if (size < (int)sizeof(path) && access(path, X_OK) == 0)
			return true;
		at = *end ? end + 1 : NULL;
	}
	return false;
}
