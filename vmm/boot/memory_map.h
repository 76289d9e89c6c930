/* What guest-physical memory is, as an e820 table says it. */
#ifndef WALNUT_VMM_BOOT_MEMORY_MAP_H
#define WALNUT_VMM_BOOT_MEMORY_MAP_H

#include <stdbool.h>

#include "boot_params.h"

struct guest_mem;

#define MEMORY_MAP_MAX 8

struct memory_map {
	unsigned count;
	struct e820_entry entries[MEMORY_MAP_MAX]; /* ascending */
};

/* With firmware tables, the places where they lie are reserved. */
struct memory_map memory_map(const struct guest_mem *mem, bool firmware_tables);

#endif
