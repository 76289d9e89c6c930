/* bulk_server PORT: sends to each client what it asks for, or receives it and says so; natively and,
 * by WasmEdge's sockets, as a WebAssembly program. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char block[1 << 20];

#ifdef __wasi__
#include "walnut_socket.h"

static int listen_on(unsigned port)
{
	uint8_t everywhere[4] = { 0 };
	const struct socket_address address = { everywhere, sizeof(everywhere) };
	uint32_t fd = 0;

	return socket_open(SOCKET_INET, SOCKET_STREAM, &fd) || socket_bind(fd, &address, port) || socket_listen(fd, 16) ?
		-1 : (int)fd;
}

static int accept_on(int listener)
{
	uint32_t fd = 0;

	return socket_accept_v2((uint32_t)listener, 0, &fd) ? -1 : (int)fd;
}
#else
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static int listen_on(unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 16) ? -1 : fd;
}

static int accept_on(int listener)
{
	return accept(listener, NULL, NULL);
}
#endif

static void serve(int fd)
{
	uint64_t left = 0;
	char order = 0;

	if (read(fd, &order, 1) != 1 || read(fd, &left, sizeof(left)) != sizeof(left))
		return;
	while (left > 0) {
		size_t size = left < sizeof(block) ? left : sizeof(block);
		ssize_t n = order == 's' ? write(fd, block, size) : read(fd, block, size);

		if (n <= 0)
			return;
		left -= (uint64_t)n;
	}
	if (order == 'r')
		(void)!write(fd, &order, 1);
}

int main(int argc, char **argv)
{
	int listener = listen_on((unsigned)atoi(argv[1])), fd;

	if (listener < 0) {
		fputs("bulk_server: cannot listen\n", stderr);
		return 1;
	}
	puts("listening");
	fflush(stdout);
	while ((fd = accept_on(listener)) >= 0) {
		serve(fd);
		close(fd);
	}
	return 1;
}
