/* What a program does with sockets, as the fuzzer's input says. */
#ifndef WALNUT_FUZZ_PROGRAM_H
#define WALNUT_FUZZ_PROGRAM_H

#include "net/network.h"

#define SOCKETS 8

static struct socket *sockets[SOCKETS];
static struct input {
	const uint8_t *data;
	size_t size;
} input;

static uint8_t take_byte(void)
{
	if (!input.size)
		return 0;
	input.size--;
	return *input.data++;
}

static uint32_t take(unsigned bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | take_byte();
	return value;
}

/* The target's. */
struct socket_address some_address(uint16_t family);

static void receive_some(struct socket *socket)
{
	struct socket_address sender;
	uint8_t data[512];
	size_t got;

	if (socket->state == SOCKET_DGRAM && socket->input.first) {
		socket_sender(socket, &sender);
		socket_peek(socket, SOCKET_PREFIX, data, sizeof(data));
		socket_next_datagram(socket);
	} else if (socket->state == SOCKET_CONNECTED) {
		got = socket_peek(socket, 0, data, sizeof(data));
		socket_consume(socket, got);
	}
	socket_take_error(socket);
}

static void send_some(struct socket *socket)
{
	static const uint8_t data[3000];
	struct socket_address to = some_address(socket->family);

	if (socket->state == SOCKET_DGRAM)
		socket_send_datagram(socket, to.bytes[3] ? &to : NULL, data, take(2) % sizeof(data));
	else if (socket->state == SOCKET_CONNECTED && !(socket->ended_here & SOCKET_END_SEND))
		socket_send(socket, data, take(2) % sizeof(data));
}

/* A new socket is of one family or the other. */
static void use_socket(uint16_t odd, uint16_t even)
{
	uint8_t what = take_byte();
	struct socket **at = &sockets[what % SOCKETS], *socket = *at;
	struct socket_address address;

	if (!socket) {
		*at = network_open(what & 0x80 ? odd : even, what & 0x40 ? SOCKET_DATAGRAM : SOCKET_STREAM);
		return;
	}
	address = some_address(socket->family);
	switch (take_byte() % 9) {
	case 0:
		socket_bind(socket, &address);
		break;
	case 1:
		socket_listen(socket, take_byte());
		break;
	case 2:
		socket_connect(socket, &address);
		break;
	case 3:
		socket_shutdown(socket, take_byte() & 3);
		break;
	case 4:
		receive_some(socket);
		break;
	case 5:
		send_some(socket);
		break;
	case 6:
		if (socket->state == SOCKET_LISTENING && !sockets[(what + 1) % SOCKETS])
			sockets[(what + 1) % SOCKETS] = socket_accept(socket);
		break;
	case 7:
		socket_name(socket, what & 1, &address);
		(void)(socket_readable(socket) + socket_writable(socket) + socket_at_end(socket));
		break;
	default:
		socket_close(socket);
		*at = NULL;
	}
}

static void close_sockets(void)
{
	for (int i = 0; i < SOCKETS; i++) {
		if (sockets[i])
			socket_close(sockets[i]);
		sockets[i] = NULL;
	}
}

#endif
