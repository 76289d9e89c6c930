/* Xen's "x86/HVM direct boot" (PVH): the note that names the entry point, and what the loader
 * leaves in memory for it. include/public/arch-x86/hvm/start_info.h has the layout. */
#ifndef WALNUT_ABI_PVH_H
#define WALNUT_ABI_PVH_H

#include <stdint.h>

#define PVH_NOTE_OWNER "Xen" /* with its NUL */
#define PVH_NOTE_ENTRY 18u   /* XEN_ELFNOTE_PHYS32_ENTRY: a 32-bit physical address */

#define PVH_MAGIC 0x336ec578u

struct pvh_start_info {
	uint32_t magic;
	uint32_t version; /* 1: there is a memory map */
	uint32_t flags;
	uint32_t module_count;
	uint64_t modules; /* addresses are guest-physical; 0: absent */
	uint64_t cmdline;
	uint64_t rsdp;
	uint64_t memmap;
	uint32_t memmap_count;
	uint32_t reserved;
};
_Static_assert(sizeof(struct pvh_start_info) == 56, "start_info");

struct pvh_module {
	uint64_t address;
	uint64_t size;
	uint64_t cmdline;
	uint64_t reserved;
};
_Static_assert(sizeof(struct pvh_module) == 32, "module");

/* Types as in an e820 table. */
struct pvh_memmap_entry {
	uint64_t address;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};
_Static_assert(sizeof(struct pvh_memmap_entry) == 24, "memory map");

#endif
