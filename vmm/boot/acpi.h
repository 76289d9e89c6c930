/* The ACPI tables of a PC-like machine: what Linux needs to find processors, interrupts and
 * devices, to power off and to restart. */
#ifndef WALNUT_VMM_BOOT_ACPI_H
#define WALNUT_VMM_BOOT_ACPI_H

#include <stdbool.h>
#include <stdint.h>

struct guest_mem;

#define ACPI_VIRTIO_MAX 31

/* What the tables tell. */
struct acpi_machine {
	unsigned vcpu_count; /* APIC ids from 0 */
	bool pci; /* devices are on PCI bus 0, from number 1 up, with these interrupts; else: */
	unsigned virtio_count;
	struct {
		uint32_t base, size;
		uint32_t gsi;
	} virtio[ACPI_VIRTIO_MAX];
};

/* Writes them to BOOT_ACPI, where guest memory has to be. The address of the RSDP, or 0 where
 * they did not fit. */
uint64_t acpi_write(const struct guest_mem *mem, const struct acpi_machine *machine);

#endif
