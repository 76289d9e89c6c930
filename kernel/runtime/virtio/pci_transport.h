/* virtio over PCI: virtio 1.2, section 4.1, modern interface only; functions of bus 0, whose BARs
 * the firmware or the VMM has placed. */
#ifndef WALNUT_RUNTIME_PCI_TRANSPORT_H
#define WALNUT_RUNTIME_PCI_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/virtq.h"
#include "virtio_pci.h"

#define PCI_QUEUES_MAX 40

/* How a device says that it is done. */
enum pci_interrupt {
	PCI_UNHEARD, /* somebody has to look now and then */
	PCI_BY_LINE, /* INTx, as the firmware has routed it */
	PCI_BY_MESSAGE, /* MSI-X */
};

struct pci_device {
	uint32_t id;	   /* VIRTIO_ID_* */
	uint32_t function; /* as the configuration's address has it */
	volatile struct virtio_pci_common *common; /* NULL: not looked at closely yet */
	volatile uint8_t *config;
	volatile uint8_t *notify;
	uint32_t config_size, notify_size, notify_multiplier;
	uint16_t notify_offsets[PCI_QUEUES_MAX];
	volatile uint8_t *status; /* of the interrupt; reading it lowers the line */
	enum pci_interrupt interrupt;
	bool line_enabled;
};

/* The device with this VIRTIO_ID_* behind `skip` others, with its registers mapped; NULL: there is none.
 * The bus is searched the first time. */
struct pci_device *pci_find(uint32_t id, uint32_t skip);

/* As the functions of virtio/device.h. */
uint32_t pci_offered(struct pci_device *device);

uint32_t pci_start(struct pci_device *device, uint32_t features);
bool pci_queue(struct pci_device *device, struct virtq *queue, struct virtq_rings *rings, uint16_t number);
void pci_driver_ok(struct pci_device *device);
void pci_notify(struct pci_device *device, uint16_t queue);
uint32_t pci_config(struct pci_device *device, uint32_t offset);
void pci_enable_irq(struct pci_device *device);
void pci_acknowledge(struct pci_device *device);

/* For people: how the devices that were asked for interrupt. */
const char *pci_interrupts(void);

#endif
