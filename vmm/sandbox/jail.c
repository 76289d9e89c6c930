/* The caller's end of a jail. What comes out of it is hostile: a machine that was taken over writes what
 * it likes to the pipe of its result. */
#include "sandbox/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "config.h"
#include "net/backend.h"
#include "sandbox/jail_process.h"

#define EXIT_SIGNALLED 128
#define EXIT_FAILED 125

struct jailer {
	struct jail jail; /* the inside's view, from before the fork */
	int control_fd;
	int result_fd;
	int signal_fd;
	pid_t builder, init; /* 0: none */
	struct failure failure;
};

static const int passed_on[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
#define PASSED_ON_COUNT (sizeof(passed_on) / sizeof(passed_on[0]))

/* But those that are ignored. */
static sigset_t signals_to_pass_on(void)
{
	struct sigaction action;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < PASSED_ON_COUNT; i++)
		if (sigaction(passed_on[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&set, passed_on[i]);
	return set;
}

static bool ends_by(int number)
{
	for (size_t i = 0; i < PASSED_ON_COUNT; i++)
		if (passed_on[i] == number)
			return number != SIGTSTP;
	return false;
}

static int check(const struct vm_config *config, struct failure *failure)
{
	if (config->gdb)
		return failure_set(failure, -EINVAL, "no jail: a debugger has to get in");
	if (config->vsock.port_count > 0)
		return failure_set(failure, -ENOTSUP, "no jail: the guest's ports lead to unix sockets of the host");
	return 0;
}

/* While we are in the host's network. */
static int attach_taps(struct vm_config *config, struct failure *failure)
{
	for (unsigned i = 0; i < config->net_count; i++) {
		struct net_config *net = &config->nets[i];

		if (net->kind != NET_TAP)
			continue;
		net->fd = net_tap_attach(net->path, failure);
		if (net->fd < 0)
			return net->fd;
	}
	return 0;
}

static void detach_taps(struct vm_config *config)
{
	for (unsigned i = 0; i < config->net_count; i++) {
		if (config->nets[i].kind == NET_TAP && config->nets[i].fd >= 0)
			close(config->nets[i].fd);
		if (config->nets[i].kind == NET_TAP)
			config->nets[i].fd = -1;
	}
}

static int write_file(pid_t process, const char *name, const char *text, size_t size)
{
	char path[64];
	int fd, error = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", process, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, size) != (ssize_t)size)
		error = -errno;
	close(fd);
	return error;
}

/* All that we have ourselves, as itself. That is root's to do, whose files are other users', too. */
static int map_all(pid_t process, const char *name)
{
	char own[64], line[128], *text = NULL;
	unsigned long long first, outside, count;
	size_t size = 0;
	FILE *map, *out;
	int error;

	snprintf(own, sizeof(own), "/proc/self/%s", name);
	map = fopen(own, "re");
	if (!map)
		return -errno;
	out = open_memstream(&text, &size);
	while (out && fgets(line, sizeof(line), map))
		if (sscanf(line, "%llu %llu %llu", &first, &outside, &count) == 3)
			fprintf(out, "%llu %llu %llu\n", first, first, count);
	fclose(map);
	if (!out || fclose(out))
		return -ENOMEM;
	error = write_file(process, name, text, size);
	free(text);
	return error;
}

static int map_own(pid_t process, const char *name, unsigned id)
{
	char text[32];

	return write_file(process, name, text, (size_t)snprintf(text, sizeof(text), "%u %u 1\n", id, id));
}

static int map_ids(pid_t process)
{
	int error = geteuid() == 0 ? map_all(process, "gid_map") : -EPERM;

	if (!error)
		return map_all(process, "uid_map");
	error = write_file(process, "setgroups", "deny", strlen("deny"));
	if (!error)
		error = map_own(process, "gid_map", getegid());
	return error ? error : map_own(process, "uid_map", geteuid());
}

/* Until there is a process 1. */
static int follow_building(struct jailer *jailer)
{
	struct jail_message message;
	ssize_t got;

	for (;;) {
		do
			got = recv(jailer->control_fd, &message, sizeof(message), 0);
		while (got < 0 && errno == EINTR);
		if (got != sizeof(message))
			return failure_set(&jailer->failure, -EIO, "no jail: its process ended");
		switch (message.word) {
		case JAIL_WANTS_IDS:
			message.value = map_ids(jailer->builder);
			(void)!send(jailer->control_fd, &message, sizeof(message), MSG_NOSIGNAL);
			break;
		case JAIL_HAS_INIT:
			jailer->init = message.value;
			return 0;
		default:
			jailer->failure = message.why;
			return message.value;
		}
	}
}

static void pass_on(const struct jailer *jailer, unsigned number)
{
	const struct jail_message message = { .word = JAIL_SIGNAL, .value = (int)number };

	(void)!send(jailer->control_fd, &message, sizeof(message), MSG_NOSIGNAL);
}

/* What a terminal sends the machine's process gets itself; but to stop may take it a while. */
static void signal_came(struct jailer *jailer)
{
	struct signalfd_siginfo info;

	if (read(jailer->signal_fd, &info, sizeof(info)) == sizeof(info) &&
	    (info.ssi_code != SI_KERNEL || info.ssi_signo == SIGTSTP))
		pass_on(jailer, info.ssi_signo);
}

/* True: there is nobody any more. */
static bool inside_spoke(struct jailer *jailer)
{
	struct jail_message message;
	ssize_t got = recv(jailer->control_fd, &message, sizeof(message), MSG_DONTWAIT);

	if (got < 0)
		return errno != EAGAIN && errno != EINTR;
	if (got == sizeof(message) && message.word == JAIL_FAILED)
		jailer->failure = message.why;
	if (got == sizeof(message) && message.word == JAIL_STOPPED) {
		raise(SIGSTOP); /* now that it has left the terminal in order */
		pass_on(jailer, SIGCONT);
	}
	return got == 0;
}

/* The signal that ended the machine's process, 0 if none did. */
static int wait_for_end(struct jailer *jailer)
{
	struct pollfd watch[] = {
		{ .fd = jailer->control_fd, .events = POLLIN },
		{ .fd = jailer->signal_fd, .events = POLLIN },
	};
	bool ended = false;
	int status = 0;

	while (!ended) {
		if (poll(watch, 2, -1) < 0)
			continue;
		if (watch[1].revents)
			signal_came(jailer);
		if (watch[0].revents)
			ended = inside_spoke(jailer);
	}
	while (waitpid(jailer->init, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static bool believable(const struct jail_record *record)
{
	const struct krun_walnut_result *result = &record->result;

	if (record->error > 0 || result->outcome < KRUN_WALNUT_EXITED || result->outcome > KRUN_WALNUT_REBOOTED)
		return false;
	return result->outcome != KRUN_WALNUT_SIGNALLED || ends_by(result->signal);
}

/* The machine's last word, or what can be said without. */
static int take_result(struct jailer *jailer, int killed_by, struct krun_walnut_result *result)
{
	struct jail_record record;
	ssize_t got = read(jailer->result_fd, &record, sizeof(record));

	if (got == sizeof(record) && believable(&record)) {
		*result = record.result;
		result->message[sizeof(result->message) - 1] = '\0';
		return record.error;
	}
	if (ends_by(killed_by)) {
		result->outcome = KRUN_WALNUT_SIGNALLED;
		result->signal = killed_by;
		result->exit_status = EXIT_SIGNALLED + killed_by;
		return 0;
	}
	result->outcome = KRUN_WALNUT_FAILED;
	result->exit_status = EXIT_FAILED;
	if (jailer->failure.text[0])
		snprintf(result->message, sizeof(result->message), "%s", jailer->failure.text);
	else
		snprintf(result->message, sizeof(result->message), "the machine's process ended without a result%s%s",
			 killed_by ? ": " : "", killed_by ? strsignal(killed_by) : "");
	return 0;
}

/* The terminal that the machine may make raw: whatever ends it, it is as before. */
static int find_terminal(const struct vm_config *config, struct termios *settings)
{
	for (unsigned i = 0; i < config->serial_count; i++)
		if (config->serials[i].input_fd >= 0 && tcgetattr(config->serials[i].input_fd, settings) == 0)
			return config->serials[i].input_fd;
	for (unsigned i = 0; i < config->console_count; i++)
		for (unsigned port = 0; port < config->consoles[i].port_count; port++) {
			int fd = config->consoles[i].ports[port].tty ? config->consoles[i].ports[port].input_fd : -1;

			if (fd >= 0 && tcgetattr(fd, settings) == 0)
				return fd;
		}
	return config->input_fd >= 0 && tcgetattr(config->input_fd, settings) == 0 ? config->input_fd : -1;
}

static int run_inside(struct jailer *jailer, struct krun_walnut_result *result)
{
	struct termios settings;
	int terminal = find_terminal(jailer->jail.config, &settings);
	int error = follow_building(jailer), killed_by;

	while (waitpid(jailer->builder, NULL, 0) < 0 && errno == EINTR)
		;
	if (error)
		return error;
	killed_by = wait_for_end(jailer);
	if (killed_by && terminal >= 0 && tcgetpgrp(terminal) == getpgrp())
		tcsetattr(terminal, TCSADRAIN, &settings);
	return take_result(jailer, killed_by, result);
}

static int start(struct jailer *jailer)
{
	int control[2] = { -1, -1 }, pipe_fds[2] = { -1, -1 };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) || pipe2(pipe_fds, O_CLOEXEC))
		return failure_errno(&jailer->failure, -errno, "no jail");
	jailer->control_fd = control[0];
	jailer->jail.control_fd = control[1];
	jailer->result_fd = pipe_fds[0];
	jailer->jail.result_fd = pipe_fds[1];
	jailer->builder = fork();
	if (jailer->builder == 0) {
		close(jailer->control_fd);
		close(jailer->result_fd);
		close(jailer->signal_fd);
		jail_build(&jailer->jail);
	}
	close(jailer->jail.control_fd);
	close(jailer->jail.result_fd);
	return jailer->builder < 0 ? failure_errno(&jailer->failure, -errno, "no jail: no process") : 0;
}

static void close_all(struct jailer *jailer)
{
	const int fds[] = { jailer->control_fd, jailer->result_fd, jailer->signal_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

int jail_run(struct vm_config *config, jail_work *work, struct krun_walnut_result *result)
{
	struct jailer jailer = {
		.jail = { .config = config, .work = work, .start_ns = result->stats.start_ns },
		.control_fd = -1, .result_fd = -1, .signal_fd = -1,
	};
	sigset_t signals = signals_to_pass_on();
	int error = check(config, &jailer.failure);

	if (!error)
		error = attach_taps(config, &jailer.failure);
	pthread_sigmask(SIG_BLOCK, &signals, &jailer.jail.mask);
	if (!error) {
		jailer.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
		if (jailer.signal_fd < 0)
			error = failure_errno(&jailer.failure, -errno, "no jail: signals");
	}
	if (!error)
		error = start(&jailer);
	detach_taps(config);
	if (!error)
		error = run_inside(&jailer, result);
	pthread_sigmask(SIG_SETMASK, &jailer.jail.mask, NULL);
	close_all(&jailer);
	if (error && !result->message[0])
		snprintf(result->message, sizeof(result->message), "%s", jailer.failure.text);
	return error;
}
