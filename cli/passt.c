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

#include "fail.h"
#include "process.h"

/* A grandchild, so that nobody has to wait for it. What it has to say goes to our stderr. */
static void run_passt(int fd)
{
	char number[16];

	if (fork() != 0)
		_exit(0);
	setsid(); /* Ctrl-C at our terminal is for the guest */
	signal(SIGPIPE, SIG_DFL);
	snprintf(number, sizeof(number), "%d", fd);
	if (fcntl(fd, F_SETFD, 0) == 0)
		execlp("passt", "passt", "-q", "-f", "-F", number, (char *)NULL);
	_exit(127);
}

int passt_start(void)
{
	int ends[2];
	pid_t child;

	if (!process_in_path("passt"))
		return -fail("boot: --net passt: no passt in PATH (package passt)");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -fail("boot: --net passt: %s", strerror(errno));
	child = fork();
	if (child == 0)
		run_passt(ends[1]);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return -fail("boot: --net passt: %s", strerror(errno));
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return ends[0];
}
