/* What a kernel finds in memory besides itself: the zero page of Linux's protocol or PVH's
 * start info, each with a memory map, and descriptor and page tables. */
#ifndef WALNUT_VMM_BOOT_ZERO_PAGE_H
#define WALNUT_VMM_BOOT_ZERO_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "boot/initrd.h"
#include "boot/kernel.h"
#include "boot/memory_map.h"

struct boot_params;
struct guest_mem;

/* What is told, besides that the command line lies at BOOT_CMDLINE. */
struct boot_facts {
	struct memory_map map;
	uint32_t cmdline_size; /* with the NUL */
	struct initrd initrd;
	uint64_t rsdp; /* 0: no ACPI */
};

/* Adds to a zero page that is zero, or has a bzImage's setup header in it. */
void zero_page_fill(struct boot_params *params, const struct boot_facts *facts);

/* Writes the start info and what it points to. */
void pvh_start_info_write(const struct guest_mem *mem, const struct boot_facts *facts);

/* Writes the tables for an entry of this kind: descriptors, and for long mode page tables
 * that map the first GiB to itself. Guest memory is at least BOOT_HIGH_RAM. */
void boot_tables_write(const struct guest_mem *mem, enum kernel_entry entry);

#endif
