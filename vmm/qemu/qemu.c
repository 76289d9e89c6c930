#include "qemu/qemu.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot/kernel.h"
#include "config.h"
#include "log.h"
#include "qemu/relay.h"
#include "qemu/spawn.h"
#include "stopping.h"
#include "vm/clock.h"
#include "walnut.h"

#define EXIT_NOT_FOUND 127
#define EXIT_SIGNALLED 128
#define EXIT_FAILED 125

/* For a guest that ended without a word on its status port. */
static void describe_silence(const struct relay_end *end, struct guest_log *serial, int status,
			     char *text, size_t size)
{
	const char *last = guest_log_last(serial);
	const char *newline = strchrnul(end->errors, '\n');

	if (last[0])
		snprintf(text, size, "the guest kernel ended without a result: %s", last);
	else if (WIFSIGNALED(status))
		snprintf(text, size, "%s was ended by signal %d", QEMU_PROGRAM, WTERMSIG(status));
	else if (end->errors[0])
		snprintf(text, size, "%.*s", (int)(newline - end->errors), end->errors);
	else
		snprintf(text, size, "%s ended without a result (status %d)", QEMU_PROGRAM,
			 WEXITSTATUS(status));
}

/* As in vm/vm.c: a program that ended well before its output met a full disk must not
 * look well. */
static void check_output(const struct relay_end *end, struct krun_walnut_result *result)
{
	static const char *const names[] = {
		[QEMU_STDOUT] = "standard output",
		[QEMU_STDERR] = "standard error",
	};

	for (unsigned i = QEMU_STDOUT; i <= QEMU_STDERR; i++) {
		if (!end->lost[i] || end->lost[i] == -EPIPE || result->outcome != KRUN_WALNUT_EXITED ||
		    result->exit_status)
			continue;
		result->outcome = KRUN_WALNUT_FAILED;
		result->exit_status = EXIT_FAILED;
		snprintf(result->message, sizeof(result->message), "%s: %s", names[i],
			 strerror(-end->lost[i]));
	}
}

static int relay(struct qemu_process *process, const struct vm_config *config, int signal_fd,
		 struct krun_walnut_result *result, struct failure *failure)
{
	struct status_decoder status = { .pending_size = 0 };
	struct guest_log serial = { .source = "serial" };
	struct relay_end end = { .signal = 0 };
	char silent[sizeof(result->message)];
	int error, wait_status;

	result->stats.vm_created_ns = clock_now_ns();
	error = relay_run(process, config, signal_fd, &status, &serial, &end, failure);
	result->stats.exit_ns = clock_now_ns();
	/* Where all channels are closed QEMU is about to end: let it, for its status. */
	if (!error && !end.signal) {
		while (waitpid(process->pid, &wait_status, 0) < 0 && errno == EINTR)
			;
		process->pid = 0;
		qemu_reap(process);
	} else {
		wait_status = qemu_reap(process);
	}
	if (error)
		return error;
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EXIT_NOT_FOUND)
		return failure_set(failure, -ENOENT, "no %s in PATH (package qemu-system-x86)", QEMU_PROGRAM);
	describe_silence(&end, &serial, wait_status, silent, sizeof(silent));
	status_decoder_result(&status, silent, result);
	check_output(&end, result);
	if (end.signal && !status.exited) {
		result->outcome = KRUN_WALNUT_SIGNALLED;
		result->signal = end.signal;
		result->exit_status = EXIT_SIGNALLED + end.signal;
		result->message[0] = '\0';
	}
	return 0;
}

/* Takes a SIGPIPE of ours away before the caller's mask lets it through. */
static void forget_broken_pipe(const sigset_t *old)
{
	static const struct timespec at_once = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	if (!sigismember(old, SIGPIPE))
		sigtimedwait(&set, NULL, &at_once);
}

static int check_kernel(const struct vm_config *config, struct failure *failure)
{
	struct kernel kernel;
	int error = kernel_open(&kernel, config->kernel_path, config->kernel_format, failure);

	if (error)
		return error;
	kernel_close(&kernel);
	if (kernel.kind != KERNEL_WALNUT)
		return failure_set(failure, -ENOTSUP, "kernels other than Walnut's need KVM");
	return 0;
}

/* What only our own machine and its devices offer. */
static int check_supported(const struct vm_config *config, struct failure *failure)
{
	bool disks = config->disk_count > 0;

	for (unsigned i = 0; i < DISK_NAMED_COUNT; i++)
		disks |= config->named_disks[i].path != NULL;
	if (config->share_count > 0)
		return failure_set(failure, -ENOTSUP, "shared directories need KVM");
	if (config->vsock.added || config->vsock.port_count > 0 || config->vsock.tsi)
		return failure_set(failure, -ENOTSUP, "the host's sockets need KVM (not so --net passt or tap:NAME)");
	for (unsigned i = 0; i < config->net_count; i++)
		if (config->nets[i].kind == NET_UNIX_DATAGRAM || config->nets[i].path != NULL != (config->nets[i].kind == NET_TAP))
			return failure_set(failure, -ENOTSUP, "networks by this kind of socket need KVM");
	return disks ? failure_set(failure, -ENOTSUP, "disks need KVM") : check_kernel(config, failure);
}

int qemu_run(const struct vm_config *config, struct krun_walnut_result *result)
{
	sigset_t stopping = stopping_signals(), blocked = stopping, old;
	struct qemu_process process = { .pid = 0 };
	struct failure failure = { "" };
	int error, signal_fd;

	/* A reader that went away is an errno here, not a signal. */
	sigaddset(&blocked, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &blocked, &old);
	signal_fd = signalfd(-1, &stopping, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0) {
		error = failure_errno(&failure, -errno, "signalfd");
	} else {
		error = check_supported(config, &failure);
		if (!error)
			error = qemu_spawn(&process, config, &old, &failure);
		if (error)
			qemu_reap(&process);
		else
			error = relay(&process, config, signal_fd, result, &failure);
		close(signal_fd);
	}
	forget_broken_pipe(&old);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error)
		snprintf(result->message, sizeof(result->message), "%s", failure.text);
	return error;
}
