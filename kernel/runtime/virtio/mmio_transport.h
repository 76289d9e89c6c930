/* virtio over MMIO: virtio 1.2, section 4.2, register layout version 2. */
#ifndef WALNUT_RUNTIME_MMIO_TRANSPORT_H
#define WALNUT_RUNTIME_MMIO_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "cmdline.h"
#include "virtio/virtq.h"

struct mmio_device {
	volatile uint8_t *registers;
	uint64_t address; /* physical, of the registers */
	uint32_t id;	  /* VIRTIO_ID_*; 0: nothing is there */
	uint32_t irq;
	uint32_t status;  /* VIRTIO_STATUS_* as last written */
	bool irq_enabled;
};

/* Where to look for devices; `line` stays. */
void mmio_init(const struct cmdline *line);

/* As the functions of virtio/device.h. Each device on the way to the one that is looked for is looked at
 * once. */
struct mmio_device *mmio_find(uint32_t id, uint32_t skip);
uint32_t mmio_offered(struct mmio_device *device);
uint32_t mmio_start(struct mmio_device *device, uint32_t features);
bool mmio_queue(struct mmio_device *device, struct virtq *queue, struct virtq_rings *rings, uint16_t number);
void mmio_driver_ok(struct mmio_device *device);
void mmio_notify(struct mmio_device *device, uint16_t queue);
uint32_t mmio_config(struct mmio_device *device, uint32_t offset);
void mmio_enable_irq(struct mmio_device *device);
void mmio_acknowledge(struct mmio_device *device);

#endif
