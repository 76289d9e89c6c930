/* See device.h. */
#include "virtio/device.h"

#include "virtio/mmio_transport.h"
#include "virtio/pci_transport.h"

#define QUEUES_MAX 40 /* of all devices together */

static bool on_mmio;

void device_init(const struct cmdline *line)
{
	on_mmio = line->device_count > 0;
	mmio_init(line);
}

bool device_find_next(struct virtio_device *device, uint32_t id, uint32_t skip)
{
	*device = (struct virtio_device){ 0 };
	if (on_mmio)
		device->mmio = mmio_find(id, skip);
	else
		device->pci = pci_find(id, skip);
	return device->mmio || device->pci;
}

bool device_find(struct virtio_device *device, uint32_t id)
{
	return device_find_next(device, id, 0);
}

uint32_t device_offered(struct virtio_device *device)
{
	return device->pci ? pci_offered(device->pci) : mmio_offered(device->mmio);
}

uint32_t device_start(struct virtio_device *device, uint32_t features)
{
	return device->pci ? pci_start(device->pci, features) : mmio_start(device->mmio, features);
}

bool device_queue(struct virtio_device *device, struct virtq *queue, uint16_t number)
{
	static struct virtq_rings rings[QUEUES_MAX] __attribute__((aligned(4096)));
	static uint32_t used;

	if (used == QUEUES_MAX || !(device->pci ? pci_queue(device->pci, queue, &rings[used], number) :
						  mmio_queue(device->mmio, queue, &rings[used], number)))
		return false;
	used++;
	return true;
}

void device_driver_ok(struct virtio_device *device)
{
	if (device->pci)
		pci_driver_ok(device->pci);
	else
		mmio_driver_ok(device->mmio);
}

void device_notify(struct virtio_device *device, const struct virtq *queue)
{
	if (device->pci)
		pci_notify(device->pci, queue->number);
	else
		mmio_notify(device->mmio, queue->number);
}

uint32_t device_config(struct virtio_device *device, uint32_t offset)
{
	return device->pci ? pci_config(device->pci, offset) : mmio_config(device->mmio, offset);
}

void device_enable_irq(struct virtio_device *device)
{
	if (device->pci)
		pci_enable_irq(device->pci);
	else if (device->mmio)
		mmio_enable_irq(device->mmio);
}

void device_acknowledge(struct virtio_device *device)
{
	if (device->pci)
		pci_acknowledge(device->pci);
	else if (device->mmio)
		mmio_acknowledge(device->mmio);
}

const char *device_interrupts(void)
{
	return on_mmio ? "lines" : pci_interrupts();
}
