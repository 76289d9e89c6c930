/* Streams, listeners, and the table of all sockets by TSI; see socket.h. Packets without data that
 * have to go out are bits of a socket, not a queue: bounded whatever the host does, and
 * sent as soon as there is a buffer. */
#include "net/tsi/socket.h"

#include "idle.h"
#include "lib/string.h"
#include "mem/space.h"
#include "net/linux_errno.h"
#include "net/loop.h"
#include "net/tsi/link.h"
#include "net/tsi/request.h"

#define BUCKETS 1024 /* a power of two */
#define PORT_FIRST 0x10000u
/* Receive buffers; smaller where there are many, so that what others send does not fill memory. */
#define WINDOW_OF_FEW (512u << 10)
#define WINDOW_OF_MANY (128u << 10)
#define FEW 16
/* Payloads of this size stay in the device's buffers as long as there are some. */
#define IN_PLACE_MIN 8192
/* Clients of a listener that are answered before the program accepts them, so that what
 * they say is here by then. The host offers more only as the others are answered. */
#define ANSWERED_EARLY 16

#define PENDING_RESPONSE 0x1
#define PENDING_REQUEST 0x2
#define PENDING_CREDIT 0x4
#define PENDING_SHUTDOWN 0x8
#define PENDING_RST 0x10

static struct tsi_socket *buckets[BUCKETS];
static struct tsi_socket *free_sockets;
static struct tsi_socket *pending_sockets;
static uint32_t next_port = PORT_FIRST;
static uint32_t socket_count;

static struct tsi_socket **bucket(uint32_t port, uint32_t peer_port)
{
	return &buckets[(port ^ peer_port * 2654435761u >> 7) & (BUCKETS - 1)];
}

static struct tsi_socket *find(uint32_t port, uint32_t peer_port)
{
	struct tsi_socket *socket = *bucket(port, peer_port);

	while (socket && (socket->port != port || socket->peer_port != peer_port))
		socket = socket->hash_next;
	return socket;
}

static const struct socket_ops tsi_ops;

static struct tsi_socket *create(uint32_t port, uint32_t peer_port, uint16_t family, uint16_t type)
{
	struct tsi_socket *socket = free_sockets, **head = bucket(port, peer_port);

	if (socket)
		free_sockets = socket->hash_next;
	else
		socket = space_allocate(sizeof(*socket));
	if (!socket)
		return NULL;
	*socket = (struct tsi_socket){
		.base = { .ops = family == SOCKET_VSOCK ? &direct_ops : &tsi_ops, .family = family, .type = type, .window = socket_count < FEW ? WINDOW_OF_FEW : WINDOW_OF_MANY,
			  .state = type == SOCKET_DATAGRAM ? SOCKET_DGRAM : SOCKET_NEW },
		.hash_next = *head, .port = port, .peer_port = peer_port,
	};
	*head = socket;
	socket_count++;
	return socket;
}

bool stream_move(struct tsi_socket *socket, uint32_t port, uint32_t peer_port)
{
	struct tsi_socket **at = bucket(socket->port, socket->peer_port);

	if (find(port, peer_port))
		return find(port, peer_port) == socket;
	while (*at != socket)
		at = &(*at)->hash_next;
	*at = socket->hash_next;
	socket->port = port;
	socket->peer_port = peer_port;
	at = bucket(port, peer_port);
	socket->hash_next = *at;
	*at = socket;
	return true;
}

static void remove_pending(struct tsi_socket *socket)
{
	struct tsi_socket **at = &pending_sockets;

	if (!socket->pending_listed)
		return;
	while (*at != socket)
		at = &(*at)->pending_next;
	*at = socket->pending_next;
	socket->pending_listed = false;
}

static void destroy(struct tsi_socket *socket)
{
	struct tsi_socket **at = bucket(socket->port, socket->peer_port);

	while (*at != socket)
		at = &(*at)->hash_next;
	*at = socket->hash_next;
	remove_pending(socket);
	queue_clear(&socket->base.input);
	socket_count--;
	socket->hash_next = free_sockets;
	free_sockets = socket;
}

static struct vsock_header header_for(struct tsi_socket *socket, uint16_t op)
{
	socket->told = socket->received;
	socket->pending &= (uint8_t)~PENDING_CREDIT;
	return (struct vsock_header){
		.src_cid = VSOCK_CID_GUEST, .dst_cid = VSOCK_CID_HOST,
		.src_port = socket->port, .dst_port = socket->peer_port,
		.type = VSOCK_TYPE_STREAM, .op = op,
		.flags = op == VSOCK_OP_SHUTDOWN ? socket->base.ended_here : 0,
		.buf_alloc = socket->base.window, .fwd_cnt = socket->received,
	};
}

static void want(struct tsi_socket *socket, uint8_t pending)
{
	socket->pending |= pending;
	if (socket->pending_listed)
		return;
	socket->pending_next = pending_sockets;
	pending_sockets = socket;
	socket->pending_listed = true;
}

static uint16_t next_op(struct tsi_socket *socket)
{
	static const struct { uint8_t bit; uint16_t op; } order[] = {
		{ PENDING_RESPONSE, VSOCK_OP_RESPONSE }, { PENDING_REQUEST, VSOCK_OP_REQUEST },
		{ PENDING_SHUTDOWN, VSOCK_OP_SHUTDOWN }, { PENDING_CREDIT, VSOCK_OP_CREDIT_UPDATE },
		{ PENDING_RST, VSOCK_OP_RST },
	};

	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (socket->pending & order[i].bit) {
			socket->pending &= (uint8_t)~order[i].bit;
			return order[i].op;
		}
	}
	return VSOCK_OP_INVALID;
}

void tsi_flush(void)
{
	while (pending_sockets && link_can_send()) {
		struct tsi_socket *socket = pending_sockets;
		uint16_t op = next_op(socket);
		struct vsock_header header;

		if (op != VSOCK_OP_INVALID) {
			header = header_for(socket, op);
			link_send(&header, NULL, 0, NULL, 0, false);
		}
		if (socket->pending)
			continue;
		remove_pending(socket);
		/* An RST was the last that was to be said. */
		if (socket->is_free && socket->base.state == SOCKET_CLOSED)
			destroy(socket);
	}
}

struct socket *tsi_open(uint16_t family, uint16_t type)
{
	struct tsi_socket *socket;

	while (find(next_port, TSI_STREAM_PORT) || next_port < PORT_FIRST)
		next_port = next_port < PORT_FIRST ? PORT_FIRST : next_port + 1;
	socket = create(next_port++, TSI_STREAM_PORT, family, type);
	return socket ? &socket->base : NULL;
}

static void fail(struct tsi_socket *socket, int32_t error)
{
	socket->base.state = SOCKET_CLOSED;
	socket->base.error = error;
	socket->pending = 0;
	if (socket->is_free)
		destroy(socket);
}

static void drop_clients(struct tsi_socket *listener)
{
	struct socket *next = listener->base.clients;

	while (next) {
		struct tsi_socket *client = tsi_socket(next);

		next = next->client_next;
		if (client->base.loop_below) { /* from this machine */
			socket_close(&client->base);
			continue;
		}
		client->is_free = true;
		client->base.state = SOCKET_CLOSED;
		client->pending = 0;
		want(client, PENDING_RST);
	}
	listener->base.clients = NULL;
}

void stream_close(struct socket *base)
{
	struct tsi_socket *socket = tsi_socket(base);
	bool stream = base->state == SOCKET_CONNECTED || (base->state == SOCKET_CONNECTING && socket->requested);

	loop_remove(base);
	drop_clients(socket);
	/* The host's part, where no stream's end will tell, or the host is libkrun. */
	if (base->family != SOCKET_VSOCK && (!link_is_extended() || (socket->has_proxy && !stream)))
		request_release(socket);
	socket->is_free = true;
	if (!stream) {
		destroy(socket);
		return;
	}
	/* Unread data is lost to the other end if it goes on sending; what was sent is not. */
	queue_clear(&base->input);
	base->ended_here = SOCKET_END_BOTH;
	if (base->state == SOCKET_CONNECTING) {
		base->state = SOCKET_CLOSED;
		want(socket, PENDING_RST);
	} else {
		want(socket, PENDING_SHUTDOWN);
	}
	tsi_flush();
}

/* Unpublished it can be reached from here only. */
static int32_t datagram_bind(struct socket *base, const struct socket_address *address)
{
	int32_t error = request_bind(tsi_socket(base), address);

	if (error && error != -LINUX_EPERM)
		return error;
	if (error)
		base->local = *address;
	if (loop_add(base) == 0 || !error)
		return 0;
	base->local.size = 0;
	return -LINUX_EADDRINUSE;
}

static int32_t stream_bind(struct socket *base, const struct socket_address *address)
{
	if (base->type == SOCKET_DATAGRAM)
		return datagram_bind(base, address);
	base->local = *address;
	return 0;
}

static int32_t stream_listen(struct socket *base)
{
	struct tsi_socket *socket = tsi_socket(base);
	int32_t error;

	if (!base->local.size)
		base->local = socket_any_address(base->family);
	/* Before the host offers clients, which it may do ahead of its reply. */
	base->state = SOCKET_LISTENING;
	error = request_listen(socket);
	if (!error || error == -LINUX_EPERM) { /* not published: it can be reached from here only */
		int32_t taken = loop_add(base);

		if (!error || !taken)
			return 0;
		error = taken;
	}
	drop_clients(socket);
	base->state = SOCKET_NEW;
	return error;
}

static int32_t stream_connect(struct socket *base, const struct socket_address *address)
{
	struct tsi_socket *socket = tsi_socket(base);
	struct socket *here = loop_find(base->type, address);

	if (here && base->type == SOCKET_DATAGRAM) {
		loop_connect_datagram(base, address);
		return 0;
	}
	if (here)
		return loop_connect(base, here, address);
	if (base->type == SOCKET_DATAGRAM)
		return request_connect_dgram(socket, address);
	base->state = SOCKET_CONNECTING;
	base->remote = *address;
	socket->requested = false;
	request_connect(socket, address);
	return -LINUX_EINPROGRESS;
}

void stream_request(struct tsi_socket *socket)
{
	socket->base.state = SOCKET_CONNECTING;
	socket->requested = true;
	want(socket, PENDING_REQUEST);
	tsi_flush();
}

/* The host's answer to request_connect(). */
static void connect_result(struct tsi_socket *socket, const uint8_t *data, uint32_t size)
{
	struct tsi_result reply;

	if (size < sizeof(reply) || socket->base.state != SOCKET_CONNECTING || socket->requested)
		return;
	memcpy(&reply, data, sizeof(reply));
	if (reply.result) {
		/* As on Linux, it may be tried again. */
		socket->base.error = reply.result < 0 ? reply.result : -LINUX_EIO;
		socket->base.state = SOCKET_NEW;
		return;
	}
	socket->requested = true;
	want(socket, PENDING_REQUEST);
}

int32_t stream_shutdown(struct socket *base, uint8_t directions)
{
	base->ended_here |= directions;
	want(tsi_socket(base), PENDING_SHUTDOWN);
	tsi_flush();
	return 0;
}

static int32_t stream_name(struct socket *base, bool peer, struct socket_address *name)
{
	struct tsi_socket *socket = tsi_socket(base);
	bool connected = base->state == SOCKET_CONNECTED;

	/* A listener's and a bound socket's name is what the guest asked for. */
	if (!peer && base->local.size && !connected) {
		*name = base->local;
		return 0;
	}
	if (connected || (socket->has_proxy && base->state == SOCKET_DGRAM))
		return request_name(socket, peer, name);
	*name = socket_any_address(base->family);
	return 0;
}

static void answer(struct tsi_socket *client)
{
	if (client->base.state != SOCKET_WAITING)
		return;
	client->base.state = SOCKET_CONNECTED;
	want(client, PENDING_RESPONSE);
}

/* Has the clients at the head of the queue answered, before the program accepts them. */
static void answer_clients(struct socket *listener)
{
	struct socket *client = listener->clients;

	for (unsigned i = 0; client && i < ANSWERED_EARLY; i++, client = client->client_next)
		answer(tsi_socket(client));
}

void stream_accepted(struct socket *listener, struct socket *client)
{
	answer_clients(listener);
	answer(tsi_socket(client));
	tsi_flush();
}

/* Nobody has it: the host should know. Without a buffer it learns that from its next packet. */
static void refuse(const struct vsock_header *to)
{
	struct vsock_header header = {
		.src_cid = VSOCK_CID_GUEST, .dst_cid = VSOCK_CID_HOST, .src_port = to->dst_port,
		.dst_port = to->src_port, .type = VSOCK_TYPE_STREAM, .op = VSOCK_OP_RST,
	};

	if (to->op != VSOCK_OP_RST && link_can_send())
		link_send(&header, NULL, 0, NULL, 0, false);
}

static void client_request(struct tsi_socket *listener, const struct vsock_header *header)
{
	struct tsi_socket *client;

	if (listener->base.state != SOCKET_LISTENING || listener->base.client_count >= listener->base.backlog + ANSWERED_EARLY)
		client = NULL;
	else
		client = create(header->dst_port, header->src_port, listener->base.family, TSI_SOCKET_STREAM);
	if (!client) { /* the host offered more than it may, or memory is out */
		refuse(header);
		return;
	}
	client->base.state = SOCKET_WAITING;
	client->host_window = header->buf_alloc;
	client->host_forwarded = header->fwd_cnt;
	socket_add_client(&listener->base, &client->base);
	answer_clients(&listener->base);
}

void stream_consumed(struct socket *base, size_t size)
{
	struct tsi_socket *socket = tsi_socket(base);

	socket->received += (uint32_t)size;
	/* The host should not run out of credit while there is room. */
	if (base->state == SOCKET_CONNECTED &&
	    base->window - (base->input.size + socket->received - socket->told) < base->window / 2) {
		want(socket, PENDING_CREDIT);
		tsi_flush();
	}
}

static uint32_t send_room(const struct tsi_socket *socket)
{
	uint32_t in_flight = socket->sent - socket->host_forwarded;

	return in_flight < socket->host_window ? socket->host_window - in_flight : 0;
}

/* The device takes packets whatever the other end does: waiting for that is no wait. */
static bool await_link(struct tsi_socket *socket)
{
	tsi_flush(); /* a RESPONSE comes before data */
	while (!link_can_send()) {
		link_wait(IDLE_FOREVER);
		tsi_flush();
	}
	return socket->base.state == SOCKET_CONNECTED && send_room(socket);
}

size_t stream_send(struct socket *base, const void *data, size_t size)
{
	struct tsi_socket *socket = tsi_socket(base);
	const uint8_t *from = data;
	size_t done = 0;

	while (done < size && await_link(socket)) {
		struct vsock_header header = header_for(socket, VSOCK_OP_RW);
		size_t part = size - done < LINK_PAYLOAD_MAX ? size - done : LINK_PAYLOAD_MAX;

		if (part > send_room(socket))
			part = send_room(socket);
		socket->sent += (uint32_t)part;
		link_send(&header, NULL, 0, (const void *)((uintptr_t)from + done), part,
			  done + part < size && send_room(socket));
		done += part;
	}
	return done;
}

bool stream_can_send(const struct socket *base)
{
	return send_room((const struct tsi_socket *)base);
}

static const struct socket_ops tsi_ops = {
	.close = stream_close, .bind = stream_bind, .listen = stream_listen, .connect = stream_connect,
	.shutdown = stream_shutdown, .name = stream_name, .accepted = stream_accepted,
	.consumed = stream_consumed, .send = stream_send, .can_send = stream_can_send,
	.send_datagram = tsi_send_datagram,
};

static bool keep_data(struct tsi_socket *socket, const uint8_t *data, uint32_t size)
{
	if (size < IN_PLACE_MIN || !link_can_keep())
		return queue_put(&socket->base.input, NULL, 0, data, size, false);
	if (!queue_put_in_place(&socket->base.input, data, size, link_release))
		return false;
	link_keep(data);
	return true;
}

static void receive_data(struct tsi_socket *socket, const struct vsock_header *header, const uint8_t *data)
{
	if (socket->is_free || (socket->base.ended_here & SOCKET_END_RECEIVE)) {
		socket->received += header->len; /* nobody reads it */
		want(socket, PENDING_CREDIT);
		return;
	}
	if (header->len > socket->base.window - socket->base.input.size ||
	    !keep_data(socket, data, header->len)) {
		want(socket, PENDING_RST);
		fail(socket, -LINUX_ECONNRESET);
		socket->pending = PENDING_RST;
	}
}

static void reset_by_host(struct tsi_socket *socket)
{
	switch (socket->base.state) {
	case SOCKET_CONNECTING:
		if (socket->requested)
			fail(socket, -LINUX_ECONNREFUSED);
		break;
	case SOCKET_WAITING:
		/* Still in its listener's queue: the program gets it, and sees its end. */
		socket->pending = 0;
		socket->base.state = SOCKET_CLOSED;
		break;
	case SOCKET_CONNECTED:
		/* After both directions' ends it is no news. */
		fail(socket, (socket->base.ended_there & SOCKET_END_SEND) ? 0 : -LINUX_ECONNRESET);
		break;
	default:
		break;
	}
}

static void stream_packet(struct tsi_socket *socket, const struct vsock_header *header, const uint8_t *data)
{
	socket->host_window = header->buf_alloc;
	if (socket->sent - header->fwd_cnt < socket->sent - socket->host_forwarded)
		socket->host_forwarded = header->fwd_cnt;
	if (header->op == VSOCK_OP_RST) {
		reset_by_host(socket);
		return;
	}
	if (socket->base.state == SOCKET_CONNECTING && socket->requested && header->op == VSOCK_OP_RESPONSE) {
		socket->base.state = SOCKET_CONNECTED;
		return;
	}
	if (socket->base.state != SOCKET_CONNECTED)
		return;
	switch (header->op) {
	case VSOCK_OP_RW:
		receive_data(socket, header, data);
		break;
	case VSOCK_OP_SHUTDOWN:
		socket->base.ended_there |= header->flags & SOCKET_END_BOTH;
		break;
	case VSOCK_OP_CREDIT_REQUEST:
		want(socket, PENDING_CREDIT);
		break;
	default:
		break;
	}
}

static void receive_datagram(struct tsi_socket *socket, const uint8_t *data, uint32_t size)
{
	struct socket_address sender = { 0 };
	struct tsi_datagram prefix;

	if (size < sizeof(prefix))
		return;
	memcpy(&prefix, data, sizeof(prefix));
	if (prefix.address_size == TSI_ADDRESS_INET || prefix.address_size == TSI_ADDRESS_INET6) {
		sender.size = prefix.address_size;
		memcpy(sender.bytes, prefix.address, sender.size);
	}
	socket_add_datagram(&socket->base, &sender, data + sizeof(prefix), size - sizeof(prefix));
}

static void datagram_packet(const struct vsock_header *header, const uint8_t *data)
{
	struct tsi_socket *socket = find(header->dst_port, TSI_STREAM_PORT);

	if (request_reply(header, data) || !socket)
		return;
	if (header->src_port == TSI_CONNECT)
		connect_result(socket, data, header->len);
	else if (header->src_port == TSI_RECEIVED && socket->base.state == SOCKET_DGRAM)
		receive_datagram(socket, data, header->len);
}

void tsi_packet(const struct vsock_header *header, const uint8_t *data)
{
	struct tsi_socket *socket;

	if (header->op == VSOCK_OP_RW && header->type == VSOCK_TYPE_DGRAM) {
		datagram_packet(header, data);
		return;
	}
	if (header->type != VSOCK_TYPE_STREAM || header->dst_cid != VSOCK_CID_GUEST)
		return;
	socket = find(header->dst_port, header->src_port);
	if (socket) {
		stream_packet(socket, header, data);
		return;
	}
	socket = find(header->dst_port, TSI_STREAM_PORT);
	if (socket && header->op == VSOCK_OP_REQUEST && socket->base.state == SOCKET_LISTENING)
		client_request(socket, header);
	else
		refuse(header);
}

/* The host has the addresses. */
static bool tsi_has(uint16_t family)
{
	return family == SOCKET_VSOCK || link_has_tsi();
}

static bool tsi_start(const struct network_words *words)
{
	return link_start();
}

const struct network network_tsi = {
	.start = tsi_start, .has = tsi_has, .poll = link_poll, .open = tsi_open, .resolve = request_resolve,
};
