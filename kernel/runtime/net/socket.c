/* Streams, listeners, and the table of all sockets; see socket.h. Packets without data that
 * have to go out are bits of a socket, not a queue: bounded whatever the host does, and
 * sent as soon as there is a buffer. */
#include "net/socket.h"

#include "idle.h"
#include "lib/string.h"
#include "mem/space.h"
#include "net/linux_errno.h"
#include "net/link.h"
#include "net/request.h"

#define BUCKETS 1024 /* a power of two */
#define PORT_FIRST 0x10000u
#define WINDOW (128u << 10)
#define DATAGRAMS_MAX (256u << 10)
/* Clients of a listener that are answered before the program accepts them, so that what
 * they say is here by then. The host offers more only as the others are answered. */
#define ANSWERED_EARLY 16

#define PENDING_RESPONSE 0x1
#define PENDING_REQUEST 0x2
#define PENDING_CREDIT 0x4
#define PENDING_SHUTDOWN 0x8
#define PENDING_RST 0x10

static struct socket *buckets[BUCKETS];
static struct socket *free_sockets;
static struct socket *pending_sockets;
static uint32_t next_port = PORT_FIRST;

static struct socket **bucket(uint32_t port, uint32_t peer_port)
{
	return &buckets[(port ^ peer_port * 2654435761u >> 7) & (BUCKETS - 1)];
}

static struct socket *find(uint32_t port, uint32_t peer_port)
{
	struct socket *socket = *bucket(port, peer_port);

	while (socket && (socket->port != port || socket->peer_port != peer_port))
		socket = socket->hash_next;
	return socket;
}

static struct socket *create(uint32_t port, uint32_t peer_port, uint16_t family, uint16_t type)
{
	struct socket *socket = free_sockets, **head = bucket(port, peer_port);

	if (socket)
		free_sockets = socket->hash_next;
	else
		socket = space_allocate(sizeof(*socket));
	if (!socket)
		return NULL;
	*socket = (struct socket){
		.hash_next = *head, .port = port, .peer_port = peer_port, .family = family, .type = type,
		.window = WINDOW, .state = type == TSI_SOCKET_DGRAM ? SOCKET_DGRAM : SOCKET_NEW,
	};
	*head = socket;
	return socket;
}

static void remove_pending(struct socket *socket)
{
	struct socket **at = &pending_sockets;

	if (!socket->pending_listed)
		return;
	while (*at != socket)
		at = &(*at)->pending_next;
	*at = socket->pending_next;
	socket->pending_listed = false;
}

static void destroy(struct socket *socket)
{
	struct socket **at = bucket(socket->port, socket->peer_port);

	while (*at != socket)
		at = &(*at)->hash_next;
	*at = socket->hash_next;
	remove_pending(socket);
	queue_clear(&socket->input);
	socket->hash_next = free_sockets;
	free_sockets = socket;
}

static struct vsock_header header_for(struct socket *socket, uint16_t op)
{
	socket->told = socket->received;
	socket->pending &= (uint8_t)~PENDING_CREDIT;
	return (struct vsock_header){
		.src_cid = VSOCK_CID_GUEST, .dst_cid = VSOCK_CID_HOST,
		.src_port = socket->port, .dst_port = socket->peer_port,
		.type = VSOCK_TYPE_STREAM, .op = op,
		.flags = op == VSOCK_OP_SHUTDOWN ? socket->ended_here : 0,
		.buf_alloc = socket->window, .fwd_cnt = socket->received,
	};
}

static void want(struct socket *socket, uint8_t pending)
{
	socket->pending |= pending;
	if (socket->pending_listed)
		return;
	socket->pending_next = pending_sockets;
	pending_sockets = socket;
	socket->pending_listed = true;
}

static uint16_t next_op(struct socket *socket)
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

void socket_flush(void)
{
	while (pending_sockets && link_can_send()) {
		struct socket *socket = pending_sockets;
		uint16_t op = next_op(socket);
		struct vsock_header header;

		if (op != VSOCK_OP_INVALID) {
			header = header_for(socket, op);
			link_send(&header, NULL, 0, NULL, 0);
		}
		if (socket->pending)
			continue;
		remove_pending(socket);
		/* An RST was the last that was to be said. */
		if (socket->is_free && socket->state == SOCKET_CLOSED)
			destroy(socket);
	}
}

struct socket *socket_open(uint16_t family, uint16_t type)
{
	while (find(next_port, TSI_STREAM_PORT) || next_port < PORT_FIRST)
		next_port = next_port < PORT_FIRST ? PORT_FIRST : next_port + 1;
	return create(next_port++, TSI_STREAM_PORT, family, type);
}

static void fail(struct socket *socket, int32_t error)
{
	socket->state = SOCKET_CLOSED;
	socket->error = error;
	socket->pending = 0;
	if (socket->is_free)
		destroy(socket);
}

static void drop_clients(struct socket *listener)
{
	struct socket *client = listener->clients;

	while (client) {
		struct socket *next = client->client_next;

		client->is_free = true;
		client->state = SOCKET_CLOSED;
		client->pending = 0;
		want(client, PENDING_RST);
		client = next;
	}
	listener->clients = NULL;
}

void socket_close(struct socket *socket)
{
	bool stream = socket->state == SOCKET_CONNECTED || socket->state == SOCKET_REQUESTED;

	drop_clients(socket);
	/* The host's part, where no stream's end will tell, or the host is libkrun. */
	if (!link_is_extended() || (socket->has_proxy && !stream))
		request_release(socket);
	socket->is_free = true;
	if (!stream) {
		destroy(socket);
		return;
	}
	/* Unread data is lost to the other end if it goes on sending; what was sent is not. */
	queue_clear(&socket->input);
	socket->ended_here = VSOCK_SHUTDOWN_BOTH;
	if (socket->state == SOCKET_REQUESTED) {
		socket->state = SOCKET_CLOSED;
		want(socket, PENDING_RST);
	} else {
		want(socket, PENDING_SHUTDOWN);
	}
	socket_flush();
}

int32_t socket_bind(struct socket *socket, const struct socket_address *address)
{
	int32_t error;

	if (socket->local.size || socket->state == SOCKET_LISTENING || socket->state == SOCKET_CONNECTED)
		return -LINUX_EINVAL;
	if (socket->type == TSI_SOCKET_DGRAM) {
		error = request_bind(socket, address);
		if (error != -LINUX_EPERM) /* then it is bound here only, where nobody sends to it */
			return error;
	}
	socket->local = *address;
	return 0;
}

int32_t socket_listen(struct socket *socket, uint32_t backlog)
{
	int32_t error;

	if (socket->type != TSI_SOCKET_STREAM)
		return -LINUX_EOPNOTSUPP;
	if (socket->state == SOCKET_LISTENING)
		return 0;
	if (socket->state != SOCKET_NEW)
		return -LINUX_EINVAL;
	if (!socket->local.size) {
		socket->local.size = socket->family == TSI_FAMILY_INET ? TSI_ADDRESS_INET : TSI_ADDRESS_INET6;
		memcpy(socket->local.bytes, &socket->family, sizeof(socket->family));
	}
	/* Before the host offers clients, which it may do ahead of its reply. */
	socket->state = SOCKET_LISTENING;
	socket->backlog = backlog < 1 ? 1 : backlog > 4096 ? 4096 : backlog;
	error = request_listen(socket);
	if (error && error != -LINUX_EPERM) { /* not published: it listens here only */
		drop_clients(socket);
		socket->state = SOCKET_NEW;
		return error;
	}
	return 0;
}

int32_t socket_connect(struct socket *socket, const struct socket_address *address)
{
	if (socket->type == TSI_SOCKET_DGRAM)
		return request_connect_dgram(socket, address);
	switch (socket->state) {
	case SOCKET_NEW:
		break;
	case SOCKET_CONNECTING:
	case SOCKET_REQUESTED:
		return -LINUX_EALREADY;
	case SOCKET_CONNECTED:
		return -LINUX_EISCONN;
	default:
		return -LINUX_EINVAL;
	}
	socket->state = SOCKET_CONNECTING;
	socket->remote = *address;
	request_connect(socket, address);
	return -LINUX_EINPROGRESS;
}

/* The host's answer to request_connect(). */
static void connect_result(struct socket *socket, const uint8_t *data, uint32_t size)
{
	struct tsi_result reply;

	if (size < sizeof(reply) || socket->state != SOCKET_CONNECTING)
		return;
	memcpy(&reply, data, sizeof(reply));
	if (reply.result) {
		/* As on Linux, it may be tried again. */
		socket->error = reply.result < 0 ? reply.result : -LINUX_EIO;
		socket->state = SOCKET_NEW;
		return;
	}
	socket->state = SOCKET_REQUESTED;
	want(socket, PENDING_REQUEST);
}

int32_t socket_shutdown(struct socket *socket, uint8_t directions)
{
	if (socket->state == SOCKET_DGRAM)
		return socket->connected_dgram ? 0 : -LINUX_ENOTCONN;
	if (socket->state != SOCKET_CONNECTED)
		return -LINUX_ENOTCONN;
	if (directions & ~socket->ended_here) {
		socket->ended_here |= directions;
		if (directions & VSOCK_SHUTDOWN_RECEIVE)
			queue_clear(&socket->input);
		want(socket, PENDING_SHUTDOWN);
		socket_flush();
	}
	return 0;
}

int32_t socket_name(struct socket *socket, bool peer, struct socket_address *name)
{
	bool connected = socket->state == SOCKET_CONNECTED;

	if (peer && !connected && !socket->connected_dgram)
		return -LINUX_ENOTCONN;
	/* A listener's and a bound socket's name is what the guest asked for. */
	if (!peer && socket->local.size && !connected) {
		*name = socket->local;
		return 0;
	}
	if (connected || (socket->has_proxy && socket->state == SOCKET_DGRAM))
		return request_name(socket, peer, name);
	*name = (struct socket_address){ .size = socket->family == TSI_FAMILY_INET ? TSI_ADDRESS_INET : TSI_ADDRESS_INET6 };
	memcpy(name->bytes, &socket->family, sizeof(socket->family));
	return 0;
}

/* Has the clients at the head of the queue answered, before the program accepts them. */
static void answer_clients(struct socket *listener)
{
	struct socket *client = listener->clients;

	for (unsigned i = 0; client && i < ANSWERED_EARLY; i++, client = client->client_next) {
		if (client->state != SOCKET_WAITING)
			continue;
		client->state = SOCKET_CONNECTED;
		want(client, PENDING_RESPONSE);
	}
}

struct socket *socket_accept(struct socket *listener)
{
	struct socket *client = listener->clients;

	if (!client)
		return NULL;
	listener->clients = client->client_next;
	if (!listener->clients)
		listener->last_client = NULL;
	listener->client_count--;
	client->client_next = NULL;
	answer_clients(listener);
	if (client->state == SOCKET_WAITING) {
		client->state = SOCKET_CONNECTED;
		want(client, PENDING_RESPONSE);
	}
	socket_flush();
	return client;
}

/* Nobody has it: the host should know. Without a buffer it learns that from its next packet. */
static void refuse(const struct vsock_header *to)
{
	struct vsock_header header = {
		.src_cid = VSOCK_CID_GUEST, .dst_cid = VSOCK_CID_HOST, .src_port = to->dst_port,
		.dst_port = to->src_port, .type = VSOCK_TYPE_STREAM, .op = VSOCK_OP_RST,
	};

	if (to->op != VSOCK_OP_RST && link_can_send())
		link_send(&header, NULL, 0, NULL, 0);
}

static void client_request(struct socket *listener, const struct vsock_header *header)
{
	struct socket *client;

	if (listener->state != SOCKET_LISTENING || listener->client_count >= listener->backlog + ANSWERED_EARLY)
		client = NULL;
	else
		client = create(header->dst_port, header->src_port, listener->family, TSI_SOCKET_STREAM);
	if (!client) { /* the host offered more than it may, or memory is out */
		refuse(header);
		return;
	}
	client->state = SOCKET_WAITING;
	client->host_window = header->buf_alloc;
	client->host_forwarded = header->fwd_cnt;
	if (listener->last_client)
		listener->last_client->client_next = client;
	else
		listener->clients = client;
	listener->last_client = client;
	listener->client_count++;
	answer_clients(listener);
}

size_t socket_peek(struct socket *socket, size_t skip, void *data, size_t size)
{
	return queue_peek(&socket->input, skip, data, size, socket->state == SOCKET_DGRAM);
}

void socket_consume(struct socket *socket, size_t size)
{
	queue_drop(&socket->input, size);
	socket->received += (uint32_t)size;
	/* The host should not run out of credit while there is room. */
	if (socket->state == SOCKET_CONNECTED && socket->window - (socket->input.size + socket->received - socket->told) <
							 socket->window / 2) {
		want(socket, PENDING_CREDIT);
		socket_flush();
	}
}

static uint32_t send_room(const struct socket *socket)
{
	uint32_t in_flight = socket->sent - socket->host_forwarded;

	return in_flight < socket->host_window ? socket->host_window - in_flight : 0;
}

size_t socket_send(struct socket *socket, const void *data, size_t size)
{
	const uint8_t *from = data;
	size_t done = 0;

	socket_flush(); /* a RESPONSE comes before data */
	while (done < size && !socket->pending && send_room(socket) && link_can_send()) {
		struct vsock_header header = header_for(socket, VSOCK_OP_RW);
		size_t part = size - done < LINK_PAYLOAD_MAX ? size - done : LINK_PAYLOAD_MAX;

		if (part > send_room(socket))
			part = send_room(socket);
		link_send(&header, NULL, 0, (const void *)((uintptr_t)from + done), part);
		socket->sent += (uint32_t)part;
		done += part;
	}
	return done;
}

bool socket_at_end(const struct socket *socket)
{
	return socket->state == SOCKET_CLOSED || (socket->ended_by_host & VSOCK_SHUTDOWN_SEND) ||
	       (socket->ended_here & VSOCK_SHUTDOWN_RECEIVE);
}

bool socket_readable(const struct socket *socket)
{
	if (socket->error)
		return true;
	switch (socket->state) {
	case SOCKET_LISTENING:
		return socket->clients;
	case SOCKET_DGRAM:
		return socket->input.first;
	case SOCKET_CONNECTING:
	case SOCKET_REQUESTED:
		return false;
	default:
		return socket->input.size || socket->state != SOCKET_CONNECTED || socket_at_end(socket);
	}
}

bool socket_writable(const struct socket *socket)
{
	if (socket->error)
		return true;
	switch (socket->state) {
	case SOCKET_CONNECTING:
	case SOCKET_REQUESTED:
	case SOCKET_LISTENING:
		return false;
	case SOCKET_CONNECTED:
		if ((socket->ended_here & VSOCK_SHUTDOWN_SEND) || (socket->ended_by_host & VSOCK_SHUTDOWN_RECEIVE))
			return true;
		return send_room(socket);
	default:
		return true;
	}
}

int32_t socket_take_error(struct socket *socket)
{
	int32_t error = socket->error;

	socket->error = 0;
	return error;
}

static void receive_data(struct socket *socket, const struct vsock_header *header, const uint8_t *data)
{
	if (socket->is_free || (socket->ended_here & VSOCK_SHUTDOWN_RECEIVE)) {
		socket->received += header->len; /* nobody reads it */
		want(socket, PENDING_CREDIT);
		return;
	}
	if (header->len > socket->window - socket->input.size ||
	    !queue_put(&socket->input, NULL, 0, data, header->len, false)) {
		want(socket, PENDING_RST);
		fail(socket, -LINUX_ECONNRESET);
		socket->pending = PENDING_RST;
	}
}

static void reset_by_host(struct socket *socket)
{
	switch (socket->state) {
	case SOCKET_REQUESTED:
		fail(socket, -LINUX_ECONNREFUSED);
		break;
	case SOCKET_WAITING:
		/* Still in its listener's queue: the program gets it, and sees its end. */
		socket->pending = 0;
		socket->state = SOCKET_CLOSED;
		break;
	case SOCKET_CONNECTED:
		/* After both directions' ends it is no news. */
		fail(socket, (socket->ended_by_host & VSOCK_SHUTDOWN_SEND) ? 0 : -LINUX_ECONNRESET);
		break;
	default:
		break;
	}
}

static void stream_packet(struct socket *socket, const struct vsock_header *header, const uint8_t *data)
{
	socket->host_window = header->buf_alloc;
	if (socket->sent - header->fwd_cnt < socket->sent - socket->host_forwarded)
		socket->host_forwarded = header->fwd_cnt;
	if (header->op == VSOCK_OP_RST) {
		reset_by_host(socket);
		return;
	}
	if (socket->state == SOCKET_REQUESTED && header->op == VSOCK_OP_RESPONSE) {
		socket->state = SOCKET_CONNECTED;
		return;
	}
	if (socket->state != SOCKET_CONNECTED)
		return;
	switch (header->op) {
	case VSOCK_OP_RW:
		receive_data(socket, header, data);
		break;
	case VSOCK_OP_SHUTDOWN:
		socket->ended_by_host |= header->flags & VSOCK_SHUTDOWN_BOTH;
		break;
	case VSOCK_OP_CREDIT_REQUEST:
		want(socket, PENDING_CREDIT);
		break;
	default:
		break;
	}
}

static void datagram_packet(const struct vsock_header *header, const uint8_t *data)
{
	struct socket *socket = find(header->dst_port, TSI_STREAM_PORT);

	if (request_reply(header, data) || !socket)
		return;
	if (header->src_port == TSI_CONNECT)
		connect_result(socket, data, header->len);
	else if (header->src_port == TSI_RECEIVED && socket->state == SOCKET_DGRAM &&
		 header->len >= SOCKET_PREFIX && socket->input.size < DATAGRAMS_MAX)
		queue_put(&socket->input, NULL, 0, data, header->len, true); /* or it is lost */
}

void socket_packet(const struct vsock_header *header, const uint8_t *data)
{
	struct socket *socket;

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
	if (socket && header->op == VSOCK_OP_REQUEST && socket->state == SOCKET_LISTENING)
		client_request(socket, header);
	else
		refuse(header);
}
