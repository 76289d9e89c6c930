/* What a kernel for PCs expects of its machine and a Walnut kernel does not: an interval
 * timer, a clock, power management, firmware tables. Only machines with such a kernel have it. */
#ifndef WALNUT_VMM_PC_H
#define WALNUT_VMM_PC_H

#include <stdint.h>

#include "device/acpi_pm.h"
#include "device/cmos.h"

struct vm;

struct pc {
	struct acpi_pm acpi_pm;
	struct cmos cmos;
};

/* In-kernel devices; the interrupt chips exist already. */
int pc_create_chips(struct vm *vm);

/* Our devices. */
void pc_add_devices(struct vm *vm);

/* The interrupt of the virtio device in this place. A kernel without ACPI, which is told on
 * its command line, can use the first nine. */
uint32_t pc_virtio_irq(unsigned place);

/* MP and ACPI tables, when all devices are known. *rsdp: where the latter begin. */
int pc_write_tables(struct vm *vm, uint64_t *rsdp);

#endif
