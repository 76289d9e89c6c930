/* Dispatch of TSI's messages, and streams; see tsi_proxy.h. */
#include "vsock/tsi_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "virtio/iov.h"
#include "virtio/virtq.h"
#include "vsock/hub.h"
#include "vsock/resolver.h"

#define BACKLOG_MAX 4096
#define UNANSWERED_MAX 1024u

struct vsock_conn *tsi_find(struct vsock_hub *hub, uint32_t svm_port, uint16_t type)
{
	struct vsock_conn *conn = vsock_table_find(&hub->table, svm_port, TSI_STREAM_PORT);

	return conn && conn->state == VSOCK_CONN_PROXY && (!type || conn->proxy->type == type) ? conn : NULL;
}

size_t tsi_write_packet(const struct iovec *iov, unsigned count, uint32_t from_port, uint32_t to_port,
			const void *data, uint32_t size)
{
	struct iovec rest[VIRTQ_DEVICE_SIZE_MAX];
	struct vsock_header header = {
		.src_cid = VSOCK_CID_HOST, .dst_cid = VSOCK_CID_GUEST, .src_port = from_port, .dst_port = to_port,
		.len = size, .type = VSOCK_TYPE_DGRAM, .op = VSOCK_OP_RW,
	};

	iov_scatter(iov, count, (const uint8_t *)&header, sizeof(header));
	count = iov_skip(rest, iov, count, sizeof(header));
	header.len = (uint32_t)iov_scatter(rest, count, data, size);
	return sizeof(header) + header.len;
}

void tsi_reply(struct vsock_hub *hub, const struct vsock_header *to, const void *data, uint32_t size)
{
	vsock_hub_reply(hub, &(struct vsock_header){
		.src_cid = VSOCK_CID_HOST, .dst_cid = VSOCK_CID_GUEST,
		.src_port = to->dst_port, .dst_port = to->src_port,
		.len = size, .type = VSOCK_TYPE_DGRAM, .op = VSOCK_OP_RW,
	}, data);
}

void tsi_reply_result(struct vsock_hub *hub, const struct vsock_header *to, int result)
{
	struct tsi_result reply = { result };

	tsi_reply(hub, to, &reply, sizeof(reply));
}

void tsi_reply_name(struct vsock_hub *hub, const struct vsock_header *to, int result,
		    const union net_address *name)
{
	struct tsi_name reply = { .result = result };

	if (name && result == 0) {
		reply.address.size = net_address_size(name);
		memcpy(reply.address.bytes, name, reply.address.size);
	}
	tsi_reply(hub, to, &reply, sizeof(reply));
}

/* A socket for the proxy in place of the one it may have. 0 or a negative errno. */
int tsi_open_socket(struct vsock_hub *hub, struct vsock_conn *conn, uint16_t family)
{
	int type = conn->proxy->type == TSI_SOCKET_STREAM ? SOCK_STREAM : SOCK_DGRAM;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return -errno;
	if (type == SOCK_STREAM) /* the guest has collected already */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	vsock_conn_close(conn, false);
	conn->readable = conn->writable = conn->hung_up = false;
	return vsock_hub_watch(hub, conn, fd);
}

static void proxy_create(struct vsock_hub *hub, const struct tsi_proxy_create *message)
{
	struct vsock_conn *conn;

	/* What is refused here shows in the first request that has a reply. */
	if ((message->family != TSI_FAMILY_INET && message->family != TSI_FAMILY_INET6) ||
	    (message->type != TSI_SOCKET_STREAM && message->type != TSI_SOCKET_DGRAM) ||
	    hub->table.count >= hub->conn_max)
		return;
	if (vsock_table_find(&hub->table, message->svm_port, TSI_STREAM_PORT))
		return;
	conn = vsock_hub_add(hub, message->svm_port, TSI_STREAM_PORT);
	if (!conn)
		return;
	conn->state = VSOCK_CONN_PROXY;
	conn->proxy = calloc(1, sizeof(*conn->proxy));
	if (!conn->proxy) {
		vsock_hub_drop(hub, conn, false);
		return;
	}
	conn->proxy->type = message->type;
	conn->proxy->state = message->type == TSI_SOCKET_DGRAM ? TSI_DGRAM : TSI_NEW;
	conn->proxy->listener.fd = -1;
}

static void answer_later(struct vsock_conn *conn, const struct vsock_header *header)
{
	conn->proxy->reply_port = header->src_port;
	conn->proxy->reply_to = (enum tsi_port)header->dst_port;
	conn->proxy->reply_ready = false;
}

static int stream_connect(struct vsock_hub *hub, struct vsock_conn *conn, const union net_address *to)
{
	struct tsi_proxy *proxy = conn->proxy;
	int error;

	if (proxy->state != TSI_NEW)
		return proxy->state == TSI_CONNECTING ? -EALREADY : -EISCONN;
	error = tsi_open_socket(hub, conn, to->any.sa_family);
	if (error)
		return error;
	error = connect(conn->fd, &to->any, net_address_size(to)) == 0 ? 0 : -errno;
	proxy->state = error == 0 ? TSI_CONNECTED : error == -EINPROGRESS ? TSI_CONNECTING : TSI_NEW;
	return error;
}

static void log_refusal(const char *what, const union net_address *to)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(to->any.sa_family,
		  to->any.sa_family == AF_INET ? (const void *)&to->v4.sin_addr : &to->v6.sin6_addr, text, sizeof(text));
	log_line(LOG_LEVEL_INFO, "network: %s %s port %u is not allowed", what, text, ntohs(to->v4.sin_port));
}

static void tsi_connect(struct vsock_hub *hub, const struct vsock_header *header,
			const struct tsi_to_address *message)
{
	struct vsock_conn *conn = tsi_find(hub, message->svm_port, 0);
	union net_address to;
	int result;

	if (!conn) {
		result = -ECONNREFUSED;
	} else if (!net_address_parse(&to, message->address.bytes, message->address.size)) {
		result = -EINVAL;
	} else if (!net_policy_allows(hub->policy, &to)) {
		log_refusal("connecting to", &to);
		result = -EACCES;
	} else if (conn->proxy->type == TSI_SOCKET_DGRAM) {
		tsi_udp_connect(hub, header, conn, &to);
		return;
	} else {
		result = stream_connect(hub, conn, &to);
		if (result == -EINPROGRESS) {
			answer_later(conn, header);
			return;
		}
	}
	tsi_reply_result(hub, header, result);
}

/* On the host at the published address; *address, which the guest asked for, gets the port
 * that it did not choose. */
static int stream_listen(struct vsock_hub *hub, struct vsock_conn *conn, const struct tsi_listen *message,
			 union net_address *address)
{
	struct vsock_listener *listener = &conn->proxy->listener;
	int backlog = message->backlog < 1 ? 1 : message->backlog > BACKLOG_MAX ? BACKLOG_MAX : message->backlog;
	union net_address host = *address;
	socklen_t size = sizeof(host);
	int error, one = 1;

	if (conn->proxy->state == TSI_LISTENING)
		return 0;
	if (conn->proxy->state != TSI_NEW)
		return -EINVAL;
	if (!net_policy_publishes(hub->policy, false, &host))
		return -EPERM; /* the guest keeps it to itself then */
	error = tsi_open_socket(hub, conn, host.any.sa_family);
	if (error)
		return error;
	setsockopt(conn->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(conn->fd, &host.any, net_address_size(&host)) != 0 || listen(conn->fd, backlog) != 0 ||
	    getsockname(conn->fd, &host.any, &size) != 0)
		return -errno;
	if (address->v4.sin_port == 0)
		address->v4.sin_port = host.v4.sin_port;
	*listener = (struct vsock_listener){
		.fd = conn->fd, .guest_port = message->vm_port, .owner = conn, .readable = true,
		.limit = (unsigned)backlog > UNANSWERED_MAX ? UNANSWERED_MAX : (unsigned)backlog,
	};
	conn->proxy->state = TSI_LISTENING;
	vsock_listener_accept(listener, hub);
	return 0;
}

static void tsi_listen_at(struct vsock_hub *hub, const struct vsock_header *header,
			  const struct tsi_listen *message)
{
	struct vsock_conn *conn = tsi_find(hub, message->svm_port, TSI_SOCKET_STREAM);
	union net_address address;
	int result = -EPERM;

	if (conn && !net_address_parse(&address, message->address.bytes, message->address.size))
		result = -EINVAL;
	else if (conn)
		result = stream_listen(hub, conn, message, &address);
	if (hub->extended)
		tsi_reply_name(hub, header, result, &address);
	else
		tsi_reply_result(hub, header, result);
}

static void tsi_accept(struct vsock_hub *hub, const struct vsock_header *header,
		       const struct tsi_accept *message)
{
	struct vsock_conn *conn = tsi_find(hub, message->svm_port, TSI_SOCKET_STREAM);

	if (!conn || conn->proxy->state != TSI_LISTENING) {
		tsi_reply_result(hub, header, -EINVAL);
	} else if (conn->proxy->tickets > 0) {
		conn->proxy->tickets--;
		tsi_reply_result(hub, header, 0);
	} else if (message->flags & TSI_NONBLOCK) {
		tsi_reply_result(hub, header, -EAGAIN);
	} else {
		answer_later(conn, header);
	}
}

void tsi_client_answered(struct vsock_hub *hub, struct vsock_conn *conn)
{
	struct tsi_proxy *proxy = conn->proxy;

	if (proxy->reply_port && !proxy->reply_ready) {
		proxy->reply = 0;
		proxy->reply_ready = true;
		vsock_hub_news(hub, conn);
	} else if (proxy->tickets < BACKLOG_MAX) {
		proxy->tickets++;
	}
}

static void tsi_getname(struct vsock_hub *hub, const struct vsock_header *header,
			const struct tsi_getname *message)
{
	struct vsock_conn *conn = vsock_table_find(&hub->table, message->svm_port, message->svm_peer_port);
	union net_address name = { 0 };
	socklen_t size = sizeof(name);
	int result;

	if (!conn || conn->fd < 0)
		result = -EINVAL;
	else if (message->peer || !hub->extended)
		result = getpeername(conn->fd, &name.any, &size) == 0 ? 0 : -errno;
	else
		result = getsockname(conn->fd, &name.any, &size) == 0 ? 0 : -errno;
	if (result == 0 && name.any.sa_family != AF_INET && name.any.sa_family != AF_INET6)
		result = -EAFNOSUPPORT;
	tsi_reply_name(hub, header, result, &name);
}

/* A stream that the guest has taken over ends by its own packets. */
static void proxy_release(struct vsock_hub *hub, const struct tsi_proxy_release *message)
{
	struct vsock_conn *conn = tsi_find(hub, message->svm_port, 0);

	if (conn && message->svm_peer_port == TSI_STREAM_PORT)
		vsock_hub_drop(hub, conn, false);
}

static void tsi_resolve(struct vsock_hub *hub, const struct vsock_header *header,
			const struct tsi_resolve *message, const struct iovec *payload, unsigned count)
{
	struct resolver_answer answer = { .size = offsetof(struct tsi_resolved, addresses) };
	struct iovec rest[VIRTQ_DEVICE_SIZE_MAX];
	char name[TSI_NAME_MAX + 1];
	size_t size;

	count = iov_skip(rest, payload, count, sizeof(*message));
	size = iov_gather(rest, count, (uint8_t *)name, TSI_NAME_MAX);
	name[size] = '\0';
	if (size == 0 || size != message->name_size || memchr(name, '\0', size) ||
	    (message->family != AF_UNSPEC && message->family != AF_INET && message->family != AF_INET6)) {
		answer.result.result = -EINVAL;
	} else if (!resolver_local(message->family, name, &answer)) {
		answer = (struct resolver_answer){ .size = offsetof(struct tsi_resolved, addresses) };
		if (!net_policy_allows_names(hub->policy)) {
			log_line(LOG_LEVEL_INFO, "network: looking names up is not allowed");
			answer.result.result = -EACCES;
		} else {
			answer.result.result = resolver_ask(hub->resolver, header, message->family, name);
			if (answer.result.result == 0)
				return;
		}
	}
	tsi_reply(hub, header, &answer.result, answer.size);
}

bool tsi_resolved(struct vsock_hub *hub)
{
	struct resolver_answer answer;

	if (!resolver_take(hub->resolver, &answer))
		return false;
	tsi_reply(hub, &answer.to, &answer.result, answer.size);
	return true;
}

static const struct { uint16_t port; uint16_t size; bool extended; } messages[] = {
	{ TSI_PROXY_CREATE, sizeof(struct tsi_proxy_create), false },
	{ TSI_CONNECT, sizeof(struct tsi_to_address), false },
	{ TSI_GETNAME, sizeof(struct tsi_getname), false },
	{ TSI_SENDTO_ADDRESS, sizeof(struct tsi_to_address), false },
	{ TSI_LISTEN, sizeof(struct tsi_listen), false },
	{ TSI_ACCEPT, sizeof(struct tsi_accept), false },
	{ TSI_PROXY_RELEASE, sizeof(struct tsi_proxy_release), false },
	{ TSI_BIND, sizeof(struct tsi_to_address), true },
	{ TSI_SENDTO, sizeof(struct tsi_datagram), true },
	{ TSI_RESOLVE, sizeof(struct tsi_resolve), true },
};

/* Whether `port` takes messages, and of which size at least. */
static bool is_message(const struct vsock_hub *hub, uint32_t port, uint32_t *size)
{
	for (unsigned i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (messages[i].port == port && (hub->extended || !messages[i].extended)) {
			*size = messages[i].size;
			return true;
		}
	}
	return false;
}

void tsi_datagram(struct vsock_hub *hub, const struct vsock_header *header, const struct iovec *payload,
		  unsigned count)
{
	union {
		struct tsi_proxy_create create;
		struct tsi_to_address address;
		struct tsi_getname getname;
		struct tsi_listen listen;
		struct tsi_accept accept;
		struct tsi_proxy_release release;
		struct tsi_datagram datagram;
		struct tsi_resolve resolve;
		uint8_t bytes[sizeof(struct tsi_listen)];
	} message = { 0 };
	uint32_t size;

	if (!is_message(hub, header->dst_port, &size)) {
		if (header->dst_port == TSI_SENDTO_DATA)
			tsi_udp_send_to_address(hub, header, payload, count);
		else
			tsi_udp_send_connected(hub, header, payload, count);
		return;
	}
	if (header->len < size) {
		log_line(LOG_LEVEL_WARN, "tsi: message of %u bytes to port %u is too short", header->len,
			 header->dst_port);
		return;
	}
	iov_gather(payload, count, message.bytes, size);
	switch (header->dst_port) {
	case TSI_PROXY_CREATE:
		proxy_create(hub, &message.create);
		break;
	case TSI_CONNECT:
		tsi_connect(hub, header, &message.address);
		break;
	case TSI_GETNAME:
		tsi_getname(hub, header, &message.getname);
		break;
	case TSI_SENDTO_ADDRESS:
		tsi_udp_set_address(hub, &message.address);
		break;
	case TSI_LISTEN:
		tsi_listen_at(hub, header, &message.listen);
		break;
	case TSI_ACCEPT:
		tsi_accept(hub, header, &message.accept);
		break;
	case TSI_PROXY_RELEASE:
		proxy_release(hub, &message.release);
		break;
	case TSI_BIND:
		tsi_udp_bind(hub, header, &message.address);
		break;
	case TSI_RESOLVE:
		tsi_resolve(hub, header, &message.resolve, payload, count);
		break;
	case TSI_SENDTO:
		tsi_udp_send(hub, header, &message.datagram, payload, count);
		break;
	}
}

bool tsi_stream_packet(struct vsock_hub *hub, struct vsock_conn *conn, const struct vsock_header *header)
{
	if (header->op == VSOCK_OP_RST || header->op == VSOCK_OP_SHUTDOWN)
		return true;
	if (header->op != VSOCK_OP_REQUEST || conn->proxy->state != TSI_CONNECTED)
		return false;
	conn->guest_window = header->buf_alloc;
	conn->guest_forwarded = 0;
	vsock_conn_connected(conn);
	vsock_hub_news(hub, conn);
	return true;
}

static void connecting_events(struct vsock_conn *conn, uint32_t events)
{
	struct tsi_proxy *proxy = conn->proxy;
	int error = 0;
	socklen_t size = sizeof(error);

	if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		return;
	if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		error = errno;
	proxy->state = error ? TSI_NEW : TSI_CONNECTED;
	proxy->reply = -error;
	proxy->reply_ready = proxy->reply_port != 0;
}

void tsi_events(struct vsock_hub *hub, struct vsock_conn *conn, uint32_t events)
{
	struct tsi_proxy *proxy = conn->proxy;

	switch (proxy->state) {
	case TSI_CONNECTING:
		connecting_events(conn, events);
		break;
	case TSI_LISTENING:
		proxy->listener.readable = true;
		vsock_listener_accept(&proxy->listener, hub);
		break;
	case TSI_DGRAM:
		conn->readable = true;
		break;
	default: /* taking the connection over looks at the socket anew */
		break;
	}
	vsock_hub_news(hub, conn);
}

bool tsi_has_packet(const struct vsock_conn *conn)
{
	return conn->proxy->reply_ready || (conn->proxy->state == TSI_DGRAM && conn->readable);
}

size_t tsi_make_packet(struct vsock_hub *hub, struct vsock_conn *conn, const struct iovec *iov, unsigned count)
{
	struct tsi_proxy *proxy = conn->proxy;
	struct tsi_result reply = { proxy->reply };
	uint32_t to = proxy->reply_port;

	if (!proxy->reply_ready)
		return tsi_udp_receive(hub, conn, iov, count);
	proxy->reply_ready = false;
	proxy->reply_port = 0;
	return tsi_write_packet(iov, count, proxy->reply_to, to, &reply, sizeof(reply));
}

void tsi_close(struct vsock_hub *hub, struct vsock_conn *conn)
{
	struct tsi_proxy *proxy = conn->proxy;

	conn->proxy = NULL;
	/* Clients that nobody will take now. */
	for (uint32_t i = 0; proxy->state == TSI_LISTENING && i < hub->table.slot_count; i++) {
		struct vsock_conn *client = vsock_table_at(&hub->table, i);

		if (!client || client->listener != &proxy->listener)
			continue;
		client->listener = NULL;
		vsock_conn_kill(client);
		vsock_hub_news(hub, client);
	}
	free(proxy->peers);
	free(proxy);
}
