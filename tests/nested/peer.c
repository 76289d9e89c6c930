/* peer: one end of connections between a Linux guest and the host, on both sides of them.
 *
 *	peer exit-status NUMBER	tells libkrun's exit status of the machine, by its root directory
 *	peer vsock-connect PORT | vsock-listen PORT | unix-connect PATH | unix-listen PATH
 *	     echo COUNT | ask COUNT BYTES
 *
 * echo returns what it gets on one connection after the other, each to its end. ask sends a
 * pattern and ends that direction while it reads the echo, and compares. vsock-connect is to
 * the host; connecting is tried until there is somebody who takes the connection. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#define TRIES_MAX 600
#define TRY_US 100000

static unsigned char pattern(size_t at)
{
	return (unsigned char)(at * 2654435761u >> 13);
}

static int end(const char *what)
{
	fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
	return 1;
}

static int address(const char *how, const char *where, struct sockaddr_storage *to, socklen_t *size)
{
	if (strncmp(how, "vsock", 5) == 0) {
		struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_port = (unsigned)atoi(where) };

		vm.svm_cid = strcmp(how, "vsock-listen") == 0 ? VMADDR_CID_ANY : VMADDR_CID_HOST;
		memcpy(to, &vm, *size = sizeof(vm));
	} else {
		struct sockaddr_un un = { .sun_family = AF_UNIX };

		snprintf(un.sun_path, sizeof(un.sun_path), "%s", where);
		memcpy(to, &un, *size = sizeof(un));
	}
	return to->ss_family;
}

/* 0, or -1 and errno; true in *again: nobody took the connection in the end. */
static int ask(int fd, size_t bytes, bool *again)
{
	static unsigned char out[30000], in[50000];
	size_t sent = 0, received = 0;

	*again = false;
	while (received < bytes) {
		struct pollfd p = { .fd = fd, .events = (short)(POLLIN | (sent < bytes ? POLLOUT : 0)) };
		ssize_t n;

		if (poll(&p, 1, 30000) <= 0)
			return -1;
		if (sent < bytes && (p.revents & POLLOUT)) {
			size_t want = bytes - sent < sizeof(out) ? bytes - sent : sizeof(out);

			for (size_t i = 0; i < want; i++)
				out[i] = pattern(sent + i);
			n = send(fd, out, want, MSG_DONTWAIT);
			if (n < 0 && errno != EAGAIN) {
				*again = received == 0;
				return -1;
			}
			sent += n > 0 ? (size_t)n : 0;
			if (sent == bytes)
				shutdown(fd, SHUT_WR);
		}
		if (!(p.revents & (POLLIN | POLLHUP)))
			continue;
		n = recv(fd, in, sizeof(in), MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n <= 0) {
			*again = received == 0;
			return -1;
		}
		for (ssize_t i = 0; i < n; i++)
			if (in[i] != pattern(received++))
				return -1;
	}
	return recv(fd, in, 1, 0) == 0 ? 0 : -1;
}

static int connect_and_ask(const char *how, const char *where, int count, size_t bytes)
{
	struct sockaddr_storage to;
	socklen_t size;

	for (int done = 0, tries = 0; done < count;) {
		int fd = socket(address(how, where, &to, &size), SOCK_STREAM, 0);
		bool again = true;

		if (connect(fd, (struct sockaddr *)&to, size) == 0 && ask(fd, bytes, &again) == 0) {
			done++;
		} else if (!again || ++tries == TRIES_MAX) {
			return end("ask");
		} else {
			usleep(TRY_US);
		}
		close(fd);
	}
	printf("peer: %s %s: %d times %zu bytes\n", how, where, count, bytes);
	return 0;
}

static int echo(int fd)
{
	static unsigned char data[40000];
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		for (ssize_t at = 0, part; at < n; at += part) {
			part = send(fd, data + at, (size_t)(n - at), 0);
			if (part < 0)
				return -1;
		}
	return n < 0 ? -1 : 0;
}

static int listen_and_echo(const char *how, const char *where, int count)
{
	struct sockaddr_storage at;
	socklen_t size;
	int listener = socket(address(how, where, &at, &size), SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&at, size) != 0 || listen(listener, 16) != 0)
		return end(where);
	for (int i = 0; i < count; i++) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0 || echo(fd) != 0)
			return end("echo");
		close(fd);
	}
	return 0;
}

static int tell_exit_status(long status)
{
	int root = open("/", O_RDONLY | O_DIRECTORY);

	return root < 0 || ioctl(root, 0x7602, status) ? end("exit status") : 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "exit-status") == 0)
		return tell_exit_status(atol(argv[2]));
	if (argc == 6 && strstr(argv[1], "-connect") && strcmp(argv[3], "ask") == 0)
		return connect_and_ask(argv[1], argv[2], atoi(argv[4]), (size_t)atol(argv[5]));
	if (argc == 5 && strstr(argv[1], "-listen") && strcmp(argv[3], "echo") == 0)
		return listen_and_echo(argv[1], argv[2], atoi(argv[4]));
	fprintf(stderr, "peer: bad arguments\n");
	return 2;
}
