/* Frames in a stream, each after its size in 4 bytes, big-endian: passt, QEMU's socket network.
 *
 * Frames to send are collected and go out together; those received come out of a buffer that is
 * filled with whatever the socket has. A size that no frame has means that the two sides no longer
 * agree where frames begin: nothing that follows can be trusted. */
#include "net/backend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "failure.h"

#define PREFIX_SIZE 4u
#define BUFFER_SIZE (256u << 10)

_Static_assert(BUFFER_SIZE > PREFIX_SIZE + NET_FRAME_MAX, "a frame has to fit");

static int stream_open(struct net_backend *backend, const struct net_config *config, struct failure *failure)
{
	backend->fd = net_socket(config, SOCK_STREAM, failure);
	if (backend->fd < 0)
		return backend->fd;
	backend->in = malloc(BUFFER_SIZE);
	backend->out = malloc(BUFFER_SIZE);
	if (!backend->in || !backend->out)
		return failure_set(failure, -ENOMEM, "network: out of memory");
	return 0;
}

/* More bytes behind those that wait. 1, 0: none now, negative: the other side is gone. */
static int fill(struct net_backend *backend)
{
	ssize_t got;

	if (backend->in_start > 0) {
		memmove(backend->in, backend->in + backend->in_start, backend->in_end - backend->in_start);
		backend->in_end -= backend->in_start;
		backend->in_start = 0;
	}
	do
		got = recv(backend->fd, backend->in + backend->in_end, BUFFER_SIZE - backend->in_end, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (got == 0)
		return -ECONNRESET;
	backend->in_end += (size_t)got;
	return 1;
}

static int stream_receive(struct net_backend *backend, struct net_frame *frame)
{
	for (;;) {
		size_t have = backend->in_end - backend->in_start;
		const uint8_t *at = backend->in + backend->in_start;
		uint32_t size = 0;
		int error;

		if (have >= PREFIX_SIZE) {
			memcpy(&size, at, sizeof(size));
			size = ntohl(size);
			if (size < NET_FRAME_MIN || size > NET_FRAME_MAX)
				return -EPROTO;
		}
		if (have >= PREFIX_SIZE && have - PREFIX_SIZE >= size) {
			*frame = (struct net_frame){ .data = at + PREFIX_SIZE, .size = size };
			backend->in_start += PREFIX_SIZE + size;
			return 1;
		}
		error = fill(backend);
		if (error <= 0)
			return error;
	}
}

static int stream_flush(struct net_backend *backend)
{
	while (backend->out_start < backend->out_end) {
		ssize_t sent = send(backend->fd, backend->out + backend->out_start,
				    backend->out_end - backend->out_start, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == ENOBUFS ? 0 : -errno;
		backend->out_start += (size_t)sent;
	}
	backend->out_start = backend->out_end = 0;
	return 1;
}

static int stream_send(struct net_backend *backend, const struct iovec *iov, unsigned count, size_t size)
{
	uint32_t prefix;
	size_t frame;

	if (BUFFER_SIZE - backend->out_end < PREFIX_SIZE + NET_FRAME_MAX) {
		int done = stream_flush(backend);

		if (done <= 0)
			return done;
	}
	frame = net_frame_gather(backend->out + backend->out_end + PREFIX_SIZE, iov, count, size);
	if (frame > 0) {
		prefix = htonl((uint32_t)frame);
		memcpy(backend->out + backend->out_end, &prefix, sizeof(prefix));
		backend->out_end += PREFIX_SIZE + frame;
	}
	return 1;
}

const struct net_backend_ops net_stream_ops = {
	.open = stream_open,
	.receive = stream_receive,
	.send = stream_send,
	.flush = stream_flush,
};
