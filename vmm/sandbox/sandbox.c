#include "sandbox/sandbox.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/filter.h"

#define EXIT_FAILED 125

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

void sandbox_enter(enum sandbox_kind kind)
{
	int error = kind == SANDBOX_NONE || SANITIZED ? 0 : install(&sandbox_filters[kind]);

	if (!error)
		return;
	dprintf(STDERR_FILENO, "walnut: cannot confine a thread: %s\n", strerror(-error));
	_exit(EXIT_FAILED);
}
