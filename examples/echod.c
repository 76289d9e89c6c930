/* An echo server: what comes over TCP or UDP goes back.
 *
 *	walnut run -p 7007:7 -p 7007:7/udp echod.wasm
 *	echo hello | socat - TCP:localhost:7007
 *	echo hello | socat - UDP:localhost:7007
 *
 * Listens on the port that its argument names, 7 without one. */
#include "walnut_server.h"

static void serve(struct client *client)
{
	if (client_is_full(client))
		return;
	client_say(client, client->input, client->input_size);
	client_used(client, client->input_size);
}

static int bind_datagrams(uint32_t port)
{
	uint8_t everywhere[4] = { 0 };
	const struct socket_address address = { everywhere, sizeof(everywhere) };
	uint32_t fd = 0, error = socket_open(SOCKET_INET, SOCKET_DATAGRAM, &fd);

	if (!error)
		error = socket_bind(fd, &address, port);
	if (error) {
		fprintf(stderr, "echod: UDP port %u: %s\n", (unsigned)port, strerror((int)error));
		exit(1);
	}
	fcntl((int)fd, F_SETFL, O_NONBLOCK);
	return (int)fd;
}

/* A datagram that cannot be sent back is lost, as datagrams may be. */
static void datagram_came(int fd)
{
	static char data[65536];
	struct socket_buffer buffer = { data, sizeof(data) };
	uint8_t bytes[4];
	const struct socket_address from = { bytes, sizeof(bytes) };
	uint32_t port, size, done;
	uint16_t flags;

	while (buffer.size = sizeof(data),
	       socket_recv_from_v2((uint32_t)fd, &buffer, 1, &from, 0, &port, &size, &flags) == 0) {
		buffer.size = size;
		socket_send_to((uint32_t)fd, &buffer, 1, &from, port, 0, &done);
	}
}

int main(int argc, char **argv)
{
	uint32_t port = argc > 1 ? (uint32_t)atoi(argv[1]) : 7;
	struct server server = {
		.name = "echod", .port = port, .serve = serve,
		.watch_fd = bind_datagrams(port), .watched = datagram_came,
	};

	return server_run(&server);
}
