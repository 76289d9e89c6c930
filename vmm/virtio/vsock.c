/* virtio-vsock: virtio 1.2, section 5.10. The queues and nothing else: packets are checked
 * and made by vsock/.
 *
 * A packet from the guest is served at once and its buffers returned, whatever the host's
 * socket says, so one slow peer stops no other. The exception keeps memory bounded: while
 * too many answers wait for receive buffers, the transmit queue waits, too (5.10.6.1.2).
 * Receive buffers are taken when there is something to put into them, and only then does
 * the device ask to be told of new ones. */
#include "virtio/vsock.h"

#include <string.h>
#include <sys/epoll.h>

#include "config.h"
#include "failure.h"
#include "virtio/iov.h"

#include "tsi.h"
#include "virtio_mmio.h"
#include "vsock.h"

#define QUEUE_SIZE 256
/* After so much others have their turn. */
#define CHAINS_AT_ONCE 256
#define BYTES_AT_ONCE (1u << 20)

static struct vsock *vsock_of(struct virtio_device *device)
{
	return (struct vsock *)device;
}

/* Packets to the guest, while there are buffers. */
static void receive_queue(struct vsock *vsock)
{
	struct virtq *vq = virtio_device_queue(&vsock->device, VSOCK_QUEUE_RX);
	bool hungry = false, had_room = vsock_hub_has_room(&vsock->hub);
	size_t bytes = 0;

	if (!vq)
		return;
	virtq_want_notify(vq, false); /* we are looking */
	for (unsigned i = 0; i < CHAINS_AT_ONCE && bytes < BYTES_AT_ONCE && vsock_hub_has_packet(&vsock->hub); i++) {
		struct virtq_chain chain;
		int got = virtq_next_chain(vq, &chain);
		size_t size;

		hungry = got == 0;
		if (hungry)
			break;
		if (got < 0 || chain.write_size <= sizeof(struct vsock_header)) {
			virtio_device_broken(&vsock->device, "bad receive buffer");
			return;
		}
		size = vsock_hub_make_packet(&vsock->hub, virtq_chain_writable(&chain), chain.write_count);
		if (size == 0) {
			virtq_undo_next(vq);
			break;
		}
		virtq_complete(vq, chain.head, (uint32_t)size);
		bytes += size;
	}
	virtio_device_leave(&vsock->device, vq, vsock_hub_has_packet(&vsock->hub));
	if (!hungry && !vsock_hub_has_packet(&vsock->hub))
		virtq_want_notify(vq, false);
	if (!had_room && vsock_hub_has_room(&vsock->hub)) /* the transmit queue waited for it */
		virtio_device_revisit(&vsock->device);
}

/* One packet of the guest's. False: the driver breaks the rules. */
static bool take_packet(struct vsock *vsock, struct virtq_chain *chain)
{
	struct iovec payload[VIRTQ_DEVICE_SIZE_MAX];
	struct vsock_header header;
	unsigned count;

	if (iov_gather(virtq_chain_readable(chain), chain->read_count, (uint8_t *)&header, sizeof(header)) !=
	    sizeof(header))
		return false;
	if (header.len > VSOCK_PAYLOAD_MAX || header.len > chain->read_size - sizeof(header))
		return false;
	/* The bytes count, not the buffers: these may be larger. */
	count = iov_skip(payload, virtq_chain_readable(chain), chain->read_count, sizeof(header));
	count = header.len ? iov_limit(payload, count, header.len) : 0;
	vsock_hub_packet(&vsock->hub, &header, payload, count);
	return true;
}

static void transmit_queue(struct vsock *vsock)
{
	struct virtq *vq = virtio_device_queue(&vsock->device, VSOCK_QUEUE_TX);
	uint64_t bytes = 0;

	if (!vq)
		return;
	virtq_want_notify(vq, false);
	for (unsigned i = 0; i < CHAINS_AT_ONCE && bytes < BYTES_AT_ONCE && vsock_hub_has_room(&vsock->hub); i++) {
		struct virtq_chain chain;
		int got = virtq_next_chain(vq, &chain);

		if (got == 0)
			break;
		if (got < 0 || !take_packet(vsock, &chain)) {
			virtio_device_broken(&vsock->device, "bad packet");
			return;
		}
		bytes += chain.read_size;
		virtq_complete(vq, chain.head, 0);
	}
	virtio_device_leave(&vsock->device, vq, vsock_hub_has_room(&vsock->hub));
}

static void vsock_queue_ready(struct virtio_device *device, unsigned queue)
{
	struct vsock *vsock = vsock_of(device);

	vsock_hub_guest_up(&vsock->hub, device->driver_features);
	if (queue == VSOCK_QUEUE_TX)
		transmit_queue(vsock); /* and answers may go at once */
	if (queue != VSOCK_QUEUE_EVENT) /* there is no event to tell */
		receive_queue(vsock);
}

static void host_ready(struct event_source *source, uint32_t events)
{
	struct vsock *vsock = (struct vsock *)((char *)source - offsetof(struct vsock, events));

	pthread_mutex_lock(&vsock->device.lock);
	vsock_hub_turn(&vsock->hub);
	receive_queue(vsock);
	pthread_mutex_unlock(&vsock->device.lock);
}

static void vsock_reset(struct virtio_device *device)
{
	vsock_hub_reset(&vsock_of(device)->hub);
}

static void vsock_config_read(struct virtio_device *device, uint64_t offset, void *data, unsigned size)
{
	const struct virtio_vsock_config config = { .guest_cid = VSOCK_CID_GUEST };

	virtio_config_copy(&config, sizeof(config), offset, data, size);
}

/* What the guest sent before it ended is still delivered, as with a process. */
static void send_the_rest(struct vsock *vsock)
{
	struct virtq *vq = virtio_device_queue(&vsock->device, VSOCK_QUEUE_TX);

	for (unsigned i = 0; vq && i < QUEUE_SIZE && virtq_has_next(vq); i += CHAINS_AT_ONCE) {
		vsock_hub_forget_replies(&vsock->hub); /* nobody is there to read them */
		transmit_queue(vsock);
	}
	vsock_hub_drain(&vsock->hub);
}

static void vsock_close(struct virtio_device *device)
{
	struct vsock *vsock = vsock_of(device);

	if (vsock->events.added)
		send_the_rest(vsock);
	event_loop_remove(device->loop, &vsock->events);
	vsock_hub_close(&vsock->hub);
}

const struct virtio_device_ops vsock_ops = {
	.name = "vsock",
	.id = VIRTIO_ID_VSOCK,
	.queue_count = VSOCK_QUEUE_COUNT,
	.queue_size_max = QUEUE_SIZE,
	.config_read = vsock_config_read,
	.queue_ready = vsock_queue_ready,
	.reset = vsock_reset,
	.close = vsock_close,
};

int vsock_open(struct vsock *vsock, const struct vsock_config *config, struct failure *failure)
{
	int error = vsock_hub_open(&vsock->hub, config, failure);

	if (error)
		return error;
	if (config->tsi)
		vsock->device.features |= 1ull << VSOCK_F_DGRAM | 1ull << TSI_F_EXTENDED;
	vsock->events = (struct event_source){ .fd = vsock->hub.epoll_fd, .ready = host_ready };
	error = event_loop_add(vsock->device.loop, &vsock->events, EPOLLIN);
	if (error)
		return failure_errno(failure, error, "vsock: cannot wait for sockets");
	return 0;
}
