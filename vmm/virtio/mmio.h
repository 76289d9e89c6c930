/* The virtio-mmio transport, register layout version 2: virtio 1.2, section 4.2. */
#ifndef WALNUT_VMM_VIRTIO_MMIO_H
#define WALNUT_VMM_VIRTIO_MMIO_H

#include "virtio/device.h"

struct bus;
struct failure;

/* Prepares the embedded device: `ops` are set here, the rest of the enclosing struct is
 * the caller's. Owns two eventfds until virtio_mmio_destroy(), which accepts a zeroed
 * device too. The device's queues are served on the loop's thread. */
int virtio_mmio_create(struct virtio_device *device, const struct virtio_device_ops *ops,
		       const struct guest_mem *mem, struct event_loop *loop, uint64_t base,
		       uint32_t irq, struct failure *failure);
void virtio_mmio_destroy(struct virtio_device *device);

/* Puts the registers on the bus. */
void virtio_mmio_add(struct virtio_device *device, struct bus *mmio);

/* Lets the device look at all of its queues now. On the loop's thread. */
void virtio_mmio_poll(struct virtio_device *device);

#endif
