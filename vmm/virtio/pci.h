/* The virtio-pci transport, modern devices only: virtio 1.2, section 4.1. */
#ifndef WALNUT_VMM_VIRTIO_PCI_H
#define WALNUT_VMM_VIRTIO_PCI_H

#include "pci/function.h"
#include "pci/msix.h"
#include "virtio/device.h"

/* What the device needs of its machine. Called from any thread. */
struct virtio_pci_machine {
	msix_send *send_message;

	/* INTx, for drivers that do not use MSI-X. */
	void (*set_line)(void *opaque, uint32_t irq, bool level);

	/* Writes of 16 bits to `address` are to signal the descriptor without coming here, and
	 * no longer those to `old`; 0: none. An optimization. */
	void (*place_doorbell)(void *opaque, int fd, uint64_t old, uint64_t address);
	void *opaque;
};

struct virtio_pci {
	struct pci_function function; /* first: its ops get a pointer to it */
	struct virtio_device *device;
	const struct virtio_pci_machine *machine;
	struct msix msix;
	unsigned msix_capability;   /* offsets in the configuration space */
	unsigned access_capability;
	uint16_t config_vector;
	uint16_t queue_vectors[VIRTIO_QUEUES_MAX];
	bool intx_disabled;
	bool line; /* INTx is asserted */
};

#define VIRTIO_PCI_BAR_SIZE 0x8000u

/* virtio_device_create() for a PCI function with its BAR at bar_address and interrupt line
 * `irq`. Nothing is left on failure; else virtio_device_destroy() is due, which leaves `pci`
 * alone. The machine description stays the caller's. */
int virtio_pci_create(struct virtio_pci *pci, struct virtio_device *device,
		      const struct virtio_device_ops *ops, const struct guest_mem *mem,
		      struct event_loop *loop, uint32_t bar_address, uint32_t irq,
		      const struct virtio_pci_machine *machine, struct failure *failure);

#endif
