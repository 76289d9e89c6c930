/* A guest's accesses to a virtio-mmio device, for tests: registers, and the start of a device
 * with queues as driver.h lays them out. */
#ifndef WALNUT_TEST_MMIO_GUEST_H
#define WALNUT_TEST_MMIO_GUEST_H

#include <poll.h>
#include <unistd.h>

#include "device/bus.h"
#include "driver.h"
#include "virtio/device.h"

#include "virtio_mmio.h"

struct mmio_guest {
	struct test_ram ram;
	struct bus bus;
	uint64_t base;
	struct test_queue queues[VIRTIO_QUEUES_MAX];
};

static inline void mmio_guest_create(struct mmio_guest *guest, uint64_t base, uint16_t queue_size)
{
	test_ram_create(&guest->ram);
	guest->base = base;
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++)
		guest->queues[i] = (struct test_queue){ .ram = &guest->ram, .number = i, .size = queue_size };
}

static inline uint32_t mmio_get(struct mmio_guest *guest, uint64_t offset)
{
	uint32_t value;

	bus_read(&guest->bus, guest->base + offset, &value, sizeof(value));
	return value;
}

static inline void mmio_put(struct mmio_guest *guest, uint64_t offset, uint32_t value)
{
	bus_write(&guest->bus, guest->base + offset, &value, sizeof(value));
}

static inline void mmio_start_queue(struct mmio_guest *guest, unsigned queue)
{
	mmio_put(guest, VIRTIO_MMIO_QUEUE_SEL, queue);
	mmio_put(guest, VIRTIO_MMIO_QUEUE_NUM, guest->queues[queue].size);
	mmio_put(guest, VIRTIO_MMIO_QUEUE_DESC_LOW, TEST_DESC(queue));
	mmio_put(guest, VIRTIO_MMIO_QUEUE_DRIVER_LOW, TEST_AVAIL(queue));
	mmio_put(guest, VIRTIO_MMIO_QUEUE_DEVICE_LOW, TEST_USED(queue));
	mmio_put(guest, VIRTIO_MMIO_QUEUE_READY, 1);
}

/* From reset to DRIVER_OK. Forgets what was in the queues. */
static inline void mmio_start(struct mmio_guest *guest, uint64_t features, unsigned queues)
{
	const uint32_t agreed = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK;

	mmio_put(guest, VIRTIO_MMIO_STATUS, 0);
	mmio_put(guest, VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	features |= 1ull << VIRTIO_F_VERSION_1;
	for (uint32_t half = 0; half < 2; half++) {
		mmio_put(guest, VIRTIO_MMIO_DRIVER_FEATURES_SEL, half);
		mmio_put(guest, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32 * half));
	}
	mmio_put(guest, VIRTIO_MMIO_STATUS, agreed);
	for (unsigned i = 0; i < queues; i++) {
		memset(test_ram_at(&guest->ram, TEST_DESC(i)), 0, TEST_DESC(1) - TEST_DESC(0));
		guest->queues[i].seen_used = 0;
		mmio_start_queue(guest, i);
	}
	mmio_put(guest, VIRTIO_MMIO_STATUS, agreed | VIRTIO_STATUS_DRIVER_OK);
}

static inline uint64_t mmio_offered_features(struct mmio_guest *guest)
{
	uint64_t features = 0;

	for (uint32_t half = 0; half < 2; half++) {
		mmio_put(guest, VIRTIO_MMIO_DEVICE_FEATURES_SEL, half);
		features |= (uint64_t)mmio_get(guest, VIRTIO_MMIO_DEVICE_FEATURES) << 32 * half;
	}
	return features;
}

/* As KVM's ioeventfd does. */
static inline void mmio_notify(struct virtio_device *device)
{
	uint64_t one = 1;

	(void)!write(device->notify.fd, &one, sizeof(one));
}

/* Serves what is ready now. */
static inline void mmio_turn(struct event_loop *loop)
{
	struct pollfd p = { .fd = loop->epoll_fd, .events = POLLIN };

	while (poll(&p, 1, 0) > 0)
		event_loop_turn(loop);
}

#endif
