/* ELF kernels: a Walnut image, a Linux vmlinux, or whatever starts by the PVH protocol. */
#ifndef WALNUT_VMM_BOOT_ELF_H
#define WALNUT_VMM_BOOT_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

struct guest_mem;
struct image_file;

#define ELF_PHDRS_MAX 64

/* What the headers and notes say. */
struct elf {
	uint64_t entry;
	uint64_t pvh_entry; /* 32-bit code; 0: no such note */
	bool walnut;	    /* has the note of abi/app_note.h */
	bool is_32_bit;
	unsigned count;
	Elf64_Phdr phdrs[ELF_PHDRS_MAX]; /* a 32-bit file's too */
};

struct elf_image {
	uint64_t entry; /* guest-physical address */
	uint64_t start; /* guest-physical range that segments take up */
	uint64_t end;
	uint64_t virtual_offset; /* a segment's virtual address less its physical one */
};

/* Whether the first four bytes are an ELF file's. */
bool elf_recognise(const uint8_t magic[4]);

/* Reads headers and notes. */
int elf_open(const struct image_file *file, struct elf *elf);

/* Puts the PT_LOAD segments at their physical addresses, in guest memory that is still
 * untouched, so that what lies beyond a segment's file bytes is zero. With `map`, large
 * page-aligned segments become private mappings of the file, for files that nobody makes
 * shorter: pages that the guest never touches are never read. */
int elf_load(const struct image_file *file, const struct elf *elf, const struct guest_mem *mem, bool map,
	     struct elf_image *image);

#endif
