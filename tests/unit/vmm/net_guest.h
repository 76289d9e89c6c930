/* A guest with a network interface, for tests: sends frames and takes those that come, over fake
 * guest memory. The other end of the wire is a socket. */
#ifndef WALNUT_TEST_NET_GUEST_H
#define WALNUT_TEST_NET_GUEST_H

#include <sys/socket.h>

#include "config.h"
#include "failure.h"
#include "mmio_guest.h"
#include "virtio/mmio.h"
#include "virtio/net.h"

#define NET_BASE 0xd0000000u
#define NET_QUEUE_SIZE 64
#define NET_RX_BUFFERS 0x40000u
#define NET_RX_SIZE 2048u
#define NET_TX_BUFFER 0x80000u

struct net_guest {
	struct mmio_guest guest;
	struct event_loop loop;
	struct net net;
	struct failure failure;
	int wire; /* the other end */
};

static inline void net_turn(struct net_guest *g)
{
	mmio_turn(&g->loop);
}

static inline void net_notify(struct net_guest *g)
{
	mmio_notify(&g->net.device);
	net_turn(g);
}

static inline void net_offer_rx(struct net_guest *g, uint16_t index, uint32_t size)
{
	test_offer_buffer(&g->guest.queues[VIRTIO_NET_RX], index, NET_RX_BUFFERS + index * NET_RX_SIZE, size,
			  VIRTQ_DESC_F_WRITE);
}

/* With so many receive buffers. */
static inline void net_start(struct net_guest *g, uint64_t features, uint16_t buffers)
{
	mmio_start(&g->guest, features, VIRTIO_NET_QUEUE_COUNT);
	for (uint16_t i = 0; i < buffers; i++)
		net_offer_rx(g, i, NET_RX_SIZE);
	net_notify(g);
}

static inline int net_create(struct net_guest *g, int type)
{
	struct net_config config = { .kind = type == SOCK_STREAM ? NET_UNIX_STREAM : NET_UNIX_DATAGRAM,
				     .mac = { 2, 0, 0, 0, 0, 1 }, .features = 1 };
	int fds[2], error;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds))
		return -1;
	g->wire = fds[1];
	config.fd = fds[0];
	mmio_guest_create(&g->guest, NET_BASE, NET_QUEUE_SIZE);
	if (event_loop_create(&g->loop) || virtio_mmio_create(&g->net.device, &net_ops, &g->guest.ram.mem, &g->loop,
							      NET_BASE, 5, &g->failure))
		return -1;
	virtio_mmio_add(&g->net.device, &g->guest.bus);
	error = net_open(&g->net, &config, &g->failure);
	close(fds[0]);
	return error;
}

static inline void net_destroy(struct net_guest *g)
{
	net_ops.close(&g->net.device);
	virtio_device_destroy(&g->net.device);
	event_loop_destroy(&g->loop);
	test_ram_destroy(&g->guest.ram);
	if (g->wire >= 0)
		close(g->wire);
}

/* Offers header and frame as one buffer. */
static inline void net_offer_tx(struct net_guest *g, uint16_t head, struct virtio_net_header header,
				const void *frame, uint32_t size)
{
	uint8_t *to = test_ram_at(&g->guest.ram, NET_TX_BUFFER);

	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), frame, size);
	test_offer_buffer(&g->guest.queues[VIRTIO_NET_TX], head, NET_TX_BUFFER,
			  (uint32_t)sizeof(header) + size, 0);
}

/* The next frame for the guest with its header, put together from its buffers. Its size, 0: there is
 * none. */
static inline size_t net_take(struct net_guest *g, uint8_t *to, size_t room)
{
	struct test_queue *rx = &g->guest.queues[VIRTIO_NET_RX];
	struct virtio_net_header header = { .num_buffers = 1 };
	size_t size = 0;

	for (unsigned i = 0; i < header.num_buffers; i++) {
		const struct virtq_used_elem *used = test_completed(rx);

		if (!used || used->len > NET_RX_SIZE || used->len > room - size)
			return 0;
		memcpy(to + size, test_ram_at(&g->guest.ram, NET_RX_BUFFERS + used->id * NET_RX_SIZE), used->len);
		size += used->len;
		if (i == 0)
			memcpy(&header, to, sizeof(header));
	}
	return size;
}

#endif
