/* Sockets of AF_VSOCK: streams between a port of the guest's and one of the host's, which the VMM
 * leads to a Unix socket or to nothing. Connections are streams as TSI's are; there is nobody to be
 * asked first, and names are the ports themselves. */
#include "lib/string.h"
#include "net/linux_errno.h"
#include "net/tsi/socket.h"

#define CID_ANY UINT32_MAX
#define PORT_ANY UINT32_MAX
#define PORT_AT 4
#define CID_AT 8

static struct socket_address address_of(uint32_t cid, uint32_t port)
{
	const uint16_t family = SOCKET_VSOCK;
	struct socket_address address = { .size = SOCKET_ADDRESS_VSOCK };

	memcpy(address.bytes, &family, sizeof(family));
	memcpy(address.bytes + PORT_AT, &port, sizeof(port));
	memcpy(address.bytes + CID_AT, &cid, sizeof(cid));
	return address;
}

static void parts_of(const struct socket_address *address, uint32_t *cid, uint32_t *port)
{
	memcpy(port, address->bytes + PORT_AT, sizeof(*port));
	memcpy(cid, address->bytes + CID_AT, sizeof(*cid));
}

/* Port 0 and any port: the one that the socket has already. */
static int32_t direct_bind(struct socket *base, const struct socket_address *address)
{
	struct tsi_socket *socket = tsi_socket(base);
	uint32_t cid, port;

	parts_of(address, &cid, &port);
	if (cid != CID_ANY && cid != VSOCK_CID_GUEST)
		return -LINUX_EADDRNOTAVAIL;
	if (port != PORT_ANY && port != 0 && !stream_move(socket, port, TSI_STREAM_PORT))
		return -LINUX_EADDRINUSE;
	base->local = address_of(VSOCK_CID_GUEST, socket->port);
	return 0;
}

static int32_t direct_listen(struct socket *base)
{
	base->local = address_of(VSOCK_CID_GUEST, tsi_socket(base)->port);
	base->state = SOCKET_LISTENING;
	return 0;
}

static int32_t direct_connect(struct socket *base, const struct socket_address *address)
{
	struct tsi_socket *socket = tsi_socket(base);
	uint32_t cid, port;

	parts_of(address, &cid, &port);
	if (cid != VSOCK_CID_HOST) /* there is nobody else */
		return -LINUX_ENETUNREACH;
	if (!stream_move(socket, socket->port, port))
		return -LINUX_EADDRINUSE;
	base->remote = *address;
	stream_request(socket);
	return -LINUX_EINPROGRESS;
}

static int32_t direct_name(struct socket *base, bool peer, struct socket_address *name)
{
	const struct tsi_socket *socket = tsi_socket(base);

	*name = peer ? address_of(VSOCK_CID_HOST, socket->peer_port) : address_of(VSOCK_CID_GUEST, socket->port);
	return 0;
}

const struct socket_ops direct_ops = {
	.close = stream_close, .bind = direct_bind, .listen = direct_listen, .connect = direct_connect,
	.shutdown = stream_shutdown, .name = direct_name, .accepted = stream_accepted, .consumed = stream_consumed,
	.send = stream_send, .can_send = stream_can_send,
};
