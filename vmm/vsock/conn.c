/* See conn.h. Credit: each side may have sent, at any time, no more than the other's
 * window beyond what that has forwarded. A guest that sends more is reset; one that
 * claims to have forwarded what it was never sent gains nothing by it. */
#include "vsock/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "virtio/iov.h"
#include "virtio/virtq.h"

#define BACKLOG_MIN 4096u

static uint32_t backlog_room(const struct vsock_conn *conn)
{
	return conn->window - (conn->received - conn->forwarded);
}

static uint32_t guest_room(const struct vsock_conn *conn)
{
	uint32_t in_flight = conn->sent - conn->guest_forwarded;

	return in_flight < conn->guest_window ? conn->guest_window - in_flight : 0;
}

/* Makes room for `more` bytes behind the others; the caller has checked the window. */
static bool backlog_reserve(struct vsock_backlog *backlog, uint32_t more)
{
	uint32_t capacity = backlog->capacity ? backlog->capacity : BACKLOG_MIN;
	uint8_t *grown;

	if (backlog->start > 0 && backlog->capacity - backlog->start - backlog->size < more) {
		memmove(backlog->data, backlog->data + backlog->start, backlog->size);
		backlog->start = 0;
	}
	if (backlog->capacity - backlog->start - backlog->size >= more)
		return true;
	while (capacity - backlog->size < more)
		capacity *= 2;
	grown = realloc(backlog->data, capacity);
	if (!grown)
		return false;
	backlog->data = grown;
	backlog->capacity = capacity;
	return true;
}

static void backlog_free(struct vsock_backlog *backlog)
{
	free(backlog->data);
	*backlog = (struct vsock_backlog){ 0 };
}

static void forwarded(struct vsock_conn *conn, uint32_t size)
{
	uint32_t told_room;

	conn->forwarded += size;
	told_room = conn->window - (conn->received - conn->forwarded_told);
	if (conn->forwarded != conn->forwarded_told && told_room < conn->window / 2)
		conn->pending |= VSOCK_PENDING_CREDIT_UPDATE;
}

/* A direction has come to its end on the host's side. When both have, so has the
 * connection. */
static void end_by_host(struct vsock_conn *conn, uint8_t direction)
{
	if (conn->ended_by_host & direction)
		return;
	conn->ended_by_host |= direction;
	conn->pending |= VSOCK_PENDING_SHUTDOWN;
	if (conn->ended_by_host == VSOCK_SHUTDOWN_BOTH)
		conn->pending |= VSOCK_PENDING_RST;
}

/* The host takes no more: what the guest sent is dropped, and counts as forwarded. */
static void output_failed(struct vsock_conn *conn)
{
	forwarded(conn, conn->backlog.size);
	backlog_free(&conn->backlog);
	end_by_host(conn, VSOCK_SHUTDOWN_RECEIVE);
}

/* Bytes that the socket took; 0: none now, or never again. */
static uint32_t output(struct vsock_conn *conn, const struct iovec *iov, unsigned count)
{
	struct msghdr message = { .msg_iov = (struct iovec *)iov, .msg_iovlen = count };
	ssize_t n;

	do
		n = sendmsg(conn->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return (uint32_t)n;
	conn->writable = false;
	if (errno != EAGAIN)
		output_failed(conn);
	return 0;
}

static void flush(struct vsock_conn *conn)
{
	struct vsock_backlog *backlog = &conn->backlog;

	while (backlog->size > 0 && conn->writable) {
		struct iovec rest = { backlog->data + backlog->start, backlog->size };
		uint32_t n = output(conn, &rest, 1);

		if (n == 0)
			break;
		backlog->start += n;
		backlog->size -= n;
		conn->idle_ticks = 0;
		forwarded(conn, n);
	}
	if (backlog->size > 0)
		return;
	backlog_free(backlog);
	if (conn->ended_by_guest & VSOCK_SHUTDOWN_SEND)
		shutdown(conn->fd, SHUT_WR);
}

static bool receive_data(struct vsock_conn *conn, const struct iovec *payload, unsigned count, uint32_t size)
{
	struct vsock_backlog *backlog = &conn->backlog;
	struct iovec rest[VIRTQ_DEVICE_SIZE_MAX];
	uint32_t done = 0;

	if (conn->state != VSOCK_CONN_OPEN || (conn->ended_by_guest & VSOCK_SHUTDOWN_SEND) ||
	    size > backlog_room(conn))
		return false;
	conn->received += size;
	if (backlog->size == 0 && conn->writable && size > 0 &&
	    !(conn->ended_by_host & VSOCK_SHUTDOWN_RECEIVE)) {
		done = output(conn, payload, count);
		if (done < size)
			conn->writable = false;
	}
	forwarded(conn, done); /* and if it is none: the guest may not know of earlier ones */
	size -= done;
	if (conn->ended_by_host & VSOCK_SHUTDOWN_RECEIVE) {
		forwarded(conn, size);
		return true;
	}
	if (size == 0)
		return true;
	if (!backlog_reserve(backlog, size))
		return false;
	count = iov_skip(rest, payload, count, done);
	iov_gather(rest, count, backlog->data + backlog->start + backlog->size, size);
	backlog->size += size;
	return true;
}

static enum vsock_conn_fate guest_shutdown(struct vsock_conn *conn, uint32_t flags)
{
	if (conn->state == VSOCK_CONN_CONNECTING)
		return VSOCK_CONN_ENDS_RESET;
	if (conn->state != VSOCK_CONN_OPEN || (flags & ~VSOCK_SHUTDOWN_BOTH))
		return VSOCK_CONN_ENDS_RESET;
	flags &= ~(uint32_t)conn->ended_by_guest;
	conn->ended_by_guest |= (uint8_t)flags;
	if (flags & VSOCK_SHUTDOWN_SEND)
		flush(conn);
	if (conn->ended_by_guest == VSOCK_SHUTDOWN_BOTH)
		return conn->backlog.size > 0 ? VSOCK_CONN_LINGERS : VSOCK_CONN_ENDS_RESET;
	if (flags & VSOCK_SHUTDOWN_RECEIVE)
		shutdown(conn->fd, SHUT_RD);
	return VSOCK_CONN_LIVES;
}

/* Every packet carries the guest's view of its own buffer. Counters that run backwards
 * are older packets', those that run ahead of us are lies: neither is taken. */
static void update_credit(struct vsock_conn *conn, const struct vsock_header *header)
{
	conn->guest_window = header->buf_alloc;
	if (conn->sent - header->fwd_cnt < conn->sent - conn->guest_forwarded)
		conn->guest_forwarded = header->fwd_cnt;
	/* Not when it answers that there is none: it will tell when there is. */
	if (guest_room(conn) > 0)
		conn->credit_requested = false;
}

enum vsock_conn_fate vsock_conn_packet(struct vsock_conn *conn, const struct vsock_header *header,
				       const struct iovec *payload, unsigned count)
{
	if (header->op == VSOCK_OP_RST)
		return VSOCK_CONN_ENDS;
	if (conn->state == VSOCK_CONN_DEAD) /* its RST is on the way */
		return VSOCK_CONN_LIVES;
	update_credit(conn, header);
	switch (header->op) {
	case VSOCK_OP_RESPONSE:
		if (conn->state != VSOCK_CONN_REQUESTED)
			return VSOCK_CONN_ENDS_RESET;
		conn->state = VSOCK_CONN_OPEN;
		return VSOCK_CONN_LIVES;
	case VSOCK_OP_SHUTDOWN:
		return guest_shutdown(conn, header->flags);
	case VSOCK_OP_RW:
		return receive_data(conn, payload, count, header->len) ? VSOCK_CONN_LIVES : VSOCK_CONN_ENDS_RESET;
	case VSOCK_OP_CREDIT_UPDATE:
		return VSOCK_CONN_LIVES;
	case VSOCK_OP_CREDIT_REQUEST:
		if (conn->state == VSOCK_CONN_OPEN)
			conn->pending |= VSOCK_PENDING_CREDIT_UPDATE;
		return VSOCK_CONN_LIVES;
	default: /* a second REQUEST, too */
		return VSOCK_CONN_ENDS_RESET;
	}
}

void vsock_conn_connected(struct vsock_conn *conn)
{
	conn->state = VSOCK_CONN_OPEN;
	conn->pending |= VSOCK_PENDING_RESPONSE;
	/* What epoll said of the unconnected socket is void; trying tells. */
	conn->readable = conn->writable = true;
	conn->hung_up = false;
}

void vsock_conn_kill(struct vsock_conn *conn)
{
	conn->state = VSOCK_CONN_DEAD;
	conn->pending = VSOCK_PENDING_RST;
	vsock_conn_close(conn, false);
}

enum vsock_conn_fate vsock_conn_events(struct vsock_conn *conn, uint32_t events)
{
	if (conn->state == VSOCK_CONN_DEAD)
		return VSOCK_CONN_LIVES;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP))
		conn->readable = true;
	if (events & (EPOLLRDHUP | EPOLLERR | EPOLLHUP))
		conn->hung_up = true;
	if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
		conn->writable = true;
	if (conn->backlog.size > 0)
		flush(conn);
	return vsock_conn_is_over(conn) ? VSOCK_CONN_ENDS : VSOCK_CONN_LIVES;
}

/* The host's socket may have data that the guest would take, credit aside. */
static bool has_input(const struct vsock_conn *conn)
{
	return conn->state == VSOCK_CONN_OPEN && conn->readable &&
	       !(conn->ended_by_host & VSOCK_SHUTDOWN_SEND) &&
	       !(conn->ended_by_guest & VSOCK_SHUTDOWN_RECEIVE);
}

bool vsock_conn_has_packet(const struct vsock_conn *conn)
{
	return conn->pending || (has_input(conn) && (guest_room(conn) > 0 || !conn->credit_requested));
}

/* Reads what the guest may get into the buffers behind the header's place. */
static size_t input(struct vsock_conn *conn, const struct iovec *iov, unsigned count)
{
	struct iovec room[VIRTQ_DEVICE_SIZE_MAX];
	uint32_t limit = guest_room(conn) < VSOCK_PAYLOAD_MAX ? guest_room(conn) : VSOCK_PAYLOAD_MAX;
	uint64_t size = 0;
	ssize_t n;

	count = iov_skip(room, iov, count, sizeof(struct vsock_header));
	count = iov_limit(room, count, limit);
	for (unsigned i = 0; i < count; i++)
		size += room[i].iov_len;
	do
		n = readv(conn->fd, room, (int)count);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		if ((uint64_t)n < size && !conn->hung_up)
			conn->readable = false;
		conn->sent += (uint32_t)n;
		return (size_t)n;
	}
	if (n == 0) {
		end_by_host(conn, VSOCK_SHUTDOWN_SEND);
	} else if (errno == EAGAIN) {
		conn->readable = false;
	} else { /* reset, or broken otherwise: no direction works any more */
		output_failed(conn);
		end_by_host(conn, VSOCK_SHUTDOWN_SEND);
		conn->pending &= (uint8_t)~VSOCK_PENDING_SHUTDOWN; /* no orderly end */
	}
	return 0;
}

static uint16_t next_control(struct vsock_conn *conn, uint8_t among)
{
	static const struct { uint8_t pending; uint16_t op; } order[] = {
		{ VSOCK_PENDING_REQUEST, VSOCK_OP_REQUEST },
		{ VSOCK_PENDING_RESPONSE, VSOCK_OP_RESPONSE },
		{ VSOCK_PENDING_SHUTDOWN, VSOCK_OP_SHUTDOWN },
		{ VSOCK_PENDING_CREDIT_REQUEST, VSOCK_OP_CREDIT_REQUEST },
		{ VSOCK_PENDING_CREDIT_UPDATE, VSOCK_OP_CREDIT_UPDATE },
		{ VSOCK_PENDING_RST, VSOCK_OP_RST },
	};

	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (conn->pending & among & order[i].pending) {
			conn->pending &= (uint8_t)~order[i].pending;
			return order[i].op;
		}
	}
	return VSOCK_OP_INVALID;
}

static size_t write_header(struct vsock_conn *conn, const struct iovec *iov, unsigned count, uint16_t op,
			   uint32_t size)
{
	struct vsock_header header = {
		.src_cid = VSOCK_CID_HOST, .dst_cid = VSOCK_CID_GUEST,
		.src_port = conn->host_port, .dst_port = conn->guest_port,
		.len = size, .type = VSOCK_TYPE_STREAM, .op = op,
		.flags = op == VSOCK_OP_SHUTDOWN ? conn->ended_by_host : 0,
		.buf_alloc = conn->window, .fwd_cnt = conn->forwarded,
	};

	conn->forwarded_told = conn->forwarded;
	conn->pending &= (uint8_t)~VSOCK_PENDING_CREDIT_UPDATE;
	iov_scatter(iov, count, (const uint8_t *)&header, sizeof(header));
	return sizeof(header) + size;
}

size_t vsock_conn_make_packet(struct vsock_conn *conn, const struct iovec *iov, unsigned count)
{
	const uint8_t before_data = VSOCK_PENDING_REQUEST | VSOCK_PENDING_RESPONSE;
	uint16_t op = next_control(conn, before_data);

	if (op == VSOCK_OP_INVALID && has_input(conn)) {
		if (guest_room(conn) > 0) {
			uint32_t size = (uint32_t)input(conn, iov, count);

			if (size > 0)
				return write_header(conn, iov, count, VSOCK_OP_RW, size);
		} else if (!conn->credit_requested) {
			conn->credit_requested = true;
			conn->pending |= VSOCK_PENDING_CREDIT_REQUEST;
		}
	}
	if (op == VSOCK_OP_INVALID)
		op = next_control(conn, 0xff);
	return op == VSOCK_OP_INVALID ? 0 : write_header(conn, iov, count, op, 0);
}

bool vsock_conn_is_over(const struct vsock_conn *conn)
{
	if (conn->state == VSOCK_CONN_LINGERING)
		return conn->backlog.size == 0;
	if (conn->state == VSOCK_CONN_DEAD || conn->ended_by_host == VSOCK_SHUTDOWN_BOTH)
		return conn->pending == 0;
	return false;
}

void vsock_conn_close(struct vsock_conn *conn, bool abort)
{
	struct linger none = { .l_onoff = 1 };

	if (conn->fd >= 0) {
		if (abort)
			setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
		close(conn->fd);
	}
	conn->fd = -1;
	backlog_free(&conn->backlog);
}
