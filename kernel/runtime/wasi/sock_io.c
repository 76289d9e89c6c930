/* Data through sockets, and waiting for it; see sock.h. */
#include "wasi/sock.h"

#include "clock.h"
#include "idle.h"
#include "lib/string.h"
#include "net/linux_errno.h"
#include "net/network.h"
#include "tsc.h"
#include "wasi/guest.h"

/* Datagrams of this size can be sent, and pieces of a stream collected. */
#define STAGING_SIZE 65536u

static struct socket *socket_of(const struct descriptor *descriptor)
{
	return descriptor->object;
}

/* When a wait of `timeout_ns` (0: for ever) from now is over. */
static uint64_t deadline_after(uint64_t timeout_ns)
{
	return timeout_ns ? clock_deadline(clock_monotonic_ns() + timeout_ns) : IDLE_FOREVER;
}

/* Waits for one more piece of news. False: the time is up. */
static bool wait_until(uint64_t deadline)
{
	if (tsc_read() >= deadline)
		return false;
	if (!network_poll())
		network_wait(deadline);
	return true;
}

static uint32_t await_readable(const struct descriptor *descriptor)
{
	struct socket *socket = socket_of(descriptor);
	uint64_t deadline;

	/* What is there already need not be looked for. */
	if (socket_readable(socket))
		return WASI_SUCCESS;
	network_poll();
	deadline = deadline_after(socket->receive_timeout_ns);
	while (!socket_readable(socket)) {
		if (descriptor->flags & WASI_FDFLAG_NONBLOCK)
			return WASI_EAGAIN;
		if (!wait_until(deadline))
			return WASI_EAGAIN;
	}
	return WASI_SUCCESS;
}

/* Copies to the iovecs from behind `skip` bytes. Returns how much. */
static uint32_t copy_out(struct socket *socket, uint32_t iovecs, uint32_t count, size_t skip, uint32_t limit)
{
	uint32_t done = 0, size;
	uint8_t *to;

	/* What arrives may overwrite the iovecs, so each is checked again. */
	for (uint32_t i = 0; i < count && done < limit && guest_iovec(iovecs, i, &to, &size); i++) {
		uint32_t room = size < limit - done ? size : limit - done;
		uint32_t part = (uint32_t)socket_peek(socket, skip + done, to, room);

		done += part;
		if (part < room)
			break;
	}
	return done;
}

static uint32_t receive_datagram(struct socket *socket, uint32_t iovecs, uint32_t count, uint32_t flags,
				 uint32_t *size, uint16_t *out_flags, struct socket_address *sender)
{
	size_t record = queue_record_size(&socket->input);

	if (sender)
		socket_sender(socket, sender);
	*size = copy_out(socket, iovecs, count, SOCKET_PREFIX, UINT32_MAX);
	if (*size < record - SOCKET_PREFIX)
		*out_flags |= WASI_ROFLAG_TRUNCATED;
	if (!(flags & WASI_RIFLAG_PEEK))
		socket_next_datagram(socket);
	return WASI_SUCCESS;
}

uint32_t sock_receive(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t flags,
		      uint32_t *size, uint16_t *out_flags, struct socket_address *sender)
{
	struct socket *socket = socket_of(descriptor);
	uint32_t error, total = 0;

	*size = 0;
	*out_flags = 0;
	if (sender)
		sender->size = 0;
	if (socket->state == SOCKET_NEW || socket->state == SOCKET_LISTENING)
		return WASI_ENOTCONN;
	guest_check_iovecs(iovecs, count, &total);
	do {
		error = await_readable(descriptor);
		if (error)
			break;
		if (socket->error && !socket->input.size)
			return linux_errno_to_wasi(socket_take_error(socket));
		if (socket->state == SOCKET_DGRAM)
			return receive_datagram(socket, iovecs, count, flags, size, out_flags, sender);
		/* Everything that was asked for at once stays in the queue until then, as far
		 * as it can hold it. */
	} while ((flags & WASI_RIFLAG_WAITALL) && socket->input.size < total &&
		 socket->input.size < socket->window / 2 && !socket_at_end(socket) && wait_until(IDLE_FOREVER));
	if (error && !socket->input.size)
		return error;
	*size = copy_out(socket, iovecs, count, 0, UINT32_MAX);
	if (!(flags & WASI_RIFLAG_PEEK))
		socket_consume(socket, *size);
	return WASI_SUCCESS;
}

/* An error that sending has, whatever is sent. */
static uint32_t send_error(struct socket *socket)
{
	if (socket->error)
		return linux_errno_to_wasi(socket_take_error(socket));
	if (socket->state == SOCKET_CLOSED ||
	    (socket->state == SOCKET_CONNECTED && ((socket->ended_here & SOCKET_END_SEND) ||
						   (socket->ended_there & SOCKET_END_RECEIVE))))
		return WASI_EPIPE;
	return socket->state == SOCKET_CONNECTED ? WASI_SUCCESS : WASI_ENOTCONN;
}

/* All of it, or what the host takes without waiting. */
static uint32_t send_piece(struct descriptor *descriptor, const uint8_t *data, uint32_t size, uint32_t *done)
{
	struct socket *socket = socket_of(descriptor);
	uint64_t deadline = deadline_after(socket->send_timeout_ns);
	uint32_t part = 0;

	while (part < size) {
		uint32_t error = send_error(socket), sent;

		if (error)
			return error;
		sent = (uint32_t)socket_send(socket, (const void *)((uintptr_t)data + part), size - part);
		part += sent;
		*done += sent;
		if (sent || network_poll())
			continue;
		if ((descriptor->flags & WASI_FDFLAG_NONBLOCK) || !wait_until(deadline))
			return WASI_EAGAIN;
	}
	return WASI_SUCCESS;
}

static uint32_t send_stream(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done)
{
	static uint8_t staging[STAGING_SIZE];
	uint32_t staged = 0, size, error;
	uint8_t *from;

	*done = 0;
	error = send_error(socket_of(descriptor));
	/* Small pieces are collected: each packet has its price. */
	for (uint32_t i = 0; !error && i < count && guest_iovec(iovecs, i, &from, &size); i++) {
		if (staged + size <= STAGING_SIZE && count > 1) {
			memcpy(staging + staged, from, size);
			staged += size;
			continue;
		}
		error = send_piece(descriptor, staging, staged, done);
		staged = 0;
		if (!error)
			error = send_piece(descriptor, from, size, done);
	}
	if (!error)
		error = send_piece(descriptor, staging, staged, done);
	return *done ? WASI_SUCCESS : error;
}

static uint32_t send_datagram(struct descriptor *descriptor, uint32_t iovecs, uint32_t count,
			      const struct socket_address *to, uint32_t *done)
{
	static uint8_t staging[STAGING_SIZE];
	uint32_t staged = 0, size;
	uint8_t *from;
	int32_t error;

	for (uint32_t i = 0; i < count && guest_iovec(iovecs, i, &from, &size); i++) {
		if (size > STAGING_SIZE - staged)
			return linux_errno_to_wasi(-LINUX_EMSGSIZE);
		memcpy(staging + staged, from, size);
		staged += size;
	}
	error = socket_send_datagram(socket_of(descriptor), to, staging, staged);
	*done = error ? 0 : staged;
	return linux_errno_to_wasi(error);
}

uint32_t sock_transmit(struct descriptor *descriptor, uint32_t iovecs, uint32_t count,
		       const struct socket_address *to, uint32_t *size)
{
	struct socket *socket = socket_of(descriptor);

	*size = 0;
	if (socket->state == SOCKET_DGRAM)
		return send_datagram(descriptor, iovecs, count, to, size);
	return send_stream(descriptor, iovecs, count, size);
}

static uint8_t op_filetype(const struct descriptor *descriptor)
{
	return socket_of(descriptor)->type == SOCKET_STREAM ? WASI_FILETYPE_SOCKET_STREAM : WASI_FILETYPE_SOCKET_DGRAM;
}

static uint32_t op_read(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done)
{
	uint16_t flags;

	return sock_receive(descriptor, iovecs, count, 0, done, &flags, NULL);
}

static uint32_t op_write(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done)
{
	return sock_transmit(descriptor, iovecs, count, NULL, done);
}

static bool op_poll(struct descriptor *descriptor, bool write, struct wasi_event *event)
{
	struct socket *socket = socket_of(descriptor);

	/* Takes nothing in: sockets that were looked at before would not be looked at again. */
	if (!(write ? socket_writable(socket) : socket_readable(socket)))
		return false;
	event->size = write ? STAGING_SIZE : socket->state == SOCKET_LISTENING ? socket->client_count : socket->input.size;
	if (socket->state == SOCKET_CLOSED || (!write && socket_at_end(socket)))
		event->flags = WASI_EVENT_HANGUP;
	return true;
}

static void op_close(struct descriptor *descriptor)
{
	socket_close(socket_of(descriptor));
}

static const struct descriptor_ops socket_ops = {
	.filetype = op_filetype, .read = op_read, .write = op_write, .poll = op_poll, .close = op_close,
};

struct socket *sock_get(uint32_t fd, struct descriptor **descriptor, uint32_t *error)
{
	*descriptor = descriptor_get(fd);
	if (*descriptor && (*descriptor)->ops == &socket_ops)
		return socket_of(*descriptor);
	*error = *descriptor ? WASI_ENOTSOCK : WASI_EBADF;
	return NULL;
}

uint32_t sock_add(struct socket *socket, uint16_t flags, uint32_t *fd)
{
	const uint64_t rights = WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_FDSTAT_SET_FLAGS |
				WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_POLL_FD_READWRITE |
				WASI_RIGHT_SOCK_SHUTDOWN | WASI_RIGHT_SOCK_ACCEPT;

	if (descriptor_open(&socket_ops, socket, rights, flags, fd))
		return WASI_SUCCESS;
	socket_close(socket);
	return WASI_EMFILE;
}

uint32_t sock_accept(uint32_t fd, uint16_t flags, uint32_t *accepted)
{
	struct descriptor *descriptor;
	uint32_t error;
	struct socket *listener = sock_get(fd, &descriptor, &error);

	if (!listener)
		return error;
	if (listener->state != SOCKET_LISTENING)
		return WASI_EINVAL;
	error = await_readable(descriptor);
	if (error)
		return error;
	return sock_add(socket_accept(listener), flags, accepted);
}
