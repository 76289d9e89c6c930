/* A guest with a socket device, for tests: sends packets and takes those that come, one by
 * one, over fake guest memory. */
#ifndef WALNUT_TEST_VSOCK_GUEST_H
#define WALNUT_TEST_VSOCK_GUEST_H

#include <poll.h>
#include <unistd.h>

#include "config.h"
#include "device/bus.h"
#include "driver.h"
#include "failure.h"
#include "virtio/mmio.h"
#include "virtio/vsock.h"

#include "virtio_mmio.h"
#include "vsock.h"

#define GUEST_BASE 0xd0000000u
#define GUEST_QUEUE_SIZE 64
#define GUEST_RX_BUFFERS 0x40000u
#define GUEST_RX_SIZE 4096u
#define GUEST_TX_BUFFER 0x90000u
#define GUEST_TURNS_MAX 1000

struct vsock_guest {
	struct test_ram ram;
	struct event_loop loop;
	struct bus bus;
	struct vsock vsock;
	struct failure failure;
	struct test_queue rx, tx;
	uint32_t buf_alloc, fwd_cnt; /* what its packets say */
	unsigned withheld;	     /* receive buffers not given back */
	bool keep_buffers;
};

struct guest_packet {
	struct vsock_header header;
	uint8_t data[GUEST_RX_SIZE];
};

static inline void guest_put(struct vsock_guest *g, uint64_t offset, uint32_t value)
{
	bus_write(&g->bus, GUEST_BASE + offset, &value, 4);
}

static inline void guest_turn(struct vsock_guest *g)
{
	struct pollfd p = { .fd = g->loop.epoll_fd, .events = POLLIN };

	for (int i = 0; i < GUEST_TURNS_MAX && poll(&p, 1, 0) > 0; i++)
		event_loop_turn(&g->loop);
}

static inline void guest_notify(struct vsock_guest *g)
{
	uint64_t one = 1;

	(void)!write(g->vsock.device.notify.fd, &one, sizeof(one));
	guest_turn(g);
}

static inline void guest_offer_rx(struct vsock_guest *g, uint16_t index)
{
	test_offer_buffer(&g->rx, index, GUEST_RX_BUFFERS + index * GUEST_RX_SIZE, GUEST_RX_SIZE,
			  VIRTQ_DESC_F_WRITE);
}

static inline void guest_start(struct vsock_guest *g, uint32_t features)
{
	const uint32_t before[][2] = {
		{ VIRTIO_MMIO_STATUS, 0 }, { VIRTIO_MMIO_STATUS, 3 }, { VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0 },
		{ VIRTIO_MMIO_DRIVER_FEATURES, features }, { VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1 },
		{ VIRTIO_MMIO_DRIVER_FEATURES, 1 }, { VIRTIO_MMIO_STATUS, 11 },
	};

	memset(test_ram_at(&g->ram, 0), 0, TEST_RAM_SIZE);
	g->rx = (struct test_queue){ .ram = &g->ram, .number = VSOCK_QUEUE_RX, .size = GUEST_QUEUE_SIZE };
	g->tx = (struct test_queue){ .ram = &g->ram, .number = VSOCK_QUEUE_TX, .size = GUEST_QUEUE_SIZE };
	g->buf_alloc = 65536;
	g->fwd_cnt = 0;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		guest_put(g, before[i][0], before[i][1]);
	for (uint32_t queue = 0; queue < VSOCK_QUEUE_COUNT; queue++) {
		guest_put(g, VIRTIO_MMIO_QUEUE_SEL, queue);
		guest_put(g, VIRTIO_MMIO_QUEUE_NUM, GUEST_QUEUE_SIZE);
		guest_put(g, VIRTIO_MMIO_QUEUE_DESC_LOW, TEST_DESC(queue));
		guest_put(g, VIRTIO_MMIO_QUEUE_DRIVER_LOW, TEST_AVAIL(queue));
		guest_put(g, VIRTIO_MMIO_QUEUE_DEVICE_LOW, TEST_USED(queue));
		guest_put(g, VIRTIO_MMIO_QUEUE_READY, 1);
	}
	guest_put(g, VIRTIO_MMIO_STATUS, 15);
	for (uint16_t i = 0; i < GUEST_QUEUE_SIZE; i++)
		guest_offer_rx(g, i);
	guest_notify(g);
}

static inline int guest_create(struct vsock_guest *g, const struct vsock_config *config)
{
	test_ram_create(&g->ram);
	if (event_loop_create(&g->loop) ||
	    virtio_mmio_create(&g->vsock.device, &vsock_ops, &g->ram.mem, &g->loop, GUEST_BASE, 5, &g->failure))
		return -1;
	virtio_mmio_add(&g->vsock.device, &g->bus);
	return vsock_open(&g->vsock, config, &g->failure);
}

static inline void guest_destroy(struct vsock_guest *g)
{
	vsock_ops.close(&g->vsock.device);
	virtio_device_destroy(&g->vsock.device);
	event_loop_destroy(&g->loop);
	test_ram_destroy(&g->ram);
}

/* Exactly these bytes as one transmit buffer; false: the device stopped over it. */
static inline bool guest_send_raw(struct vsock_guest *g, const void *data, uint32_t size)
{
	memcpy(test_ram_at(&g->ram, GUEST_TX_BUFFER), data, size);
	test_offer_buffer(&g->tx, 0, GUEST_TX_BUFFER, size, 0);
	guest_notify(g);
	return test_completed(&g->tx);
}

static inline struct vsock_header guest_header(struct vsock_guest *g, uint16_t op, uint32_t guest_port,
					       uint32_t host_port)
{
	return (struct vsock_header){
		.src_cid = VSOCK_CID_GUEST, .dst_cid = VSOCK_CID_HOST, .src_port = guest_port, .dst_port = host_port,
		.type = VSOCK_TYPE_STREAM, .op = op, .buf_alloc = g->buf_alloc, .fwd_cnt = g->fwd_cnt,
	};
}

static inline bool guest_send_data(struct vsock_guest *g, struct vsock_header header, const void *data, uint32_t size)
{
	uint8_t *to = test_ram_at(&g->ram, GUEST_TX_BUFFER);

	header.len = size;
	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), data, size);
	test_offer_buffer(&g->tx, 0, GUEST_TX_BUFFER, (uint32_t)sizeof(header) + size, 0);
	guest_notify(g);
	return test_completed(&g->tx);
}

static inline bool guest_send(struct vsock_guest *g, uint16_t op, uint32_t guest_port, uint32_t host_port)
{
	return guest_send_data(g, guest_header(g, op, guest_port, host_port), "", 0);
}

/* The next packet for the guest; false: there is none. */
static inline bool guest_take(struct vsock_guest *g, struct guest_packet *packet)
{
	const struct virtq_used_elem *used;

	guest_turn(g);
	used = test_completed(&g->rx);
	if (!used)
		return false;
	memcpy(packet, test_ram_at(&g->ram, GUEST_RX_BUFFERS + used->id * GUEST_RX_SIZE), used->len);
	if (g->keep_buffers) {
		g->withheld++;
		return true;
	}
	guest_offer_rx(g, (uint16_t)used->id);
	guest_notify(g);
	return true;
}

#endif
