/* A frame in each datagram of a Unix socket: gvproxy, vmnet-helper. */
#include "net/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "failure.h"

#define SOCKET_BUFFER (1u << 20)
/* gvproxy's first datagram, so that it knows whom to answer. */
static const char vfkit_magic[4] = { 'V', 'F', 'K', 'T' };

static int datagram_open(struct net_backend *backend, const struct net_config *config, struct failure *failure)
{
	int size = SOCKET_BUFFER;

	backend->fd = net_socket(config, SOCK_DGRAM, failure);
	if (backend->fd < 0)
		return backend->fd;
	setsockopt(backend->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)); /* as much as is allowed */
	if (config->vfkit && send(backend->fd, vfkit_magic, sizeof(vfkit_magic), MSG_NOSIGNAL) < 0)
		return failure_errno(failure, -errno, "network: cannot send to %s", config->path);
	backend->in = malloc(NET_FRAME_MAX);
	backend->out = malloc(NET_FRAME_MAX);
	if (!backend->in || !backend->out)
		return failure_set(failure, -ENOMEM, "network: out of memory");
	return 0;
}

/* What is no frame is passed over. */
static int datagram_receive(struct net_backend *backend, struct net_frame *frame)
{
	for (;;) {
		ssize_t got = recv(backend->fd, backend->in, NET_FRAME_MAX, MSG_DONTWAIT | MSG_TRUNC);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? 0 : -errno;
		if ((size_t)got < NET_FRAME_MIN || (size_t)got > NET_FRAME_MAX)
			continue;
		*frame = (struct net_frame){ .data = backend->in, .size = (size_t)got };
		return 1;
	}
}

static int datagram_send(struct net_backend *backend, const struct iovec *iov, unsigned count, size_t size)
{
	size_t frame = net_frame_gather(backend->out, iov, count, size);
	ssize_t sent;

	if (frame == 0)
		return 1;
	do
		sent = send(backend->fd, backend->out, frame, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0 || errno == EMSGSIZE) /* too long for the other side's socket: lost, as on a wire */
		return 1;
	return errno == EAGAIN || errno == ENOBUFS ? 0 : -errno;
}

const struct net_backend_ops net_datagram_ops = {
	.open = datagram_open,
	.receive = datagram_receive,
	.send = datagram_send,
};
