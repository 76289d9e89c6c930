/* virtio-net: virtio 1.2, section 5.1. Two queues and a backend, on a thread of their own.
 *
 * Nothing is read from the backend before the driver has buffers, and nothing taken from the
 * driver while the backend takes none: who is slow slows the other side down, in the backend's
 * socket or the driver's queue. A backend that goes away takes the link down, and the machine
 * goes on: what the driver sends from then on is lost, as without a cable. */
#include "virtio/net.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "config.h"
#include "failure.h"
#include "log.h"
#include "virtio/iov.h"

#include "virtio.h"

#define QUEUE_SIZE 256
/* After so much others have their turn. */
#define FRAMES_AT_ONCE 256
#define BYTES_AT_ONCE (1u << 20)
/* Buffers for one frame: those of Linux hold 1,500 bytes and more. */
#define BUFFERS_MAX 64

static struct net *net_of(struct virtio_device *device)
{
	return (struct net *)device;
}

/* Waits for what the next step needs. */
static void arm(struct net *net)
{
	bool wants_input = !net->has_frame && virtio_device_queue(&net->device, VIRTIO_NET_RX);
	uint32_t events = (wants_input ? EPOLLIN : 0) | (net->blocked ? EPOLLOUT : 0);

	if (net->gone || events == 0 || events == net->armed)
		return;
	net->armed = events;
	event_loop_modify(net->device.loop, &net->ready, events | EPOLLONESHOT);
}

static void backend_gone(struct net *net, int error)
{
	log_line(LOG_LEVEL_WARN, "virtio net: the other side is gone (%s); the link is down", strerror(-error));
	net->gone = true;
	net->blocked = false;
	event_loop_remove(net->device.loop, &net->ready);
	net->config.status = 0;
	virtio_device_config_changed(&net->device);
}

/* Takes buffers for the frame and its header. Their number, 0: there are not enough, negative:
 * they are no good. *first is the first of them, `written` what goes into each. */
static int take_buffers(struct net *net, struct virtq *vq, struct virtq_chain *first, uint16_t *heads,
			uint32_t *written, unsigned max)
{
	size_t size = sizeof(net->frame.header) + net->frame.size, done = 0;
	struct virtq_chain next;
	unsigned count = 0;

	while (done < size && count < max) {
		struct virtq_chain *chain = count == 0 ? first : &next;
		int got = virtq_next_chain(vq, chain);
		size_t part;

		if (got == 0) {
			/* Before the last look: what comes now is told to us. */
			virtq_want_notify(vq, true);
			got = virtq_next_chain(vq, chain);
			if (got == 0)
				virtq_undo(vq, count);
			if (got == 0)
				return 0;
		}
		if (got < 0 || chain->write_size < (count == 0 ? sizeof(net->frame.header) : 1))
			return -EINVAL;
		part = chain->write_size < size - done ? chain->write_size : size - done;
		if (count > 0)
			iov_scatter(virtq_chain_writable(chain), chain->write_count,
				    net->frame.data + done - sizeof(net->frame.header), part);
		heads[count] = chain->head;
		written[count++] = (uint32_t)part;
		done += part;
	}
	if (done == size)
		return (int)count;
	virtq_undo(vq, count);
	return -EMSGSIZE;
}

/* 1: the guest has the frame, or it is lost for lack of room in the buffers; 0: there are none now;
 * -EINVAL: the driver broke the rules. */
static int deliver(struct net *net, struct virtq *vq)
{
	bool merge = virtio_device_has_feature(&net->device, VIRTIO_NET_F_MRG_RXBUF);
	struct iovec rest[VIRTQ_DEVICE_SIZE_MAX];
	uint32_t written[BUFFERS_MAX];
	uint16_t heads[BUFFERS_MAX];
	struct virtq_chain first;
	unsigned parts;
	int count = take_buffers(net, vq, &first, heads, written, merge ? BUFFERS_MAX : 1);

	if (count <= 0)
		return count == -EMSGSIZE ? 1 : count;
	net->frame.header.num_buffers = (uint16_t)count;
	iov_scatter(virtq_chain_writable(&first), first.write_count, (const uint8_t *)&net->frame.header,
		    sizeof(net->frame.header));
	parts = iov_skip(rest, virtq_chain_writable(&first), first.write_count, sizeof(net->frame.header));
	iov_scatter(rest, parts, net->frame.data, written[0] - sizeof(net->frame.header));
	virtq_complete_many(vq, heads, written, (unsigned)count);
	return 1;
}

/* The next frame of the backend's, unless one waits. */
static bool have_frame(struct net *net)
{
	int got;

	if (net->has_frame || net->gone)
		return net->has_frame;
	got = net->backend.ops->receive(&net->backend, &net->frame);
	if (got < 0)
		backend_gone(net, got);
	net->has_frame = got > 0;
	return net->has_frame;
}

static void receive_queue(struct net *net)
{
	struct virtq *vq = virtio_device_queue(&net->device, VIRTIO_NET_RX);
	size_t bytes = 0;
	int got = 1;

	if (!vq)
		return;
	for (unsigned i = 0; i < FRAMES_AT_ONCE && bytes < BYTES_AT_ONCE && have_frame(net); i++) {
		bytes += net->frame.size;
		got = deliver(net, vq);
		if (got <= 0)
			break;
		net_pcap_record(&net->pcap, &(struct iovec){ (void *)net->frame.data, net->frame.size }, 1,
				net->frame.size);
		net->has_frame = false;
	}
	if (got < 0) {
		virtio_device_broken(&net->device, "bad receive buffer");
		return;
	}
	/* Without a frame that waits for buffers, new ones are nothing we have to know of. */
	if (got > 0)
		virtq_want_notify(vq, false);
	virtio_device_signal(&net->device, vq);
	if (got > 0 && have_frame(net))
		virtio_device_revisit(&net->device);
	arm(net);
}

static void flush(struct net *net)
{
	int done = net->gone || !net->backend.ops->flush ? 1 : net->backend.ops->flush(&net->backend);

	if (done < 0)
		backend_gone(net, done);
	else if (done == 0)
		net->blocked = true;
}

/* 1: the frame is the backend's, or nobody's, 0: not now. */
static int transmit(struct net *net, const struct virtq_chain *chain)
{
	int sent = net->gone ? 1 : net->backend.ops->send(&net->backend, chain->iov, chain->read_count,
							  chain->read_size);

	if (sent < 0)
		backend_gone(net, sent);
	net->blocked = sent == 0;
	return sent != 0;
}

static void record_sent(struct net *net, const struct virtq_chain *chain)
{
	struct iovec frame[VIRTQ_DEVICE_SIZE_MAX];
	unsigned count;

	if (net->pcap.fd < 0)
		return;
	count = iov_skip(frame, chain->iov, chain->read_count, sizeof(struct virtio_net_header));
	net_pcap_record(&net->pcap, frame, count, chain->read_size - sizeof(struct virtio_net_header));
}

static void transmit_queue(struct net *net)
{
	struct virtq *vq = virtio_device_queue(&net->device, VIRTIO_NET_TX);
	struct virtq_chain chain;
	uint64_t bytes = 0;
	int got = 0;

	if (!vq)
		return;
	for (unsigned i = 0; i < FRAMES_AT_ONCE && bytes < BYTES_AT_ONCE && !net->blocked; i++) {
		got = virtq_next_chain(vq, &chain);
		if (got <= 0)
			break;
		if (chain.read_size < sizeof(struct virtio_net_header)) {
			got = -EINVAL;
			break;
		}
		if (!transmit(net, &chain)) {
			virtq_undo(vq, 1);
			break;
		}
		bytes += chain.read_size;
		record_sent(net, &chain);
		virtq_complete(vq, chain.head, 0);
	}
	if (got < 0) {
		virtio_device_broken(&net->device, "bad transmit buffer");
		return;
	}
	flush(net);
	virtio_device_leave(&net->device, vq, !net->blocked);
	arm(net);
}

static void net_queue_ready(struct virtio_device *device, unsigned queue)
{
	if (queue == VIRTIO_NET_RX)
		receive_queue(net_of(device));
	else
		transmit_queue(net_of(device));
}

static void backend_ready(struct event_source *source, uint32_t events)
{
	struct net *net = (struct net *)((char *)source - offsetof(struct net, ready));

	pthread_mutex_lock(&net->device.lock);
	net->armed = 0;
	if (net->blocked && (events & ~(uint32_t)EPOLLIN)) {
		net->blocked = false;
		flush(net);
		transmit_queue(net);
	}
	if (!net->gone) {
		receive_queue(net);
		arm(net);
	}
	pthread_mutex_unlock(&net->device.lock);
}

static void net_driver_ready(struct virtio_device *device)
{
	struct net *net = net_of(device);

	if (net->backend.ops->accept && !net->gone)
		net->backend.ops->accept(&net->backend, device->driver_features);
}

/* The next driver may want other offloads than the frame has that waits. */
static void net_reset(struct virtio_device *device)
{
	struct net *net = net_of(device);

	net->has_frame = false;
	if (net->backend.ops->accept && !net->gone)
		net->backend.ops->accept(&net->backend, 0);
}

static void net_config_read(struct virtio_device *device, uint64_t offset, void *data, unsigned size)
{
	virtio_config_copy(&net_of(device)->config, sizeof(struct virtio_net_config), offset, data, size);
}

static void net_close(struct virtio_device *device)
{
	struct net *net = net_of(device);

	event_loop_remove(device->loop, &net->ready);
	net_backend_close(&net->backend);
}

const struct virtio_device_ops net_ops = {
	.name = "net",
	.id = VIRTIO_ID_NET,
	.features = 1ull << VIRTIO_NET_F_MAC | 1ull << VIRTIO_NET_F_STATUS | 1ull << VIRTIO_NET_F_MRG_RXBUF,
	.queue_count = VIRTIO_NET_QUEUE_COUNT,
	.queue_size_max = QUEUE_SIZE,
	.config_read = net_config_read,
	.driver_ready = net_driver_ready,
	.queue_ready = net_queue_ready,
	.reset = net_reset,
	.close = net_close,
};

int net_open(struct net *net, const struct net_config *config, struct failure *failure)
{
	int error = net_backend_open(&net->backend, config, failure);

	net->pcap = (struct net_pcap){ .fd = -1 };
	if (!error && config->pcap_path)
		error = net_pcap_start(&net->pcap, config->pcap_path, config->pcap_fd, failure);
	if (error)
		return error;
	net->device.features |= config->features;
	net->config.status = VIRTIO_NET_S_LINK_UP;
	memcpy(net->config.mac, config->mac, sizeof(net->config.mac));
	net->ready = (struct event_source){ .fd = net->backend.fd, .ready = backend_ready };
	error = event_loop_add(net->device.loop, &net->ready, EPOLLONESHOT);
	if (error)
		return failure_errno(failure, error, "network: cannot wait for frames");
	return 0;
}
