#include "supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "fail.h"
#include "process.h"

static const int passed_on[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
#define PASSED_ON_COUNT (sizeof(passed_on) / sizeof(passed_on[0]))

static volatile pid_t child;

static void on_signal(int number)
{
	if (child > 0)
		kill(child, number);
}

/* Blocks the signals until the child is known; keeps what is ignored ignored. */
static void install(struct sigaction old[PASSED_ON_COUNT], sigset_t *old_mask)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < PASSED_ON_COUNT; i++)
		sigaddset(&set, passed_on[i]);
	sigprocmask(SIG_BLOCK, &set, old_mask);
	for (size_t i = 0; i < PASSED_ON_COUNT; i++) {
		sigaction(passed_on[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN)
			sigaction(passed_on[i], &action, NULL);
	}
}

static void restore(const struct sigaction old[PASSED_ON_COUNT], const sigset_t *old_mask)
{
	for (size_t i = 0; i < PASSED_ON_COUNT; i++)
		sigaction(passed_on[i], &old[i], NULL);
	sigprocmask(SIG_SETMASK, old_mask, NULL);
}

static void run_child(int (*work)(void *opaque), void *opaque, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_WALNUT_FAILED);
	_exit(work(opaque));
}

/* Unless whoever continued us did so to the whole group: then there is news of the child, and a late SIGCONT
 * could undo another stop. */
static void continue_child(pid_t pid)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)pid, &info, WCONTINUED | WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0)
		kill(pid, SIGCONT);
}

/* When it stops, having left the terminal in order, so do we; and go on together. */
static int wait_for_end(pid_t pid)
{
	int status;

	for (;;) {
		if (waitpid(pid, &status, WUNTRACED) < 0) {
			if (errno != EINTR)
				return 0;
		} else if (!WIFSTOPPED(status)) {
			return status;
		} else {
			raise(SIGSTOP);
			continue_child(pid);
		}
	}
}

int supervise(int (*work)(void *opaque), void *opaque)
{
	struct sigaction old[PASSED_ON_COUNT];
	struct termios terminal;
	bool has_terminal = tcgetattr(STDIN_FILENO, &terminal) == 0;
	pid_t parent = getpid();
	sigset_t old_mask;
	int status;

	fflush(NULL);
	install(old, &old_mask);
	child = fork();
	if (child == 0) {
		restore(old, &old_mask);
		run_child(work, opaque, parent);
	}
	if (child < 0) {
		restore(old, &old_mask);
		return fail("cannot start a process: %s", strerror(errno));
	}
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	status = wait_for_end(child);
	child = 0;
	restore(old, &old_mask);
	if (has_terminal && tcgetpgrp(STDIN_FILENO) == getpgrp())
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal);
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	process_end_by_signal(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}
