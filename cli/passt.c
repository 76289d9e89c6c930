#include "passt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "process.h"

#define SOCKET_BUFFER (4 << 20)

/* A grandchild, so that nobody has to wait for it. What it has to say goes to our stderr. */
static void run_passt(int fd, const char *const *arguments)
{
	char number[16];
	const char *argv[7 + PASST_ARGUMENTS_MAX + 1] = { "passt", "-q", "-f", "-F", number };
	unsigned count = 5;

	/* What root's passt does anyway, but not without a warning. */
	if (geteuid() == 0) {
		argv[count++] = "--runas";
		argv[count++] = "nobody";
	}
	for (unsigned i = 0; arguments && i < PASST_ARGUMENTS_MAX && arguments[i]; i++)
		argv[count++] = arguments[i];
	if (fork() != 0)
		_exit(0);
	setsid(); /* Ctrl-C at our terminal is for the guest */
	signal(SIGPIPE, SIG_DFL);
	snprintf(number, sizeof(number), "%d", fd);
	if (fcntl(fd, F_SETFD, 0) == 0)
		execvp("passt", (char *const *)argv);
	_exit(127);
}

/* passt loses frames that its socket has no room for. */
static void make_room(int fd)
{
	int size = SOCKET_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)); /* as much as is allowed */
}

static int refuse(int code, const char *why, char *message, size_t size)
{
	snprintf(message, size, "--net passt: %s", why);
	return code;
}

int passt_start(const char *const *arguments, char *message, size_t size)
{
	int ends[2];
	pid_t child;

	if (!process_in_path("passt"))
		return refuse(-ENOENT, "no passt in PATH (package passt)", message, size);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return refuse(-errno, strerror(errno), message, size);
	make_room(ends[1]);
	child = fork();
	if (child == 0)
		run_passt(ends[1], arguments);
	if (child < 0) {
		int code = -errno;

		close(ends[0]);
		close(ends[1]);
		return refuse(code, strerror(-code), message, size);
	}
	close(ends[1]);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return ends[0];
}
