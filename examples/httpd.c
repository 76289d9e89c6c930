/* A web server that says hello: HTTP/1.1 with keep-alive, any number of clients at a time.
 *
 *	walnut run -p 8080:80 httpd.wasm
 *	curl http://localhost:8080/
 *
 * Listens on the port that its argument names, 80 without one. One loop around poll();
 * every descriptor is non-blocking. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "walnut_socket.h"

#define CLIENTS_MAX 4096
#define REQUEST_MAX 4096
#define NONBLOCKING 4 /* for accept: the client's descriptor is */

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\nHello, world!\n";

struct client {
	size_t used;	   /* of the request, as far as it has come */
	unsigned answers;  /* that are due */
	size_t answer_at;  /* sent of the first one */
	bool last;	   /* no more requests */
	char request[REQUEST_MAX];
};

static struct pollfd polls[1 + CLIENTS_MAX];
static struct client *clients[1 + CLIENTS_MAX];
static nfds_t count = 1;

static uint32_t listen_on(uint32_t port)
{
	uint8_t everywhere[4] = { 0 };
	const struct socket_address address = { everywhere, sizeof(everywhere) };
	uint32_t fd = 0, kind, error = socket_open(SOCKET_INET, SOCKET_STREAM, &fd);

	if (!error)
		error = socket_bind(fd, &address, port);
	if (!error)
		error = socket_listen(fd, 1024);
	if (!error)
		error = socket_getlocaladdr(fd, &address, &kind, &port);
	if (error) {
		fprintf(stderr, "httpd: port %u: %s\n", (unsigned)port, strerror((int)error));
		exit(1);
	}
	printf("listening on %u\n", (unsigned)port);
	fflush(stdout);
	return fd;
}

static void accept_clients(void)
{
	uint32_t fd;

	while (count <= CLIENTS_MAX && socket_accept_v2((uint32_t)polls[0].fd, NONBLOCKING, &fd) == 0) {
		struct client *client = calloc(1, sizeof(*client));

		if (!client) {
			close((int)fd);
			return;
		}
		polls[count] = (struct pollfd){ .fd = (int)fd, .events = POLLIN };
		clients[count++] = client;
	}
}

/* Takes whole requests, which end with an empty line, off the buffer. */
static void parse(struct client *client)
{
	for (;;) {
		char *end = memmem(client->request, client->used, "\r\n\r\n", 4);
		size_t size;

		if (!end)
			break;
		size = (size_t)(end - client->request) + 4;
		*end = '\0';
		if (strncmp(client->request, "GET ", 4) != 0 || strstr(client->request, "Connection: close"))
			client->last = true;
		client->answers++;
		client->used -= size;
		memmove(client->request, end + 4, client->used);
	}
	if (client->used == REQUEST_MAX) /* longer than anybody needs */
		client->last = true;
}

/* False: the client is to be closed. */
static bool serve(struct client *client, struct pollfd *p)
{
	if (!client->last && (p->revents & (POLLIN | POLLHUP))) {
		ssize_t n = read(p->fd, client->request + client->used, REQUEST_MAX - client->used);

		if (n > 0) {
			client->used += (size_t)n;
			parse(client);
		} else if (n == 0 || errno != EAGAIN) {
			client->last = true;
		}
	}
	while (client->answers > 0) {
		size_t left = sizeof(answer) - 1 - client->answer_at;
		ssize_t n = write(p->fd, answer + client->answer_at, left);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return false;
		client->answer_at += (size_t)n;
		if ((size_t)n == left) {
			client->answer_at = 0;
			client->answers--;
		}
	}
	p->events = client->answers > 0 ? POLLOUT : POLLIN;
	return client->answers > 0 || !client->last;
}

int main(int argc, char **argv)
{
	polls[0].fd = (int)listen_on(argc > 1 ? (uint32_t)atoi(argv[1]) : 80);
	polls[0].events = POLLIN;
	fcntl(polls[0].fd, F_SETFL, O_NONBLOCK);
	while (poll(polls, count, -1) > 0) {
		if (polls[0].revents)
			accept_clients();
		for (nfds_t i = 1; i < count; i++) {
			if (!polls[i].revents || serve(clients[i], &polls[i]))
				continue;
			close(polls[i].fd);
			free(clients[i]);
			count--;
			polls[i] = polls[count];
			clients[i--] = clients[count];
		}
	}
	return 1;
}
