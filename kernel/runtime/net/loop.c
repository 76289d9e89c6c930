/* See loop.h. A stream has two ends, each of which puts what it sends into the other's queue; there is
 * nothing on its way. */
#include "net/loop.h"

#include "lib/string.h"
#include "net/linux_errno.h"
#include "net/network.h"

#define PORT_FIRST 49152u /* of those that nobody chose */
#define PORT_OFFSET 2
#define INET_OFFSET 4
#define INET6_OFFSET 8
#define DATAGRAM_MAX 65507u

static struct socket *reachable; /* linked by loop_next */

static uint16_t port_of(const struct socket_address *address)
{
	return (uint16_t)(address->bytes[PORT_OFFSET] << 8 | address->bytes[PORT_OFFSET + 1]);
}

static void set_port(struct socket_address *address, uint16_t port)
{
	address->bytes[PORT_OFFSET] = (uint8_t)(port >> 8);
	address->bytes[PORT_OFFSET + 1] = (uint8_t)port;
}

static bool is_any(const struct socket_address *address)
{
	static const uint8_t zeros[16];

	if (address->size == SOCKET_ADDRESS_INET)
		return !memcmp(address->bytes + INET_OFFSET, zeros, 4);
	return !memcmp(address->bytes + INET6_OFFSET, zeros, 16);
}

static bool is_loopback(const struct socket_address *address)
{
	static const uint8_t inet6[16] = { [15] = 1 };

	if (address->size == SOCKET_ADDRESS_INET)
		return address->bytes[INET_OFFSET] == 127;
	return !memcmp(address->bytes + INET6_OFFSET, inet6, 16);
}

/* Any address, as one that connects means it, is the loopback one. */
static struct socket_address as_loopback(const struct socket_address *from)
{
	struct socket_address address = *from;

	if (!is_any(from))
		return address;
	if (address.size == SOCKET_ADDRESS_INET)
		address.bytes[INET_OFFSET] = 127;
	address.bytes[address.size == SOCKET_ADDRESS_INET ? INET_OFFSET + 3 : INET6_OFFSET + 15] = 1;
	return address;
}

/* Ports, and addresses if both have one. */
static bool same_place(const struct socket_address *a, const struct socket_address *b)
{
	uint32_t at = a->size == SOCKET_ADDRESS_INET ? INET_OFFSET : INET6_OFFSET;

	return a->size == b->size && port_of(a) == port_of(b) &&
	       (is_any(a) || is_any(b) || !memcmp(a->bytes + at, b->bytes + at, at == INET_OFFSET ? 4 : 16));
}

static struct socket *find(uint16_t type, const struct socket_address *address)
{
	struct socket *socket = reachable;

	while (socket && (socket->type != type || !same_place(&socket->local, address)))
		socket = socket->loop_next;
	return socket;
}

struct socket *loop_find(uint16_t type, const struct socket_address *to)
{
	return is_any(to) || is_loopback(to) ? find(type, to) : NULL;
}

static int32_t choose_port(uint16_t type, struct socket_address *address)
{
	static uint16_t next = PORT_FIRST;

	for (uint32_t i = 0; i <= UINT16_MAX - PORT_FIRST; i++) {
		set_port(address, next);
		next = next == UINT16_MAX ? PORT_FIRST : next + 1;
		if (!find(type, address))
			return 0;
	}
	return -LINUX_EADDRINUSE;
}

int32_t loop_add(struct socket *socket)
{
	if (port_of(&socket->local) ? find(socket->type, &socket->local) != NULL :
				      choose_port(socket->type, &socket->local))
		return -LINUX_EADDRINUSE;
	socket->loop_next = reachable;
	reachable = socket;
	return 0;
}

void loop_remove(struct socket *socket)
{
	struct socket **at = &reachable;

	while (*at && *at != socket)
		at = &(*at)->loop_next;
	if (*at)
		*at = socket->loop_next;
}

/* What has no address yet gets one of its own. */
static int32_t ensure_local(struct socket *socket, const struct socket_address *to)
{
	if (socket->local.size && port_of(&socket->local))
		return 0;
	if (!socket->local.size)
		socket->local = *to;
	return choose_port(socket->type, &socket->local);
}

static void loop_close(struct socket *socket)
{
	struct socket *peer = socket->loop_peer;

	if (peer) {
		if (socket->input.size) /* as with TCP */
			peer->error = -LINUX_ECONNRESET;
		peer->ended_there = SOCKET_END_BOTH;
		peer->loop_peer = NULL;
	}
	/* The host knows nothing of it. */
	queue_clear(&socket->input);
	socket->ops = socket->loop_below;
	socket->state = SOCKET_NEW;
	socket_close(socket);
}

static int32_t loop_shutdown(struct socket *socket, uint8_t directions)
{
	socket->ended_here |= directions;
	if (socket->loop_peer)
		socket->loop_peer->ended_there |= directions;
	return 0;
}

static int32_t loop_name(struct socket *socket, bool peer, struct socket_address *name)
{
	*name = peer ? socket->remote : socket->local;
	return 0;
}

/* The other end sees room when it asks. */
static void loop_consumed(struct socket *socket, size_t size)
{
}

static uint32_t room(const struct socket *peer)
{
	return peer->input.size < peer->window ? peer->window - peer->input.size : 0;
}

static size_t loop_send(struct socket *socket, const void *data, size_t size)
{
	struct socket *peer = socket->loop_peer;

	if (!peer)
		return 0;
	if (size > room(peer))
		size = room(peer);
	if (queue_put(&peer->input, NULL, 0, data, size, false))
		return size;
	socket->error = -LINUX_ENOBUFS;
	return 0;
}

static bool loop_can_send(const struct socket *socket)
{
	return !socket->loop_peer || room(socket->loop_peer);
}

/* A connected stream's: what comes before is the network's. */
static const struct socket_ops loop_ops = {
	.close = loop_close, .shutdown = loop_shutdown, .name = loop_name, .consumed = loop_consumed,
	.send = loop_send, .can_send = loop_can_send,
};

static void become_end(struct socket *socket, struct socket *peer)
{
	socket->loop_below = socket->ops;
	socket->ops = &loop_ops;
	socket->loop_peer = peer;
	socket->state = SOCKET_CONNECTED;
}

int32_t loop_connect(struct socket *socket, struct socket *listener, const struct socket_address *to)
{
	struct socket_address there = as_loopback(to);
	struct socket *client;
	int32_t error = ensure_local(socket, &there);

	if (error)
		return error;
	if (listener->client_count >= listener->backlog)
		return -LINUX_ECONNREFUSED;
	client = network_open(socket->family, SOCKET_STREAM);
	if (!client)
		return -LINUX_ENOBUFS;
	socket->remote = client->local = there;
	client->remote = as_loopback(&socket->local);
	become_end(socket, client);
	become_end(client, socket);
	socket_add_client(listener, client);
	return 0;
}

void loop_connect_datagram(struct socket *socket, const struct socket_address *to)
{
	socket->remote = as_loopback(to);
}

int32_t loop_send_datagram(struct socket *from, struct socket *target, const struct socket_address *to,
			   const void *data, size_t size)
{
	struct socket_address there = as_loopback(to), sender;

	if (size > DATAGRAM_MAX)
		return -LINUX_EMSGSIZE;
	if (!from->local.size) { /* so that there can be an answer */
		from->local = there;
		set_port(&from->local, 0);
		if (loop_add(from))
			return -LINUX_EADDRNOTAVAIL;
	}
	sender = as_loopback(&from->local);
	if (!target->remote.size || same_place(&target->remote, &sender))
		socket_add_datagram(target, &sender, data, size);
	return 0;
}
