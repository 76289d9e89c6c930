/* The virtio-mmio transport, register layout version 2: virtio 1.2, section 4.2. */
#ifndef WALNUT_VMM_VIRTIO_MMIO_H
#define WALNUT_VMM_VIRTIO_MMIO_H

#include "virtio/device.h"

struct bus;

/* virtio_device_create() for registers at this address with this interrupt line. Nothing is
 * left on failure; else virtio_device_destroy() is due. */
int virtio_mmio_create(struct virtio_device *device, const struct virtio_device_ops *ops,
		       const struct guest_mem *mem, struct event_loop *loop, uint64_t base,
		       uint32_t irq, struct failure *failure);

/* Puts the registers on the bus. */
void virtio_mmio_add(struct virtio_device *device, struct bus *mmio);

#endif
