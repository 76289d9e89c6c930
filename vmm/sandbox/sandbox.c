/* A call that is not allowed is not made: the thread gets SIGSYS instead, whose handler says what it was
 * and ends the process. A thread that is in hostile hands can do nothing about that but to block the
 * signal, which ends the process at once: filters let nobody change the handler. */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "sandbox/filter.h"

#define EXIT_FAILED 125
#define ARENA_SIZE_MAX (64 << 20)
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* si_code */
#endif

static const char *const names[SANDBOX_KINDS] = {
	[SANDBOX_NONE] = "a thread",
	[SANDBOX_VCPU] = "a vCPU's thread",
	[SANDBOX_VCPU_LISTENER] = "a vCPU's thread",
	[SANDBOX_VCPU_FILES] = "a vCPU's thread",
	[SANDBOX_IO] = "a thread for devices",
	[SANDBOX_FILES] = "a thread for files",
	[SANDBOX_SOCKETS] = "the thread for sockets",
	[SANDBOX_UNIX_SOCKETS] = "the thread for sockets",
	[SANDBOX_RESOLVER] = "the thread for sockets and names",
	[SANDBOX_RESOLVER_JAILED] = "the thread for sockets and names",
};

static __thread enum sandbox_kind confined_to;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

int sandbox_available(void)
{
	unsigned action = SECCOMP_RET_KILL_PROCESS;

	if (SANITIZED)
		return -ENOTSUP;
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 ? 0 : -ENOSYS;
}

static void not_allowed(int number, siginfo_t *info, void *opaque)
{
	const ucontext_t *context = opaque;
	const greg_t *regs = context->uc_mcontext.gregs;
	char line[192];
	int size;

	if (info->si_code == SYS_SECCOMP) {
		size = snprintf(line, sizeof(line), "walnut: %s is not allowed system call %d (0x%llx, 0x%llx, 0x%llx), "
				"made at %p\n", names[confined_to], info->si_syscall, regs[REG_RDI], regs[REG_RSI],
				regs[REG_RDX], info->si_call_addr);
		(void)!write(STDERR_FILENO, line, (size_t)size);
	}
	/* No kind may do this, and the signal is blocked while it is handled: then it kills, as what it is. */
	syscall(SYS_ptrace, 0, 0, 0, 0);
	_exit(EXIT_FAILED);
}

int sandbox_prepare(void)
{
	struct sigaction action = { .sa_sigaction = not_allowed, .sa_flags = SA_SIGINFO };

	/* An arena of a thread's own asks a file in /proc before it shrinks. One that the caller's threads
	 * left behind is no larger than that, and does not. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, ARENA_SIZE_MAX);
	sigfillset(&action.sa_mask);
	return sigaction(SIGSYS, &action, NULL) ? -errno : 0;
}

static int install(const struct sock_fprog *from)
{
	size_t size = from->len * sizeof(*from->filter);
	struct sock_fprog program = { .len = from->len, .filter = malloc(size) };
	int error = 0;

	if (!program.filter)
		return -ENOMEM;
	memcpy(program.filter, from->filter, size);
	for (unsigned i = 0; i < program.len; i++)
		if (program.filter[i].k == SANDBOX_PROCESS)
			program.filter[i].k = (unsigned)getpid();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		error = -errno;
	free(program.filter);
	return error;
}

int sandbox_give_up_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_capset, &header, none) ? -errno : 0;
}

static int confine(enum sandbox_kind kind)
{
	sigset_t set;
	int error;

	if (kind == SANDBOX_NONE || SANITIZED)
		return 0;
	confined_to = kind;
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	error = -pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	return error ? error : install(&sandbox_filters[kind]);
}

void sandbox_enter(enum sandbox_kind kind)
{
	int error = kind & SANDBOX_JAILED ? sandbox_give_up_capabilities() : 0;

	if (!error)
		error = confine(kind & ~SANDBOX_JAILED);
	if (!error)
		return;
	dprintf(STDERR_FILENO, "walnut: cannot confine a thread: %s\n", strerror(-error));
	_exit(EXIT_FAILED);
}
