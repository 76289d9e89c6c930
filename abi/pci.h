/* PCI configuration space: PCI Local Bus Specification 3.0, chapter 6, and configuration
 * mechanism #1, section 3.2.2.3.2. */
#ifndef WALNUT_ABI_PCI_H
#define WALNUT_ABI_PCI_H

#include <stdint.h>

#define PCI_CONFIG_ADDRESS 0xcf8u
#define PCI_CONFIG_DATA 0xcfcu
#define PCI_CONFIG_ENABLE 0x80000000u

#define PCI_CONFIG_SIZE 256u
#define PCI_VENDOR_ID 0x00
#define PCI_DEVICE_ID 0x02
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 0x0002u
#define PCI_COMMAND_MASTER 0x0004u
#define PCI_COMMAND_INTX_DISABLE 0x0400u
#define PCI_STATUS 0x06
#define PCI_STATUS_INTERRUPT 0x0008u
#define PCI_STATUS_CAP_LIST 0x0010u
#define PCI_REVISION 0x08
#define PCI_CLASS 0x09 /* three bytes */
#define PCI_BAR0 0x10
#define PCI_SUBSYSTEM_VENDOR_ID 0x2c
#define PCI_SUBSYSTEM_ID 0x2e
#define PCI_CAPABILITIES 0x34
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_INTERRUPT_PIN 0x3d
#define PCI_FIRST_CAPABILITY 0x40

#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_MSIX 0x11

#define PCI_CLASS_HOST_BRIDGE 0x060000u

/* MSI-X, section 6.8.2. */
struct pci_msix_capability {
	uint8_t id;
	uint8_t next;
	uint16_t control;
	uint32_t table; /* offset, and in the low three bits the BAR */
	uint32_t pending; /* the same */
};
#define PCI_MSIX_ENABLE 0x8000u
#define PCI_MSIX_MASK_ALL 0x4000u

struct pci_msix_entry {
	uint32_t address_low;
	uint32_t address_high;
	uint32_t data;
	uint32_t control;
};
#define PCI_MSIX_ENTRY_MASKED 0x1u

_Static_assert(sizeof(struct pci_msix_capability) == 12, "capability");
_Static_assert(sizeof(struct pci_msix_entry) == 16, "entry");

#endif
