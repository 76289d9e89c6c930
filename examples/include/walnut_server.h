/* A server for many clients at a time: one loop around poll(), every descriptor non-blocking, and
 * for each client a buffer of what it said and one of what it has yet to hear. What a client says
 * stays with it while it does not take its answers, so that one who never reads costs what
 * is in these buffers and no more.
 *
 * A header for single-file programs: it defines its functions. */
#ifndef WALNUT_SERVER_H
#define WALNUT_SERVER_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "walnut_socket.h"

#define SERVER_CLIENTS_MAX 4096
#define SERVER_INPUT_MAX 8192
#define SERVER_OUTPUT_MAX 65536 /* enough for one turn */
#define SERVER_TURNS 16

struct client {
	int fd;
	bool last;  /* nothing more is done for it: it is closed when it has heard everything */
	bool ended; /* it has said everything */
	size_t input_size;
	char input[SERVER_INPUT_MAX];
	char *output;
	size_t output_at, output_size, output_capacity;
	time_t heard;
	void *own; /* the program's */
};

struct server {
	const char *name; /* for messages */
	uint32_t port;
	unsigned idle_seconds; /* a client that is silent for so long is closed; 0: never */

	/* The client has heard everything so far, and there may be more input. What is used of that is
	 * taken off with client_used(). With client_is_full() it is enough; this is called again. */
	void (*serve)(struct client *client);
	void (*closed)(struct client *client); /* NULL: nothing to do */

	/* One more descriptor to wait for, if watched() is not NULL. */
	int watch_fd;
	void (*watched)(int fd);
};

/* Appends to what the client is to hear. Out of memory, it hears nothing more. */
static inline void client_say(struct client *client, const void *data, size_t size)
{
	if (client->output_at > 0) {
		client->output_size -= client->output_at;
		memmove(client->output, client->output + client->output_at, client->output_size);
		client->output_at = 0;
	}
	if (client->output_capacity - client->output_size < size) {
		size_t capacity = client->output_size + size + 1024;
		char *grown = realloc(client->output, capacity);

		if (!grown) {
			client->last = true;
			return;
		}
		client->output = grown;
		client->output_capacity = capacity;
	}
	memcpy(client->output + client->output_size, data, size);
	client->output_size += size;
}

static inline void client_say_text(struct client *client, const char *text)
{
	client_say(client, text, strlen(text));
}

static inline void client_used(struct client *client, size_t size)
{
	client->input_size -= size;
	memmove(client->input, client->input + size, client->input_size);
}

static inline bool client_is_full(const struct client *client)
{
	return client->output_size - client->output_at >= SERVER_OUTPUT_MAX;
}

/* --- The loop ---------------------------------------------------------------------------- */

static struct pollfd server_polls[2 + SERVER_CLIENTS_MAX];
static struct client *server_clients[2 + SERVER_CLIENTS_MAX];
static nfds_t server_count = 2;

/* A listener at all addresses; port 0 becomes the one that was chosen. */
static inline int server_listen(const char *name, uint32_t *port)
{
	uint8_t everywhere[4] = { 0 };
	const struct socket_address address = { everywhere, sizeof(everywhere) };
	uint32_t fd = 0, kind, error = socket_open(SOCKET_INET, SOCKET_STREAM, &fd);

	if (!error)
		error = socket_bind(fd, &address, *port);
	if (!error)
		error = socket_listen(fd, 1024);
	if (!error)
		error = socket_getlocaladdr(fd, &address, &kind, port);
	if (error) {
		fprintf(stderr, "%s: port %u: %s\n", name, (unsigned)*port, strerror((int)error));
		exit(1);
	}
	fcntl((int)fd, F_SETFL, O_NONBLOCK);
	printf("listening on %u\n", (unsigned)*port);
	fflush(stdout);
	return (int)fd;
}

static inline void server_accept(int listener)
{
	uint32_t fd;

	while (server_count < 2 + SERVER_CLIENTS_MAX &&
	       socket_accept_v2((uint32_t)listener, 4 /* non-blocking */, &fd) == 0) {
		struct client *client = calloc(1, sizeof(*client));

		if (!client) {
			close((int)fd);
			return;
		}
		client->fd = (int)fd;
		client->heard = time(NULL);
		server_polls[server_count] = (struct pollfd){ .fd = (int)fd, .events = POLLIN };
		server_clients[server_count++] = client;
	}
}

static inline void server_close(const struct server *server, nfds_t number)
{
	struct client *client = server_clients[number];

	if (server->closed)
		server->closed(client);
	close(client->fd);
	free(client->output);
	free(client);
	server_count--;
	server_polls[number] = server_polls[server_count];
	server_clients[number] = server_clients[server_count];
}

static inline void server_read(struct client *client)
{
	ssize_t n = read(client->fd, client->input + client->input_size, SERVER_INPUT_MAX - client->input_size);

	if (n > 0) {
		client->input_size += (size_t)n;
		client->heard = time(NULL);
	} else if (n == 0 || errno != EAGAIN) {
		client->ended = true;
	}
}

/* False: nobody is there to hear it. */
static inline bool server_write(struct client *client)
{
	while (client->output_at < client->output_size) {
		ssize_t n = write(client->fd, client->output + client->output_at, client->output_size - client->output_at);

		if (n < 0)
			return errno == EAGAIN;
		client->output_at += (size_t)n;
		client->heard = time(NULL);
	}
	return true;
}

/* False: the client is to be closed. */
static inline bool server_serve(const struct server *server, struct client *client, struct pollfd *p)
{
	bool goes_on = true;

	if (!client->last && !client->ended && (p->revents & (POLLIN | POLLHUP)) &&
	    client->input_size < SERVER_INPUT_MAX)
		server_read(client);
	/* Then others have their turn. */
	for (unsigned i = 0; i < SERVER_TURNS && goes_on; i++) {
		if (!server_write(client))
			return false;
		goes_on = client->output_at == client->output_size && !client->last;
		if (goes_on)
			server->serve(client);
		goes_on = goes_on && client->output_at < client->output_size;
	}
	p->events = client->output_at < client->output_size ? POLLOUT : 0;
	if (!client->last && !client->ended && client->input_size < SERVER_INPUT_MAX)
		p->events |= POLLIN;
	return p->events != 0;
}

static inline void server_close_idle(const struct server *server)
{
	time_t now = time(NULL);

	for (nfds_t i = server_count; i-- > 2;)
		if (now - server_clients[i]->heard > (time_t)server->idle_seconds)
			server_close(server, i);
}

/* Serves until poll() fails. */
static inline int server_run(struct server *server)
{
	int timeout = server->idle_seconds ? 1000 : -1;
	int listener = server_listen(server->name, &server->port);

	/* poll() passes over what has no descriptor. */
	server_polls[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	server_polls[1] = (struct pollfd){ .fd = server->watched ? server->watch_fd : -1, .events = POLLIN };
	while (poll(server_polls, server_count, timeout) >= 0) {
		if (server_polls[0].revents)
			server_accept(listener);
		if (server->watched && server_polls[1].revents)
			server->watched(server->watch_fd);
		for (nfds_t i = 2; i < server_count; i++)
			if (server_polls[i].revents &&
			    !server_serve(server, server_clients[i], &server_polls[i]))
				server_close(server, i--);
		if (server->idle_seconds)
			server_close_idle(server);
		/* Who is not listened to waits with the host. */
		server_polls[0].fd = server_count < 2 + SERVER_CLIENTS_MAX ? listener : -1;
	}
	fprintf(stderr, "%s: poll: %s\n", server->name, strerror(errno));
	return 1;
}

#endif
