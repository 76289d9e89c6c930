/* The guest's RAM as the host sees it: at most two regions, below and above the
 * 32-bit device gap. Everything that follows an address from the guest goes through
 * guest_mem_range(). */
#ifndef WALNUT_VMM_GUEST_MEM_H
#define WALNUT_VMM_GUEST_MEM_H

#include <stddef.h>
#include <stdint.h>

#define GUEST_MEM_GAP_START 0xd0000000ull
#define GUEST_MEM_GAP_END 0x100000000ull
#define GUEST_MEM_REGIONS 2

struct failure;

struct guest_region {
	uint64_t gpa;
	uint64_t size;
	uint8_t *hva;
};

struct guest_mem {
	struct guest_region regions[GUEST_MEM_REGIONS];
	unsigned count;
};

/* Reserves address space for `size` bytes of RAM (page aligned); pages come into
 * being when first touched. */
int guest_mem_create(struct guest_mem *mem, uint64_t size, struct failure *failure);

/* Accepts a zeroed or half-built object. */
void guest_mem_destroy(struct guest_mem *mem);

/* Host address of [gpa, gpa + size), or NULL unless all of it is RAM of one region.
 * The guest may write there at any time: read each value once. */
void *guest_mem_range(const struct guest_mem *mem, uint64_t gpa, uint64_t size);

#endif
