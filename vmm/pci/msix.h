/* MSI-X: a table of messages, one of which is sent for each interrupt, and bits for those that
 * are masked meanwhile. PCI Local Bus Specification 3.0, section 6.8.2. */
#ifndef WALNUT_VMM_PCI_MSIX_H
#define WALNUT_VMM_PCI_MSIX_H

#include <stdbool.h>
#include <stdint.h>

#include "pci.h" /* abi/ */

#define MSIX_VECTORS_MAX 32

/* Has the message delivered: a write of `data` to `address` that interrupts a processor. */
typedef void msix_send(void *opaque, uint64_t address, uint32_t data);

struct msix {
	unsigned count;
	bool enabled, masked; /* by the capability's control word */
	uint32_t pending;
	struct pci_msix_entry entries[MSIX_VECTORS_MAX];
	msix_send *send;
	void *opaque;
};

/* All vectors masked, MSI-X off. */
void msix_init(struct msix *msix, unsigned count, msix_send *send, void *opaque);

/* The control word was written. */
void msix_control(struct msix *msix, uint16_t control);

/* Sends the vector's message, now or when it is no longer masked. Vectors that do not exist
 * are ignored. */
void msix_notify(struct msix *msix, unsigned vector);

/* Accesses to the table and to the pending bits: 4 or 8 bytes, aligned. Others do nothing. */
void msix_table_read(const struct msix *msix, uint64_t offset, void *data, unsigned size);
void msix_table_write(struct msix *msix, uint64_t offset, const void *data, unsigned size);
void msix_pending_read(const struct msix *msix, uint64_t offset, void *data, unsigned size);

#endif
