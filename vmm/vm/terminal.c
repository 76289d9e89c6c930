/* Raw mode and job control. */
#include "vm/terminal.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "failure.h"

static sigset_t wanted_signals(const struct terminal *terminal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGCONT);
	if (terminal->resized)
		sigaddset(&set, SIGWINCH);
	return set;
}

/* Groups of processes outside of our pid namespace (in a jail) have no number, but number 0: there only
 * reading tells, as it fails for who is in the background and blocks the signal for that. */
static bool in_foreground(int fd)
{
	sigset_t set, mask;
	char nothing;
	bool refused;

	if (getpgrp() != 0)
		return tcgetpgrp(fd) == getpgrp();
	sigemptyset(&set);
	sigaddset(&set, SIGTTIN);
	pthread_sigmask(SIG_BLOCK, &set, &mask);
	refused = read(fd, &nothing, 0) < 0;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return !refused;
}

/* Output keeps its translation of line ends: messages of ours come out in order, and the guest's
 * own carriage returns do no harm. In the background the terminal is somebody else's. */
static void make_raw(struct terminal *terminal)
{
	struct termios raw = terminal->before;

	if (!in_foreground(terminal->fd))
		return;
	cfmakeraw(&raw);
	raw.c_oflag = terminal->before.c_oflag;
	terminal->raw = tcsetattr(terminal->fd, TCSANOW, &raw) == 0;
}

static void restore(struct terminal *terminal)
{
	if (terminal->raw)
		tcsetattr(terminal->fd, TCSADRAIN, &terminal->before);
	terminal->raw = false;
}

static void signal_came(struct event_source *source, uint32_t events)
{
	struct terminal *terminal = (struct terminal *)((char *)source - offsetof(struct terminal, signals));
	struct signalfd_siginfo info;

	if (read(source->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH) {
		terminal->resized(terminal);
	} else if (info.ssi_signo == SIGTSTP) {
		restore(terminal);
		/* To this thread, which stops there and then: going on to another SIGTSTP that waits (who passed
		 * it on, and the group got it, too), it would stop again once it is continued. */
		raise(SIGSTOP);
	} else if (!terminal->raw) {
		tcgetattr(terminal->fd, &terminal->before);
		make_raw(terminal);
	}
}

int terminal_open(struct terminal *terminal, int fd, struct event_loop *loop, struct failure *failure)
{
	sigset_t set = wanted_signals(terminal);
	int error;

	if (tcgetattr(fd, &terminal->before) != 0)
		return failure_errno(failure, -errno, "the terminal's settings");
	terminal->fd = fd;
	terminal->loop = loop;
	terminal->signals = (struct event_source){ .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
						   .ready = signal_came };
	if (terminal->signals.fd < 0)
		return failure_errno(failure, -errno, "signalfd");
	terminal->open = true;
	pthread_sigmask(SIG_BLOCK, &set, &terminal->old_mask);
	error = event_loop_add(loop, &terminal->signals, EPOLLIN);
	if (error)
		return failure_errno(failure, error, "cannot wait for signals");
	make_raw(terminal);
	return 0;
}

void terminal_close(struct terminal *terminal)
{
	if (!terminal->open)
		return;
	restore(terminal);
	event_loop_remove(terminal->loop, &terminal->signals);
	close(terminal->signals.fd);
	pthread_sigmask(SIG_SETMASK, &terminal->old_mask, NULL);
	terminal->open = false;
}
