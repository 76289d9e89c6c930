/* See request.h. There is one control port for requests with a result, since only one is
 * under way at a time; CONNECT's result may take long, so it goes to the socket's own port. */
#include "net/tsi/request.h"

#include "idle.h"
#include "lib/string.h"
#include "net/linux_errno.h"
#include "net/loop.h"
#include "net/tsi/link.h"

#define CONTROL_PORT 1023u

static uint32_t awaited; /* the host's port that the result comes from; 0: none */
static union {
	struct tsi_result result;
	struct tsi_name name;
	struct tsi_resolved resolved;
} reply;
static uint32_t reply_size;

static void wait_for_room(void)
{
	while (!link_can_send())
		link_wait(IDLE_FOREVER);
}

static void say(uint32_t from, enum tsi_port to, const void *message, size_t size, const void *data,
		size_t data_size)
{
	struct vsock_header header = {
		.src_cid = VSOCK_CID_GUEST, .dst_cid = VSOCK_CID_HOST, .src_port = from, .dst_port = to,
		.type = VSOCK_TYPE_DGRAM, .op = VSOCK_OP_RW,
	};

	wait_for_room();
	link_send(&header, message, size, data, data_size, false);
}

static void ensure_proxy(struct tsi_socket *socket)
{
	struct tsi_proxy_create message = { socket->port, socket->base.family, socket->base.type };

	if (socket->has_proxy)
		return;
	socket->has_proxy = true;
	say(CONTROL_PORT, TSI_PROXY_CREATE, &message, sizeof(message), NULL, 0);
}

/* Sends the message and waits; `reply` is filled in then. */
static int32_t ask(enum tsi_port port, const void *message, size_t size, const void *data, size_t data_size)
{
	memset(&reply, 0, sizeof(reply));
	awaited = port;
	say(CONTROL_PORT, port, message, size, data, data_size);
	while (awaited) {
		if (!link_poll())
			link_wait(IDLE_FOREVER);
	}
	if (reply_size < sizeof(reply.result))
		return -LINUX_EIO;
	return reply.result.result > 0 ? -LINUX_EIO : reply.result.result;
}

bool request_reply(const struct vsock_header *header, const uint8_t *data)
{
	if (header->dst_port != CONTROL_PORT)
		return false;
	if (awaited && header->src_port == awaited) {
		reply_size = header->len < sizeof(reply) ? header->len : sizeof(reply);
		memcpy(&reply, data, reply_size);
		awaited = 0;
	}
	return true;
}

static struct tsi_address to_message(const struct socket_address *address)
{
	struct tsi_address message = { .size = address->size };

	memcpy(message.bytes, address->bytes, address->size);
	return message;
}

/* The address in the reply, if it is one. */
static bool take_address(struct socket_address *address)
{
	const struct tsi_address *from = &reply.name.address;

	if (reply_size < sizeof(reply.name) || (from->size != TSI_ADDRESS_INET && from->size != TSI_ADDRESS_INET6))
		return false;
	address->size = from->size;
	memcpy(address->bytes, from->bytes, address->size);
	return true;
}

int32_t request_bind(struct tsi_socket *socket, const struct socket_address *address)
{
	struct tsi_to_address message = { socket->port, to_message(address) };
	int32_t error;

	if (!link_is_extended())
		return -LINUX_EPERM;
	ensure_proxy(socket);
	error = ask(TSI_BIND, &message, sizeof(message), NULL, 0);
	if (!error && !take_address(&socket->base.local))
		socket->base.local = *address;
	return error;
}

int32_t request_listen(struct tsi_socket *socket)
{
	struct tsi_listen message = {
		socket->port, socket->port, (int32_t)socket->base.backlog, to_message(&socket->base.local),
	};
	int32_t error;

	ensure_proxy(socket);
	error = ask(TSI_LISTEN, &message, sizeof(message), NULL, 0);
	if (!error && link_is_extended())
		take_address(&socket->base.local);
	return error;
}

void request_connect(struct tsi_socket *socket, const struct socket_address *address)
{
	struct tsi_to_address message = { socket->port, to_message(address) };

	ensure_proxy(socket);
	say(socket->port, TSI_CONNECT, &message, sizeof(message), NULL, 0);
}

int32_t request_connect_dgram(struct tsi_socket *socket, const struct socket_address *address)
{
	struct tsi_to_address message = { socket->port, to_message(address) };
	int32_t error;

	ensure_proxy(socket);
	error = ask(TSI_CONNECT, &message, sizeof(message), NULL, 0);
	if (!error)
		socket->base.remote = *address;
	return error;
}

int32_t request_name(struct tsi_socket *socket, bool peer, struct socket_address *name)
{
	struct tsi_getname message = { socket->port, socket->peer_port, peer };
	int32_t error;

	if (!peer && !link_is_extended())
		return -LINUX_EOPNOTSUPP;
	error = ask(TSI_GETNAME, &message, sizeof(message), NULL, 0);
	if (!error && !take_address(name))
		return -LINUX_EIO;
	return error;
}

int32_t request_resolve(uint16_t family, const char *name, size_t size, struct socket_address *addresses,
			uint32_t *count)
{
	struct tsi_resolve message = { family, (uint16_t)size };
	int32_t error;

	*count = 0;
	if (!link_is_extended())
		return -LINUX_EOPNOTSUPP;
	error = ask(TSI_RESOLVE, &message, sizeof(message), name, size);
	if (error)
		return error;
	for (uint32_t i = 0; i < reply.resolved.count && i < TSI_RESOLVED_MAX; i++) {
		const uint8_t *from = reply.resolved.addresses[i];

		if ((uintptr_t)(from + TSI_ADDRESS_INET6) - (uintptr_t)&reply > reply_size)
			break;
		addresses[i].size = from[0] == TSI_FAMILY_INET ? TSI_ADDRESS_INET : TSI_ADDRESS_INET6;
		memcpy(addresses[i].bytes, from, TSI_ADDRESS_INET6);
		*count = i + 1;
	}
	return 0;
}

void request_release(struct tsi_socket *socket)
{
	struct tsi_proxy_release message = { socket->port, socket->peer_port };

	say(CONTROL_PORT, TSI_PROXY_RELEASE, &message, sizeof(message), NULL, 0);
}

static bool same_address(const struct socket_address *a, const struct socket_address *b)
{
	return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

/* The first datagram to an address waits to hear whether it may be sent at all. */
int32_t tsi_send_datagram(struct socket *base, const struct socket_address *to, const void *data, size_t size)
{
	struct tsi_socket *socket = tsi_socket(base);
	struct socket *here = loop_find(SOCKET_DATAGRAM, to ? to : &base->remote);
	struct tsi_datagram message = { .svm_port = socket->port };
	int32_t error;

	if (here)
		return loop_send_datagram(base, here, to ? to : &base->remote, data, size);
	if (!link_is_extended())
		return -LINUX_EOPNOTSUPP;
	if (size > LINK_PAYLOAD_MAX - sizeof(message))
		return -LINUX_EMSGSIZE;
	ensure_proxy(socket);
	if (!to) {
		say(CONTROL_PORT, TSI_SENDTO, &message, sizeof(message), data, size);
		return 0;
	}
	message.address_size = (uint16_t)to->size;
	memcpy(message.address, to->bytes, to->size);
	if (same_address(&socket->allowed, to)) {
		say(CONTROL_PORT, TSI_SENDTO, &message, sizeof(message), data, size);
		return 0;
	}
	message.want_reply = 1;
	error = ask(TSI_SENDTO, &message, sizeof(message), data, size);
	if (!error)
		socket->allowed = *to;
	return error;
}
