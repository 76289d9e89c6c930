/* The initial RAM file system: a file put into guest memory as it is. */
#ifndef WALNUT_VMM_BOOT_INITRD_H
#define WALNUT_VMM_BOOT_INITRD_H

#include <stdint.h>

struct failure;
struct guest_mem;

struct initrd {
	uint64_t gpa;
	uint64_t size; /* 0: none */
};

/* Loads the file to the highest page-aligned place below the device gap that ends at or
 * before `max` and lies behind `kernel_end`. */
int initrd_load(const char *path, const struct guest_mem *mem, uint64_t kernel_end, uint64_t max,
		struct initrd *initrd, struct failure *failure);

/* Where `size` bytes would go, or 0. */
uint64_t initrd_place(const struct guest_mem *mem, uint64_t kernel_end, uint64_t max, uint64_t size);

#endif
