/* virtio-mmio devices that are described in ACPI's tables, as QEMU's microvm and Firecracker do it:
 * a search for the pattern that they write, not an interpreter of AML. */
#ifndef WALNUT_RUNTIME_BOOT_ACPI_H
#define WALNUT_RUNTIME_BOOT_ACPI_H

#include <stdint.h>

#include "cmdline.h"

/* Fills in what the tables from this RSDP (physical; 0: none) say, and returns how many devices that
 * was. Tables that are not as they should be are as good as none. */
uint32_t acpi_find_virtio(uint64_t rsdp, struct cmdline_device *devices, uint32_t max);

#endif
