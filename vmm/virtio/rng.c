/* Fills whatever the driver offers, from getrandom(2). */
#include "virtio/rng.h"

#include <errno.h>
#include <sys/random.h>

#include "virtio_mmio.h"

#define QUEUE_SIZE 64

/* A request may ask for gigabytes; this much of it is enough, and quick. */
#define REQUEST_MAX 65536u
#define REQUESTS_AT_ONCE 16

static uint32_t fill(const struct iovec *iov, unsigned count)
{
	uint32_t done = 0;

	for (unsigned i = 0; i < count && done < REQUEST_MAX; i++) {
		size_t want = iov[i].iov_len < REQUEST_MAX - done ? iov[i].iov_len : REQUEST_MAX - done;
		ssize_t n;

		do
			n = getrandom(iov[i].iov_base, want, 0);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			break;
		done += (uint32_t)n;
		if ((size_t)n < iov[i].iov_len)
			break;
	}
	return done;
}

static void rng_fill(struct virtio_device *device, unsigned queue)
{
	struct virtq *vq = &device->queues[queue];
	struct virtq_chain chain;
	int got = 0;

	for (unsigned i = 0; i < REQUESTS_AT_ONCE && (got = virtq_next_chain(vq, &chain)) > 0; i++)
		virtq_complete(vq, chain.head, fill(virtq_chain_writable(&chain), chain.write_count));
	if (got < 0) {
		virtio_device_broken(device, "bad request");
		return;
	}
	virtio_device_leave(device, vq, true);
}

const struct virtio_device_ops rng_ops = {
	.name = "rng",
	.id = VIRTIO_ID_RNG,
	.queue_count = 1,
	.queue_size_max = QUEUE_SIZE,
	.queue_ready = rng_fill,
};
