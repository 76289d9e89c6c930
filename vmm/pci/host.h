/* A PCI host bridge: bus 0, reached by configuration mechanism #1, and a window for BARs. */
#ifndef WALNUT_VMM_PCI_HOST_H
#define WALNUT_VMM_PCI_HOST_H

#include <pthread.h>
#include <stdint.h>

#include "pci/function.h"

#define PCI_DEVICES_MAX 32

struct bus;

struct pci_host {
	pthread_mutex_t lock;
	uint32_t address; /* what the next access to the data port is for */
	struct pci_function bridge;
	struct pci_function *functions[PCI_DEVICES_MAX]; /* by device number; 0: the bridge */
	unsigned count;
};

/* Puts the bridge on the buses. Accepts only a zeroed object, which holds nothing that is to
 * be released. */
void pci_host_create(struct pci_host *host, struct bus *ports, struct bus *mmio);

/* The function becomes the next device of the bus; before the guest runs. At most
 * PCI_DEVICES_MAX - 1 of them. */
void pci_host_add(struct pci_host *host, struct pci_function *function);

#endif
