/* A VM's PCI bus: the host bridge, and how its devices reach KVM. */
#ifndef WALNUT_VMM_VM_PCI_H
#define WALNUT_VMM_VM_PCI_H

#include "pci/host.h"
#include "virtio/pci.h"

struct bus;

struct vm_pci {
	struct pci_host host;
	struct virtio_pci_machine machine; /* for virtio_pci_create() */
	int vm_fd;
};

/* Puts the bridge on the buses. Holds nothing that is to be released. */
void vm_pci_create(struct vm_pci *pci, int vm_fd, struct bus *ports, struct bus *mmio);

#endif
