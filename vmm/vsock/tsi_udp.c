/* TSI's datagram sockets; see tsi_proxy.h. Published ones are bound where the policy says and may
 * answer whom they heard from; others get a port of the host's when they first send, and
 * send where the policy allows. Datagrams get lost as they do anywhere: when the guest has
 * no buffers they wait in the host's socket until that is full. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"
#include "virtio/iov.h"
#include "virtio/virtq.h"
#include "vsock/hub.h"
#include "vsock/tsi_proxy.h"

#define ERRORS_MAX 8

static union net_address *peer_slot(const struct tsi_proxy *proxy, const union net_address *peer)
{
	const uint8_t *bytes = (const uint8_t *)peer;
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (uint32_t i = 0; i < net_address_size(peer); i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return &proxy->peers[hash % TSI_PEERS];
}

/* The same address in the same bytes: without what the kernel fills in by the way. */
static union net_address plain(const union net_address *address)
{
	union net_address result = { 0 };

	result.any.sa_family = address->any.sa_family;
	result.v4.sin_port = address->v4.sin_port;
	if (address->any.sa_family == AF_INET)
		result.v4.sin_addr = address->v4.sin_addr;
	else
		result.v6.sin6_addr = address->v6.sin6_addr;
	return result;
}

static bool may_send(struct vsock_hub *hub, const struct tsi_proxy *proxy, const union net_address *to)
{
	union net_address peer = plain(to);

	if (net_policy_allows(hub->policy, to))
		return true;
	if (proxy->peers && memcmp(peer_slot(proxy, &peer), &peer, sizeof(peer)) == 0)
		return true;
	log_line(LOG_LEVEL_INFO, "network: sending to port %u is not allowed", ntohs(to->v4.sin_port));
	return false;
}

static int send_message(struct vsock_hub *hub, struct vsock_conn *conn, const union net_address *to,
			const struct iovec *payload, unsigned count)
{
	struct msghdr message = { .msg_iov = (struct iovec *)payload, .msg_iovlen = count };
	int error;

	if (to) {
		if (!may_send(hub, conn->proxy, to))
			return -EACCES;
		error = conn->fd < 0 ? tsi_open_socket(hub, conn, to->any.sa_family) : 0;
		if (error)
			return error;
		message.msg_name = (void *)to;
		message.msg_namelen = net_address_size(to);
	}
	if (conn->fd < 0)
		return -EDESTADDRREQ;
	return sendmsg(conn->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ? 0 : -errno;
}

void tsi_udp_bind(struct vsock_hub *hub, const struct vsock_header *header, const struct tsi_to_address *to)
{
	struct vsock_conn *conn = tsi_find(hub, to->svm_port, TSI_SOCKET_DGRAM);
	union net_address address, host;
	socklen_t size = sizeof(host);
	int result = 0;

	if (!conn || conn->fd >= 0 || !net_address_parse(&address, to->address.bytes, to->address.size)) {
		tsi_reply_name(hub, header, -EINVAL, NULL);
		return;
	}
	host = address;
	if (!net_policy_publishes(hub->policy, true, &host)) {
		tsi_reply_name(hub, header, -EPERM, NULL);
		return;
	}
	conn->proxy->peers = calloc(TSI_PEERS, sizeof(*conn->proxy->peers));
	if (!conn->proxy->peers)
		result = -ENOMEM;
	if (!result)
		result = tsi_open_socket(hub, conn, host.any.sa_family);
	if (!result && (bind(conn->fd, &host.any, net_address_size(&host)) != 0 ||
			getsockname(conn->fd, &host.any, &size) != 0)) {
		result = -errno;
		vsock_conn_close(conn, false);
	}
	if (result) {
		free(conn->proxy->peers);
		conn->proxy->peers = NULL;
	} else if (address.v4.sin_port == 0) {
		address.v4.sin_port = host.v4.sin_port;
	}
	tsi_reply_name(hub, header, result, &address);
}

void tsi_udp_connect(struct vsock_hub *hub, const struct vsock_header *header, struct vsock_conn *conn,
		     const union net_address *to)
{
	int result = conn->fd < 0 ? tsi_open_socket(hub, conn, to->any.sa_family) : 0;

	if (!result && connect(conn->fd, &to->any, net_address_size(to)) != 0)
		result = -errno;
	tsi_reply_result(hub, header, result);
}

void tsi_udp_send(struct vsock_hub *hub, const struct vsock_header *header, const struct tsi_datagram *to,
		  const struct iovec *payload, unsigned count)
{
	struct vsock_conn *conn = tsi_find(hub, to->svm_port, TSI_SOCKET_DGRAM);
	struct iovec data[VIRTQ_DEVICE_SIZE_MAX];
	union net_address address;
	int result = -EINVAL;

	count = iov_skip(data, payload, count, sizeof(*to));
	if (conn && to->address_size == 0)
		result = send_message(hub, conn, NULL, data, count);
	else if (conn && to->address_size <= sizeof(to->address) &&
		 net_address_parse(&address, to->address, to->address_size))
		result = send_message(hub, conn, &address, data, count);
	if (to->want_reply)
		tsi_reply_result(hub, header, result);
}

void tsi_udp_set_address(struct vsock_hub *hub, const struct tsi_to_address *to)
{
	struct vsock_conn *conn = tsi_find(hub, to->svm_port, TSI_SOCKET_DGRAM);

	if (conn && !net_address_parse(&conn->proxy->sendto, to->address.bytes, to->address.size))
		conn->proxy->sendto.any.sa_family = AF_UNSPEC;
}

void tsi_udp_send_to_address(struct vsock_hub *hub, const struct vsock_header *header,
			     const struct iovec *payload, unsigned count)
{
	struct vsock_conn *conn = tsi_find(hub, header->src_port, TSI_SOCKET_DGRAM);

	if (conn && conn->proxy->sendto.any.sa_family != AF_UNSPEC)
		send_message(hub, conn, &conn->proxy->sendto, payload, count);
}

void tsi_udp_send_connected(struct vsock_hub *hub, const struct vsock_header *header,
			    const struct iovec *payload, unsigned count)
{
	struct vsock_conn *conn = tsi_find(hub, header->src_port, TSI_SOCKET_DGRAM);

	if (conn && conn->fd >= 0)
		send_message(hub, conn, NULL, payload, count);
}

static size_t receive_message(struct vsock_conn *conn, struct msghdr *message)
{
	ssize_t n;
	unsigned errors = 0;

	/* Errors are earlier datagrams' (ICMP says that nobody listens): not this one's. */
	do
		n = recvmsg(conn->fd, message, MSG_DONTWAIT);
	while (n < 0 && errno != EAGAIN && ++errors < ERRORS_MAX);
	if (n < 0)
		conn->readable = errno != EAGAIN;
	return n < 0 ? SIZE_MAX : (size_t)n;
}

size_t tsi_udp_receive(struct vsock_hub *hub, struct vsock_conn *conn, const struct iovec *iov, unsigned count)
{
	/* libkrun's kernels expect the CIDs of data the wrong way round. */
	struct vsock_header header = {
		.src_cid = hub->extended ? VSOCK_CID_HOST : VSOCK_CID_GUEST,
		.dst_cid = hub->extended ? VSOCK_CID_GUEST : VSOCK_CID_HOST,
		.src_port = hub->extended ? TSI_RECEIVED : 0, .dst_port = conn->guest_port,
		.type = VSOCK_TYPE_DGRAM, .op = VSOCK_OP_RW,
	};
	struct tsi_datagram prefix = { 0 };
	size_t prefix_size = hub->extended ? sizeof(prefix) : 0;
	struct iovec room[VIRTQ_DEVICE_SIZE_MAX];
	union net_address from = { 0 };
	struct msghdr message = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = room };
	size_t size;

	message.msg_iovlen = iov_skip(room, iov, count, sizeof(header) + prefix_size);
	if (!conn->readable)
		return 0;
	size = receive_message(conn, &message);
	if (size == SIZE_MAX)
		return 0;
	from = plain(&from);
	if (conn->proxy->peers)
		*peer_slot(conn->proxy, &from) = from;
	header.len = (uint32_t)(prefix_size + size);
	iov_scatter(iov, count, (const uint8_t *)&header, sizeof(header));
	if (prefix_size) {
		prefix.address_size = (uint16_t)net_address_size(&from);
		memcpy(prefix.address, &from, prefix.address_size);
		count = iov_skip(room, iov, count, sizeof(header));
		iov_scatter(room, count, (const uint8_t *)&prefix, sizeof(prefix));
	}
	return sizeof(header) + header.len;
}
