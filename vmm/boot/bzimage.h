/* Linux's own kernel format: Documentation/arch/x86/boot.rst, protocol 2.10 and later. */
#ifndef WALNUT_VMM_BOOT_BZIMAGE_H
#define WALNUT_VMM_BOOT_BZIMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot_params.h"

struct guest_mem;
struct image_file;

/* So much of a file's beginning tells whether it is one. */
#define BZIMAGE_MAGIC_END 0x206

struct bzimage {
	struct boot_params header; /* the zero page with the file's setup header in it */
	uint64_t kernel_offset;	   /* of the protected-mode part in the file */
	uint64_t kernel_size;
};

bool bzimage_recognise(const uint8_t *beginning, size_t size);

/* Reads and checks the setup header. */
int bzimage_open(const struct image_file *file, struct bzimage *image);

/* Where the kernel is loaded and what it needs behind that address until it has found its
 * own place. */
struct bzimage_place {
	uint64_t start;
	uint64_t end;
	uint64_t entry;
	bool entry_64; /* else the entry is 32-bit code */
};

/* Copies the kernel to its preferred address, or, if it may be moved, to a lower one where
 * there is little memory. */
int bzimage_load(const struct image_file *file, const struct bzimage *image, const struct guest_mem *mem,
		 struct bzimage_place *place);

#endif
