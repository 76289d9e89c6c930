/* What backends have in common. */
#include "net/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "failure.h"
#include "virtio/iov.h"
#include "virtio/virtq.h"

int net_backend_open(struct net_backend *backend, const struct net_config *config, struct failure *failure)
{
	static const struct net_backend_ops *const ops[] = {
		[NET_UNIX_STREAM] = &net_stream_ops,
		[NET_UNIX_DATAGRAM] = &net_datagram_ops,
		[NET_TAP] = &net_tap_ops,
	};

	*backend = (struct net_backend){ .ops = ops[config->kind], .fd = -1 };
	return backend->ops->open(backend, config, failure);
}

void net_backend_close(struct net_backend *backend)
{
	if (!backend->ops)
		return;
	if (backend->fd >= 0)
		close(backend->fd);
	free(backend->in);
	free(backend->out);
	*backend = (struct net_backend){ .fd = -1 };
}

int net_checksum(uint8_t *frame, size_t size, const struct virtio_net_header *header)
{
	size_t start = header->csum_start, at = start + header->csum_offset;
	uint64_t sum = 0;
	uint16_t word;

	if (at + sizeof(word) > size || start >= size)
		return -EINVAL;
	for (; start + sizeof(word) <= size; start += sizeof(word)) {
		memcpy(&word, frame + start, sizeof(word));
		sum += word;
	}
	if (start < size)
		sum += frame[start]; /* as if a zero followed; the sum is the same in either byte order */
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	word = (uint16_t)~sum;
	if (word == 0)
		word = 0xffff; /* the same number; in UDP zero says that there is no checksum */
	memcpy(frame + at, &word, sizeof(word));
	return 0;
}

size_t net_frame_gather(uint8_t *to, const struct iovec *iov, unsigned count, size_t size)
{
	struct virtio_net_header header;
	struct iovec frame[VIRTQ_DEVICE_SIZE_MAX];
	size_t frame_size = size - sizeof(header);

	if (size < sizeof(header) + NET_FRAME_MIN || frame_size > NET_FRAME_MAX)
		return 0;
	iov_gather(iov, count, (uint8_t *)&header, sizeof(header));
	count = iov_skip(frame, iov, count, sizeof(header));
	iov_gather(frame, count, to, frame_size);
	if ((header.flags & VIRTIO_NET_HEADER_NEEDS_CSUM) && net_checksum(to, frame_size, &header))
		return 0;
	return frame_size;
}

/* Addresses are those of the library's users, not the guest's. */
static int connect_path(const char *path, int type, struct failure *failure)
{
	const struct sockaddr own = { .sa_family = AF_UNIX };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return failure_errno(failure, -errno, "network: socket");
	memcpy(address.sun_path, path, strlen(path) + 1); /* the API has measured it */
	/* Who answers datagrams needs an address to answer to: any, which leaves no file behind. */
	if (type == SOCK_DGRAM && bind(fd, &own, sizeof(own.sa_family)))
		error = -errno;
	if (!error && connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return failure_errno(failure, error, "network: cannot connect to %s", path);
}

static int duplicate(int from, int type, struct failure *failure)
{
	int fd = fcntl(from, F_DUPFD_CLOEXEC, 0), got = 0;
	socklen_t size = sizeof(got);

	if (fd < 0)
		return failure_errno(failure, -errno, "network: descriptor %d", from);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &got, &size) == 0 && got == type)
		return fd;
	close(fd);
	return failure_set(failure, -ENOTSOCK, "network: descriptor %d is no %s socket", from,
			   type == SOCK_STREAM ? "stream" : "datagram");
}

int net_socket(const struct net_config *config, int type, struct failure *failure)
{
	return config->path ? connect_path(config->path, type, failure) : duplicate(config->fd, type, failure);
}
