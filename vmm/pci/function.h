/* A PCI function's configuration space: what a guest reads there, what it may change, and a
 * memory BAR that it may move. */
#ifndef WALNUT_VMM_PCI_FUNCTION_H
#define WALNUT_VMM_PCI_FUNCTION_H

#include <stdint.h>

#include "pci.h" /* abi/ */

struct pci_function;

/* Any may be NULL. The config ones and bar_moved come with the host bridge's lock held. */
struct pci_function_ops {
	/* Before bytes of the configuration space are read, and after they were written. */
	void (*config_read)(struct pci_function *function, unsigned offset, unsigned size);
	void (*config_written)(struct pci_function *function, unsigned offset, unsigned size);

	/* function->bar is another than `old`. */
	void (*bar_moved)(struct pci_function *function, uint64_t old);

	/* offset + size is within the BAR; size is 1, 2, 4 or 8. */
	void (*bar_read)(struct pci_function *function, uint64_t offset, void *data, unsigned size);
	void (*bar_write)(struct pci_function *function, uint64_t offset, const void *data, unsigned size);
};

struct pci_function {
	const struct pci_function_ops *ops;
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE]; /* bits that the guest may change */
	unsigned capabilities_end;
	unsigned last_capability; /* its offset, 0: there is none */
	uint32_t bar_size;	  /* of BAR 0, a power of two; 0: it has none */
	uint64_t bar;		  /* where it answers now, 0: nowhere */
};

struct pci_identity {
	uint16_t vendor, device;
	uint16_t subsystem_vendor, subsystem;
	uint32_t class_code; /* 24 bits */
	uint8_t revision;
};

void pci_function_init(struct pci_function *function, const struct pci_function_ops *ops,
		       const struct pci_identity *identity);

/* A 32-bit memory BAR at the address, which is a multiple of the size. It answers once the
 * guest enables it. */
void pci_function_add_bar(struct pci_function *function, uint32_t address, uint32_t size);

/* A capability of `size` bytes, the first two of which are filled in here (the first has the
 * id). Returns its offset. */
unsigned pci_function_add_capability(struct pci_function *function, const void *capability, unsigned size);

/* Accesses of the guest's; offset + size is at most PCI_CONFIG_SIZE. */
void pci_function_read(struct pci_function *function, unsigned offset, void *data, unsigned size);
void pci_function_write(struct pci_function *function, unsigned offset, const void *data, unsigned size);

static inline uint16_t pci_config_get16(const struct pci_function *function, unsigned offset)
{
	return (uint16_t)(function->config[offset] | function->config[offset + 1] << 8);
}

static inline uint32_t pci_config_get32(const struct pci_function *function, unsigned offset)
{
	return pci_config_get16(function, offset) | (uint32_t)pci_config_get16(function, offset + 2) << 16;
}

static inline void pci_config_set16(struct pci_function *function, unsigned offset, uint16_t value)
{
	function->config[offset] = (uint8_t)value;
	function->config[offset + 1] = (uint8_t)(value >> 8);
}

static inline void pci_config_set32(struct pci_function *function, unsigned offset, uint32_t value)
{
	pci_config_set16(function, offset, (uint16_t)value);
	pci_config_set16(function, offset + 2, (uint16_t)(value >> 16));
}

#endif
