/* See hub.h. Fairness: connections with something for the guest stand in one line; each
 * sends one packet and goes to the end of it. */
#include "vsock/hub.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "config.h"
#include "failure.h"
#include "log.h"
#include "virtio/iov.h"
#include "virtio/virtq.h"
#include "vsock/resolver.h"
#include "vsock/tsi_proxy.h"
#include "vm/clock.h"

#define EVENTS_MAX 64

/* What epoll's news carry: a connection's id, or one of these. */
#define COOKIE_TIMER (1ull << 63)
#define COOKIE_RESOLVER (1ull << 63 | 1)
#define COOKIE_PORT (1ull << 62 | 1ull << 63)

/* The host's ends of connections that it begins; below are ports that have names. */
#define HOST_PORT_FIRST 0x10000u

#define TICK_NS 50000000
#define LINGER_TICKS 1200u  /* a minute without a byte taken */
#define CONNECT_TICKS 600u
#define DRAIN_NS 2000000000ull

/* Windows shrink as connections get more, so that what a guest can make the host keep for
 * it has a bound: 16 * 1024 + 48 * 256 + 960 * 64 + 15360 * 16 KiB = 328 MiB. */
static uint32_t window_for(uint32_t count)
{
	return count <= 16 ? 1u << 20 : count <= 64 ? 256u << 10 : count <= 1024 ? 64u << 10 : 16u << 10;
}

static void unqueue(struct vsock_hub *hub, struct vsock_conn *conn)
{
	if (!conn->ready)
		return;
	*(conn->ready_prev ? &conn->ready_prev->ready_next : &hub->ready_first) = conn->ready_next;
	*(conn->ready_next ? &conn->ready_next->ready_prev : &hub->ready_last) = conn->ready_prev;
	conn->ready_next = conn->ready_prev = NULL;
	conn->ready = false;
}

void vsock_hub_news(struct vsock_hub *hub, struct vsock_conn *conn)
{
	if (conn->ready || !(conn->state == VSOCK_CONN_PROXY ? tsi_has_packet(conn) : vsock_conn_has_packet(conn)))
		return;
	conn->ready_prev = hub->ready_last;
	*(hub->ready_last ? &hub->ready_last->ready_next : &hub->ready_first) = conn;
	hub->ready_last = conn;
	conn->ready = true;
}

/* The guest has answered, or never will. */
static void answered(struct vsock_hub *hub, struct vsock_conn *conn)
{
	struct vsock_listener *listener = conn->listener;

	conn->listener = NULL;
	if (!listener)
		return;
	listener->unanswered--;
	vsock_listener_accept(listener, hub);
}

void vsock_hub_drop(struct vsock_hub *hub, struct vsock_conn *conn, bool abort)
{
	unqueue(hub, conn);
	vsock_conn_close(conn, abort);
	if (conn->proxy)
		tsi_close(hub, conn);
	answered(hub, conn);
	vsock_table_remove(&hub->table, conn);
}

void vsock_hub_retry_later(struct vsock_hub *hub)
{
	const struct itimerspec tick = { { 0, TICK_NS }, { 0, TICK_NS } };

	if (!hub->timer_runs)
		timerfd_settime(hub->timer_fd, 0, &tick, NULL);
	hub->timer_runs = true;
}

static void stop_timer(struct vsock_hub *hub)
{
	const struct itimerspec never = { 0 };

	timerfd_settime(hub->timer_fd, 0, &never, NULL);
	hub->timer_runs = false;
}

static void linger(struct vsock_hub *hub, struct vsock_conn *conn)
{
	unqueue(hub, conn);
	vsock_table_forget_ports(&hub->table, conn);
	conn->state = VSOCK_CONN_LINGERING;
	conn->pending = 0;
	vsock_hub_retry_later(hub);
}

void vsock_hub_reply(struct vsock_hub *hub, const struct vsock_header *header, const void *data)
{
	struct vsock_reply reply = { *header, NULL };

	if (!vsock_hub_has_room(hub)) /* the device asked before it took the packet */
		return;
	if (data) {
		reply.data = malloc(header->len);
		if (!reply.data)
			return;
		memcpy(reply.data, data, header->len);
	}
	hub->replies[(hub->reply_first + hub->reply_count++) % VSOCK_REPLIES_MAX] = reply;
}

static void reply_reset(struct vsock_hub *hub, const struct vsock_header *to)
{
	vsock_hub_reply(hub, &(struct vsock_header){
		.src_cid = to->dst_cid, .dst_cid = to->src_cid,
		.src_port = to->dst_port, .dst_port = to->src_port,
		.type = to->type, .op = VSOCK_OP_RST,
	}, NULL);
}

static size_t send_reply(struct vsock_hub *hub, const struct iovec *iov, unsigned count)
{
	struct vsock_reply *reply = &hub->replies[hub->reply_first];
	struct iovec rest[VIRTQ_DEVICE_SIZE_MAX];
	size_t size = sizeof(reply->header);

	iov_scatter(iov, count, (const uint8_t *)&reply->header, size);
	if (reply->data) {
		count = iov_skip(rest, iov, count, size);
		size += iov_scatter(rest, count, reply->data, reply->header.len);
	}
	free(reply->data);
	hub->reply_first = (hub->reply_first + 1) % VSOCK_REPLIES_MAX;
	hub->reply_count--;
	return size;
}

void vsock_hub_forget_replies(struct vsock_hub *hub)
{
	for (; hub->reply_count > 0; hub->reply_count--) {
		free(hub->replies[hub->reply_first].data);
		hub->reply_first = (hub->reply_first + 1) % VSOCK_REPLIES_MAX;
	}
}

struct vsock_conn *vsock_hub_add(struct vsock_hub *hub, uint32_t guest_port, uint32_t host_port)
{
	struct vsock_conn *conn = vsock_table_add(&hub->table, guest_port, host_port);

	if (conn)
		conn->window = window_for(hub->table.count);
	return conn;
}

int vsock_hub_watch(struct vsock_hub *hub, struct vsock_conn *conn, int fd)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = conn->id,
	};

	if (epoll_ctl(hub->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	conn->fd = fd;
	return 0;
}

struct vsock_conn *vsock_hub_connect(struct vsock_hub *hub, uint32_t guest_port, uint32_t host_port, int fd)
{
	struct vsock_conn *conn = vsock_hub_add(hub, guest_port, host_port);

	if (!conn) {
		close(fd);
		return NULL;
	}
	if (vsock_hub_watch(hub, conn, fd) != 0) {
		vsock_hub_drop(hub, conn, false);
		return NULL;
	}
	return conn;
}

uint32_t vsock_hub_free_port(struct vsock_hub *hub, uint32_t guest_port)
{
	uint32_t port;

	do {
		if (hub->next_host_port < HOST_PORT_FIRST || hub->next_host_port == UINT32_MAX)
			hub->next_host_port = HOST_PORT_FIRST;
		port = hub->next_host_port++;
	} while (vsock_table_find(&hub->table, guest_port, port));
	return port;
}

/* A connection that the guest asks for. */
static bool request(struct vsock_hub *hub, const struct vsock_header *header)
{
	struct vsock_port *port = NULL;
	struct vsock_conn *conn;
	bool connected;
	int fd;

	for (unsigned i = 0; i < hub->port_count && !port; i++)
		if (hub->ports[i].number == header->dst_port && !hub->ports[i].listen)
			port = &hub->ports[i];
	if (!port || hub->table.count >= hub->conn_max)
		return false;
	fd = vsock_port_connect(port, &connected);
	if (fd < 0) {
		log_line(LOG_LEVEL_INFO, "vsock port %u: cannot connect to %s: %s", port->number, port->path,
			 strerror(-fd));
		return false;
	}
	conn = vsock_hub_connect(hub, header->src_port, header->dst_port, fd);
	if (!conn)
		return false;
	conn->guest_window = header->buf_alloc;
	conn->guest_forwarded = 0;
	conn->port = port;
	conn->state = VSOCK_CONN_CONNECTING;
	if (connected)
		vsock_conn_connected(conn);
	else
		vsock_hub_retry_later(hub);
	vsock_hub_news(hub, conn);
	return true;
}

void vsock_hub_packet(struct vsock_hub *hub, const struct vsock_header *header, const struct iovec *payload,
		      unsigned count)
{
	bool addressed = header->src_cid == VSOCK_CID_GUEST && header->dst_cid == VSOCK_CID_HOST;
	bool ours = addressed && header->type == VSOCK_TYPE_STREAM;
	struct vsock_conn *conn = ours ? vsock_table_find(&hub->table, header->src_port, header->dst_port) : NULL;

	if (addressed && header->type == VSOCK_TYPE_DGRAM) {
		if (hub->tsi && header->op == VSOCK_OP_RW)
			tsi_datagram(hub, header, payload, count);
		return;
	}
	if (!conn) {
		if (ours && header->op == VSOCK_OP_REQUEST && request(hub, header))
			return;
		if (header->op != VSOCK_OP_RST && header->type != VSOCK_TYPE_DGRAM)
			reply_reset(hub, header);
		return;
	}
	if (conn->state == VSOCK_CONN_PROXY) {
		if (!tsi_stream_packet(hub, conn, header))
			reply_reset(hub, header);
		return;
	}
	switch (vsock_conn_packet(conn, header, payload, count)) {
	case VSOCK_CONN_ENDS:
		vsock_hub_drop(hub, conn, conn->ended_by_host != VSOCK_SHUTDOWN_BOTH);
		return;
	case VSOCK_CONN_ENDS_RESET:
		reply_reset(hub, header);
		vsock_hub_drop(hub, conn, false);
		return;
	case VSOCK_CONN_LINGERS:
		reply_reset(hub, header);
		linger(hub, conn);
		return;
	default:
		if (conn->listener && conn->state == VSOCK_CONN_OPEN) {
			if (conn->listener->owner)
				tsi_client_answered(hub, conn->listener->owner);
			answered(hub, conn);
		}
		vsock_hub_news(hub, conn);
	}
}

size_t vsock_hub_make_packet(struct vsock_hub *hub, const struct iovec *iov, unsigned count)
{
	struct vsock_conn *conn;

	if (hub->resolved && vsock_hub_has_room(hub))
		hub->resolved = tsi_resolved(hub);
	if (hub->reply_count > 0)
		return send_reply(hub, iov, count);
	while ((conn = hub->ready_first)) {
		bool proxy = conn->state == VSOCK_CONN_PROXY;
		size_t size = proxy ? tsi_make_packet(hub, conn, iov, count) : vsock_conn_make_packet(conn, iov, count);

		unqueue(hub, conn);
		if (!proxy && vsock_conn_is_over(conn))
			vsock_hub_drop(hub, conn, false);
		else
			vsock_hub_news(hub, conn);
		if (size > 0)
			return size;
	}
	return 0;
}

static void conn_events(struct vsock_hub *hub, struct vsock_conn *conn, uint32_t events)
{
	if (conn->state == VSOCK_CONN_PROXY)
		tsi_events(hub, conn, events);
	else if (vsock_conn_events(conn, events) == VSOCK_CONN_LIVES)
		vsock_hub_news(hub, conn);
	else
		vsock_hub_drop(hub, conn, false);
}

/* Tries once more what nothing tells of. False: it waits for nothing. */
static bool conn_tick(struct vsock_hub *hub, struct vsock_conn *conn)
{
	int error;

	if (conn->state == VSOCK_CONN_PROXY) {
		vsock_listener_accept(&conn->proxy->listener, hub);
		return vsock_listener_is_stuck(&conn->proxy->listener);
	}
	if (conn->state == VSOCK_CONN_LINGERING && ++conn->idle_ticks > LINGER_TICKS) {
		vsock_hub_drop(hub, conn, true);
		return false;
	}
	if (conn->state != VSOCK_CONN_CONNECTING || !conn->port)
		return conn->state == VSOCK_CONN_LINGERING;
	error = vsock_port_try_again(conn->port, conn->fd);
	if (error == -EAGAIN && ++conn->idle_ticks <= CONNECT_TICKS)
		return true;
	if (error) {
		vsock_conn_kill(conn);
	} else {
		conn->idle_ticks = 0;
		vsock_conn_connected(conn);
	}
	vsock_hub_news(hub, conn);
	return false;
}

static void tick(struct vsock_hub *hub)
{
	bool wanted = false;
	uint64_t count;

	if (read(hub->timer_fd, &count, sizeof(count)) != sizeof(count))
		return;
	hub->timer_runs = true; /* a step that starts it again finds it running */
	for (uint32_t i = 0; i < hub->table.slot_count; i++) {
		struct vsock_conn *conn = vsock_table_at(&hub->table, i);

		if (conn && conn_tick(hub, conn))
			wanted = true;
	}
	for (unsigned i = 0; i < hub->port_count; i++) {
		vsock_listener_accept(&hub->ports[i].listener, hub);
		wanted |= vsock_listener_is_stuck(&hub->ports[i].listener);
	}
	if (!wanted)
		stop_timer(hub);
}

void vsock_hub_turn(struct vsock_hub *hub)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(hub->epoll_fd, events, EVENTS_MAX, 0);

	for (int i = 0; i < n; i++) {
		uint64_t cookie = events[i].data.u64;
		struct vsock_conn *conn = vsock_table_find_id(&hub->table, cookie);

		if (conn) {
			conn_events(hub, conn, events[i].events);
		} else if (cookie == COOKIE_TIMER) {
			tick(hub);
		} else if (cookie == COOKIE_RESOLVER) {
			hub->resolved = true;
		} else if (cookie >= COOKIE_PORT) {
			struct vsock_listener *listener = &hub->ports[cookie - COOKIE_PORT].listener;

			listener->readable = true;
			vsock_listener_accept(listener, hub);
		}
	}
}

void vsock_hub_guest_up(struct vsock_hub *hub, uint64_t features)
{
	if (hub->guest_up)
		return;
	hub->guest_up = true;
	hub->tsi = features >> VSOCK_F_DGRAM & 1;
	hub->extended = hub->tsi && (features >> TSI_F_EXTENDED & 1);
	for (unsigned i = 0; i < hub->port_count; i++)
		vsock_listener_accept(&hub->ports[i].listener, hub);
}

void vsock_hub_reset(struct vsock_hub *hub)
{
	hub->guest_up = false;
	vsock_hub_forget_replies(hub);
	for (uint32_t i = 0; i < hub->table.slot_count; i++) {
		struct vsock_conn *conn = vsock_table_at(&hub->table, i);

		if (conn && conn->state != VSOCK_CONN_LINGERING)
			vsock_hub_drop(hub, conn, true);
	}
}

void vsock_hub_drain(struct vsock_hub *hub)
{
	uint64_t end = clock_now_ns() + DRAIN_NS;

	for (uint32_t i = 0; i < hub->table.slot_count; i++) {
		struct vsock_conn *conn = vsock_table_at(&hub->table, i);

		while (conn && conn->backlog.size > 0) {
			struct pollfd p = { .fd = conn->fd, .events = POLLOUT };
			uint64_t now = clock_now_ns();

			/* When time is up, what can be taken at once still is. */
			if (poll(&p, 1, now < end ? (int)((end - now) / 1000000) + 1 : 0) <= 0)
				break;
			vsock_conn_events(conn, EPOLLOUT);
		}
	}
}

static int watch_timer(struct vsock_hub *hub)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = COOKIE_TIMER };

	hub->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (hub->epoll_fd < 0)
		return -errno;
	hub->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (hub->timer_fd < 0 || epoll_ctl(hub->epoll_fd, EPOLL_CTL_ADD, hub->timer_fd, &event) != 0)
		return -errno;
	hub->resolver = resolver_create();
	if (!hub->resolver)
		return -ENOMEM;
	event = (struct epoll_event){ .events = EPOLLIN | EPOLLET, .data.u64 = COOKIE_RESOLVER };
	if (epoll_ctl(hub->epoll_fd, EPOLL_CTL_ADD, resolver_fd(hub->resolver), &event) != 0)
		return -errno;
	return 0;
}

/* Most of the descriptors that the process may have: the other devices need theirs. */
static uint32_t conn_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 4 * 3 > VSOCK_CONNS_MAX)
		return VSOCK_CONNS_MAX;
	return (uint32_t)(limit.rlim_cur / 4 * 3);
}

int vsock_hub_open(struct vsock_hub *hub, const struct vsock_config *config, struct failure *failure)
{
	int error;

	*hub = (struct vsock_hub){ .open = true, .epoll_fd = -1, .timer_fd = -1, .conn_max = conn_max() };
	vsock_table_init(&hub->table);
	hub->policy = &config->policy;
	error = watch_timer(hub);
	if (error)
		return failure_errno(failure, error, "vsock: cannot wait for sockets");
	hub->ports = calloc(config->port_count + 1, sizeof(*hub->ports));
	if (!hub->ports)
		return failure_set(failure, -ENOMEM, "vsock: out of memory");
	for (unsigned i = 0; i < config->port_count && !error; i++) {
		const struct vsock_port_config *from = &config->ports[i];

		hub->ports[i] = (struct vsock_port){
			from->number, from->path, from->listen,
			{ .fd = -1, .guest_port = from->number, .limit = VSOCK_PORT_UNANSWERED_MAX },
		};
		hub->port_count++;
		error = vsock_port_open(&hub->ports[i], hub->epoll_fd, COOKIE_PORT + i, failure);
	}
	return error;
}

void vsock_hub_close(struct vsock_hub *hub)
{
	if (!hub->open)
		return;
	for (unsigned i = 0; i < hub->port_count; i++)
		vsock_port_close(&hub->ports[i]);
	hub->guest_up = false;
	for (uint32_t i = 0; i < hub->table.slot_count; i++) {
		struct vsock_conn *conn = vsock_table_at(&hub->table, i);

		if (conn)
			vsock_hub_drop(hub, conn, false);
	}
	vsock_hub_forget_replies(hub);
	resolver_close(hub->resolver);
	vsock_table_destroy(&hub->table);
	free(hub->ports);
	hub->ports = NULL;
	hub->port_count = 0;
	if (hub->timer_fd >= 0)
		close(hub->timer_fd);
	if (hub->epoll_fd >= 0)
		close(hub->epoll_fd);
	hub->open = false;
}
