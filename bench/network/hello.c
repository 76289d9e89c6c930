/* examples/httpd.c's answer to a request, as a native server of one thread would give it: epoll, edge
 * triggered, keep-alive. hello PORT. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 256
#define REQUEST_MAX 4096
#define CLIENTS_MAX 8192

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\nHello, world!\n";
static struct client {
	size_t used;
	char request[REQUEST_MAX];
} *clients[CLIENTS_MAX];

static void add(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void finish(int fd)
{
	close(fd);
	free(clients[fd]);
	clients[fd] = NULL;
}

static void serve(int fd)
{
	struct client *client = clients[fd];
	ssize_t n = read(fd, client->request + client->used, REQUEST_MAX - client->used);
	int last = 0;
	char *end;

	if (n <= 0) {
		finish(fd);
		return;
	}
	client->used += (size_t)n;
	while ((end = memmem(client->request, client->used, "\r\n\r\n", 4))) {
		*end = '\0';
		last |= strstr(client->request, "Connection: close") != NULL;
		if (write(fd, answer, sizeof(answer) - 1) < 0)
			last = 1;
		client->used -= (size_t)(end + 4 - client->request);
		memmove(client->request, end + 4, client->used);
	}
	if (last || client->used == REQUEST_MAX)
		finish(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0), one = 1;
	struct epoll_event events[EVENTS];

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1024)) {
		perror("hello");
		return 1;
	}
	puts("listening");
	fflush(stdout);
	add(epoll, listener);
	for (;;) {
		int count = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd != listener) {
				serve(fd);
				continue;
			}
			fd = accept(listener, NULL, NULL);
			if (fd >= CLIENTS_MAX)
				close(fd);
			if (fd < 0 || fd >= CLIENTS_MAX)
				continue;
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
			clients[fd] = calloc(1, sizeof(struct client));
			add(epoll, fd);
		}
	}
}
