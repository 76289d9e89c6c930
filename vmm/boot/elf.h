/* Loads an ELF64 kernel: a Walnut image or a Linux vmlinux. The file is hostile. */
#ifndef WALNUT_VMM_BOOT_ELF_H
#define WALNUT_VMM_BOOT_ELF_H

#include <stdint.h>

struct failure;
struct guest_mem;

struct elf_image {
	uint64_t entry; /* guest-physical address */
	uint64_t start; /* guest-physical range that segments take up */
	uint64_t end;
	uint64_t virtual_offset; /* a segment's virtual address less its physical one */
};

/* Puts the PT_LOAD segments of the file at their physical addresses, in guest memory
 * that is still untouched, so that what lies beyond a segment's file bytes is zero. Large
 * page-aligned segments become private mappings of the file: pages that the guest
 * never touches are never read. `name` is for messages. */
int elf_load(int fd, const char *name, const struct guest_mem *mem, struct elf_image *image,
	     struct failure *failure);

#endif
