/* Multiboot 0.6.96: what a loader looks for in a file, and what it tells. */
#ifndef WALNUT_ABI_MULTIBOOT_H
#define WALNUT_ABI_MULTIBOOT_H

#include <stddef.h>
#include <stdint.h>

#define MULTIBOOT_HEADER_MAGIC 0x1badb002u
#define MULTIBOOT_BOOT_MAGIC 0x2badb002u /* EAX */

#define MULTIBOOT_HEADER_PAGE_ALIGN 0x00000001u
#define MULTIBOOT_HEADER_MEMORY_INFO 0x00000002u
#define MULTIBOOT_HEADER_ADDRESSES 0x00010000u

/* The first 8 KiB of the file have it, at a multiple of 4. */
struct multiboot_header {
	uint32_t magic;
	uint32_t flags;
	uint32_t checksum; /* with the two before: 0 */
	uint32_t header_addr;
	uint32_t load_addr;
	uint32_t load_end_addr;
	uint32_t bss_end_addr;
	uint32_t entry_addr;
};

#define MULTIBOOT_INFO_CMDLINE 0x004u
#define MULTIBOOT_INFO_MODULES 0x008u
#define MULTIBOOT_INFO_MEMORY_MAP 0x040u

struct multiboot_info {
	uint32_t flags;
	uint32_t mem_lower, mem_upper;
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count, mods_addr;
	uint32_t symbols[4];
	uint32_t mmap_length, mmap_addr;
};

struct multiboot_module {
	uint32_t start, end;
	uint32_t string;
	uint32_t reserved;
};

struct multiboot_memory {
	uint32_t size; /* of what follows */
	uint64_t address;
	uint64_t length;
	uint32_t type; /* 1: RAM */
} __attribute__((packed));

_Static_assert(sizeof(struct multiboot_header) == 32, "header");
_Static_assert(offsetof(struct multiboot_info, mmap_addr) == 48, "information");
_Static_assert(sizeof(struct multiboot_memory) == 24, "memory map");

#endif
