/* virtio devices, whatever they are connected by: mmio_transport.c where the command line or ACPI has said
 * where there are some, else pci_transport.c. Each access to a device may cost the VMM's attention, some 40
 * microseconds on slow hosts, so none is made that is not needed, and none before somebody asks for
 * the device. */
#ifndef WALNUT_RUNTIME_DEVICE_H
#define WALNUT_RUNTIME_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "cmdline.h"
#include "virtio/virtq.h"

/* Neither: there is no such device. */
struct virtio_device {
	struct mmio_device *mmio;
	struct pci_device *pci;
};

/* Where to look for devices; `line` stays. */
void device_init(const struct cmdline *line);

/* The device with this VIRTIO_ID_*. False: there is none. Each device on the way to
 * it is looked at once. */
bool device_find(struct virtio_device *device, uint32_t id);

/* The same, of several with one id the one behind `skip` others. */
bool device_find_next(struct virtio_device *device, uint32_t id, uint32_t skip);

/* The features that the device offers, low 32 bits; before device_start(). */
uint32_t device_offered(struct virtio_device *device);

/* Resets the device and negotiates the wanted ones of its features (low 32 bits)
 * and VERSION_1. Returns those agreed on; ends the machine if the device refuses. */
uint32_t device_start(struct virtio_device *device, uint32_t features);

/* Makes `queue` queue number `number` of the device, with rings of its own, of at
 * most VIRTQ_SIZE entries. False: the device has no such queue. */
bool device_queue(struct virtio_device *device, struct virtq *queue, uint16_t number);

/* To be called once the queues are there. */
void device_driver_ok(struct virtio_device *device);

void device_notify(struct virtio_device *device, const struct virtq *queue);

/* A 32-bit field of the device's configuration. */
uint32_t device_config(struct virtio_device *device, uint32_t offset);

/* Before the first wait for the device; routes its interrupt. */
void device_enable_irq(struct virtio_device *device);

/* After a wait that the device may have ended. */
void device_acknowledge(struct virtio_device *device);

/* For people: how the devices that were asked for interrupt: "lines", "messages", or "none" where
 * one of them has to be looked at. */
const char *device_interrupts(void);

#endif
