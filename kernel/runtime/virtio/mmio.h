/* virtio devices: on virtio-mmio (virtio 1.2, section 4.2), register layout version 2, where the command
 * line says that there are some; else on PCI (pci_transport.h). Each
 * access may cost the VMM's attention, some 40 microseconds on slow hosts, so none
 * is made that is not needed, and none before somebody asks for the device. */
#ifndef WALNUT_RUNTIME_MMIO_H
#define WALNUT_RUNTIME_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "cmdline.h"
#include "virtio/virtq.h"

struct mmio_device {
	volatile uint8_t *registers; /* NULL: there is no such device, or it is on PCI */
	struct pci_device *pci;	     /* NULL: it is not */
	uint64_t address;	/* physical, of the registers */
	uint32_t irq;
	uint32_t status;	/* VIRTIO_STATUS_* as last written */
	bool irq_enabled;
};

/* Where to look for devices; `line` stays. */
void mmio_init(const struct cmdline *line);

/* The device with this VIRTIO_ID_*. False: there is none. Each device on the way to
 * it is looked at once. */
bool mmio_find(struct mmio_device *device, uint32_t id);

/* The same, of several with one id the one behind `skip` others. */
bool mmio_find_next(struct mmio_device *device, uint32_t id, uint32_t skip);

/* The features that the device offers, low 32 bits; before mmio_start(). */
uint32_t mmio_offered(struct mmio_device *device);

/* Resets the device and negotiates the wanted ones of its features (low 32 bits)
 * and VERSION_1. Returns those agreed on; ends the machine if the device refuses. */
uint32_t mmio_start(struct mmio_device *device, uint32_t features);

/* Makes `queue` queue number `number` of the device, with rings of its own, of at
 * most VIRTQ_SIZE entries. False: the device has no such queue. */
bool mmio_queue(struct mmio_device *device, struct virtq *queue, uint16_t number);

/* To be called once the queues are there. */
void mmio_driver_ok(struct mmio_device *device);

void mmio_notify(struct mmio_device *device, const struct virtq *queue);

/* A 32-bit field of the device's configuration. */
uint32_t mmio_config(struct mmio_device *device, uint32_t offset);

/* Before the first wait for the device; routes its interrupt. */
void mmio_enable_irq(struct mmio_device *device);

/* After a wait that the device may have ended. */
void mmio_acknowledge(struct mmio_device *device);

#endif
