/* Which RAM is handed out. Nothing is ever given back: linear memories only grow,
 * and the machine ends with the program. RAM is handed out from both ends, 2 MiB
 * frames for linear memory from the bottom of the biggest range, so that they come
 * out contiguous, everything else from small leftovers and from the top. Never
 * touches the RAM itself: the host reserves what the guest touches. */
#ifndef WALNUT_RUNTIME_PAGES_H
#define WALNUT_RUNTIME_PAGES_H

#include <stdint.h>

#include "nucleus/nucleus.h"

#define PAGE_SIZE UINT64_C(0x1000)
#define FRAME_SIZE UINT64_C(0x200000)
#define PAGES_NONE UINT64_MAX
#define PAGES_RANGES_MAX (2 * NUCLEUS_RAM_MAX)

struct pages_range {
	uint64_t low, high; /* what is left of it */
};

struct pages {
	struct pages_range ranges[PAGES_RANGES_MAX]; /* the biggest one first */
	uint32_t count;
	uint64_t total;	     /* bytes at the start */
	uint64_t handed_out; /* bytes */
};

/* Hands out `ram` but for the pages of the `kept` ranges, in any order. */
void pages_init(struct pages *pages, const struct nucleus_range *ram, uint32_t ram_count,
		const struct nucleus_range *kept, uint32_t kept_count);

/* The physical address of a 2 MiB frame, or PAGES_NONE. */
uint64_t pages_take_frame(struct pages *pages);

/* `size` contiguous bytes, a multiple of PAGE_SIZE, aligned to `align`, a power of
 * two of at least PAGE_SIZE; or PAGES_NONE. */
uint64_t pages_take(struct pages *pages, uint64_t size, uint64_t align);

/* How many frames are left, and how many bytes, for whoever takes single pages. What
 * alignment cost is neither left nor handed out. */
uint64_t pages_frames_left(const struct pages *pages);
uint64_t pages_left(const struct pages *pages);

#endif
