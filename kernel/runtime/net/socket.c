/* What sockets have in common; see socket.h. */
#include "net/socket.h"

#include "lib/string.h"
#include "net/linux_errno.h"

#define DATAGRAMS_MAX (256u << 10)
#define BACKLOG_MAX 4096u

void socket_close(struct socket *socket)
{
	socket->ops->close(socket);
}

int32_t socket_bind(struct socket *socket, const struct socket_address *address)
{
	if (socket->local.size || socket->state == SOCKET_LISTENING || socket->state == SOCKET_CONNECTED)
		return -LINUX_EINVAL;
	return socket->ops->bind(socket, address);
}

int32_t socket_listen(struct socket *socket, uint32_t backlog)
{
	if (socket->type != SOCKET_STREAM)
		return -LINUX_EOPNOTSUPP;
	if (socket->state == SOCKET_LISTENING)
		return 0;
	if (socket->state != SOCKET_NEW)
		return -LINUX_EINVAL;
	socket->backlog = backlog < 1 ? 1 : backlog > BACKLOG_MAX ? BACKLOG_MAX : backlog;
	return socket->ops->listen(socket);
}

int32_t socket_connect(struct socket *socket, const struct socket_address *address)
{
	switch (socket->state) {
	case SOCKET_NEW:
	case SOCKET_DGRAM:
		return socket->ops->connect(socket, address);
	case SOCKET_CONNECTING:
		return -LINUX_EALREADY;
	case SOCKET_CONNECTED:
		return -LINUX_EISCONN;
	default:
		return -LINUX_EINVAL;
	}
}

int32_t socket_shutdown(struct socket *socket, uint8_t directions)
{
	if (socket->state == SOCKET_DGRAM)
		return socket->remote.size ? 0 : -LINUX_ENOTCONN;
	if (socket->state != SOCKET_CONNECTED)
		return -LINUX_ENOTCONN;
	if (directions & SOCKET_END_RECEIVE)
		queue_clear(&socket->input);
	return directions & ~socket->ended_here ? socket->ops->shutdown(socket, directions) : 0;
}

int32_t socket_name(struct socket *socket, bool peer, struct socket_address *name)
{
	bool connected = socket->state == SOCKET_CONNECTED;

	if (peer && !connected && !(socket->state == SOCKET_DGRAM && socket->remote.size))
		return -LINUX_ENOTCONN;
	return socket->ops->name(socket, peer, name);
}

struct socket_address socket_any_address(uint16_t family)
{
	struct socket_address address = {
		.size = family == SOCKET_INET ? SOCKET_ADDRESS_INET : SOCKET_ADDRESS_INET6,
	};

	memcpy(address.bytes, &family, sizeof(family));
	return address;
}

void socket_add_client(struct socket *listener, struct socket *client)
{
	if (listener->last_client)
		listener->last_client->client_next = client;
	else
		listener->clients = client;
	listener->last_client = client;
	listener->client_count++;
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
	listener->ops->accepted(listener, client);
	return client;
}

size_t socket_peek(struct socket *socket, size_t skip, void *data, size_t size)
{
	return queue_peek(&socket->input, skip, data, size, socket->state == SOCKET_DGRAM);
}

void socket_consume(struct socket *socket, size_t size)
{
	queue_drop(&socket->input, size);
	socket->ops->consumed(socket, size);
}

size_t socket_send(struct socket *socket, const void *data, size_t size)
{
	return socket->ops->send(socket, data, size);
}

int32_t socket_send_datagram(struct socket *socket, const struct socket_address *to, const void *data,
			     size_t size)
{
	if (!to && !socket->remote.size)
		return -LINUX_EDESTADDRREQ;
	return socket->ops->send_datagram(socket, to, data, size);
}

void socket_add_datagram(struct socket *socket, const struct socket_address *sender, const void *data,
			 size_t size)
{
	if (socket->input.size < DATAGRAMS_MAX)
		queue_put(&socket->input, sender, sizeof(*sender), data, size, true); /* or it is lost */
}

void socket_sender(struct socket *socket, struct socket_address *sender)
{
	if (socket_peek(socket, 0, sender, sizeof(*sender)) != sizeof(*sender))
		sender->size = 0;
}

void socket_next_datagram(struct socket *socket)
{
	queue_drop(&socket->input, queue_record_size(&socket->input));
}

bool socket_at_end(const struct socket *socket)
{
	return socket->state == SOCKET_CLOSED || (socket->ended_there & SOCKET_END_SEND) ||
	       (socket->ended_here & SOCKET_END_RECEIVE);
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
	case SOCKET_LISTENING:
		return false;
	case SOCKET_CONNECTED:
		if ((socket->ended_here & SOCKET_END_SEND) || (socket->ended_there & SOCKET_END_RECEIVE))
			return true;
		return socket->ops->can_send(socket);
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
