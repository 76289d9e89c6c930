/* A TAP interface of the host. Headers go through as they are: the host's kernel is used to
 * hostile ones, and cuts up segments and completes checksums, as far as the driver takes that too. */
#include "net/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "config.h"
#include "failure.h"

#define DEVICE "/dev/net/tun"
#define BUFFER_SIZE (sizeof(struct virtio_net_header) + NET_FRAME_MAX)

static int attach(int fd, const char *name, struct failure *failure)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int header = sizeof(struct virtio_net_header);

	memcpy(request.ifr_name, name, strlen(name) + 1); /* the API has measured it */
	if (ioctl(fd, TUNSETIFF, &request)) {
		int error = -errno;

		if (error == -EPERM)
			return failure_set(failure, error, "network: TAP interface %s: not permitted (neither is it "
					   "this user's nor may the process make it: ip tuntap add)", name);
		if (error == -EBUSY)
			return failure_set(failure, error, "network: TAP interface %s: another program uses it", name);
		if (error == -EINVAL)
			return failure_set(failure, error, "network: %s is no TAP interface", name);
		return failure_errno(failure, error, "network: TAP interface %s", name);
	}
	if (ioctl(fd, TUNSETVNETHDRSZ, &header))
		return failure_errno(failure, -errno, "network: TAP interface %s: headers", name);
	return 0;
}

int net_tap_attach(const char *name, struct failure *failure)
{
	int fd = open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC), error;

	if (fd < 0)
		return failure_errno(failure, -errno, "network: TAP interface %s: " DEVICE, name);
	error = attach(fd, name, failure);
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int tap_open(struct net_backend *backend, const struct net_config *config, struct failure *failure)
{
	backend->in = malloc(BUFFER_SIZE);
	if (!backend->in)
		return failure_set(failure, -ENOMEM, "network: out of memory");
	if (config->fd < 0) {
		backend->fd = net_tap_attach(config->path, failure);
		return backend->fd < 0 ? backend->fd : 0;
	}
	backend->fd = fcntl(config->fd, F_DUPFD_CLOEXEC, 0);
	return backend->fd < 0 ? failure_errno(failure, -errno, "network: TAP interface %s", config->path) : 0;
}

static int tap_receive(struct net_backend *backend, struct net_frame *frame)
{
	for (;;) {
		ssize_t got = read(backend->fd, backend->in, BUFFER_SIZE);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? 0 : -errno;
		if ((size_t)got < sizeof(frame->header) + NET_FRAME_MIN)
			continue;
		memcpy(&frame->header, backend->in, sizeof(frame->header));
		frame->data = backend->in + sizeof(frame->header);
		frame->size = (size_t)got - sizeof(frame->header);
		return 1;
	}
}

/* The kernel refuses headers that make no sense, and everything while the interface is down; the
 * interface is gone with EBADFD. */
static int tap_send(struct net_backend *backend, const struct iovec *iov, unsigned count, size_t size)
{
	ssize_t sent;

	do
		sent = writev(backend->fd, iov, (int)count);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno == EAGAIN)
		return 0;
	return sent < 0 && errno == EBADFD ? -errno : 1;
}

static void tap_accept(struct net_backend *backend, uint64_t features)
{
	static const struct { unsigned feature; unsigned offload; } table[] = {
		{ VIRTIO_NET_F_GUEST_CSUM, TUN_F_CSUM }, { VIRTIO_NET_F_GUEST_TSO4, TUN_F_TSO4 },
		{ VIRTIO_NET_F_GUEST_TSO6, TUN_F_TSO6 }, { VIRTIO_NET_F_GUEST_UFO, TUN_F_UFO },
	};
	unsigned offload = 0;

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (features >> table[i].feature & 1)
			offload |= table[i].offload;
	if (ioctl(backend->fd, TUNSETOFFLOAD, offload)) /* kernels without UFO */
		ioctl(backend->fd, TUNSETOFFLOAD, offload & ~(unsigned)TUN_F_UFO);
}

const struct net_backend_ops net_tap_ops = {
	.open = tap_open,
	.receive = tap_receive,
	.send = tap_send,
	.accept = tap_accept,
};
