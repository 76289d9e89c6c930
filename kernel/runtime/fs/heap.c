/* File systems' memory: free lists by power of two, filled from runs of fresh pages; see
 * heap.h. A page-sized piece is page aligned, so that devices can be given it. */
#include "fs/heap.h"

#include <stdbool.h>
#include <stdint.h>

#include "mem/space.h"

#define SMALLEST_SHIFT 5
#define CLASSES 16
#define RUN_MIN (UINT64_C(64) << 10)
#define RUN_MAX FRAME_SIZE

_Static_assert(1u << (SMALLEST_SHIFT + CLASSES - 1) == FS_ALLOCATION_MAX, "classes");

struct piece {
	struct piece *next;
};

static struct piece *free_pieces[CLASSES];
static uint64_t fresh, fresh_end; /* addresses: what is left of the last run */
static uint64_t run_size = RUN_MIN;

static unsigned class_of(size_t size)
{
	unsigned class = 0;

	while (((size_t)1 << (SMALLEST_SHIFT + class)) < size)
		class++;
	return class;
}

static void give(uint64_t address, unsigned class)
{
	struct piece *piece = (struct piece *)address;

	piece->next = free_pieces[class];
	free_pieces[class] = piece;
}

/* What is fresh up to `end` becomes free pieces, each as large as its place allows. */
static void give_up_to(uint64_t end)
{
	while (fresh < end) {
		unsigned class = (unsigned)__builtin_ctzll(fresh) - SMALLEST_SHIFT;

		if (class >= CLASSES)
			class = CLASSES - 1;
		while (UINT64_C(1) << (SMALLEST_SHIFT + class) > end - fresh)
			class--;
		give(fresh, class);
		fresh += UINT64_C(1) << (SMALLEST_SHIFT + class);
	}
}

static bool new_run(uint64_t need)
{
	uint64_t size = run_size > need ? run_size : need;
	uint64_t address;

	/* Runs grow, so that few pages are taken for a few files and few calls made for many;
	 * near the end of RAM they shrink again. */
	while (size > need && size > space_ram_left())
		size /= 2;
	if (size > space_ram_left())
		return false;
	address = (uint64_t)space_reserve(size);
	if (!address || !space_back(address, size))
		return false;
	give_up_to(fresh_end);
	fresh = address;
	fresh_end = address + size;
	if (run_size < RUN_MAX)
		run_size *= 2;
	return true;
}

void *fs_allocate(size_t size)
{
	unsigned class = class_of(size ? size : 1);
	uint64_t piece_size = UINT64_C(1) << (SMALLEST_SHIFT + class);
	uint64_t align = piece_size < PAGE_SIZE ? piece_size : PAGE_SIZE, at;
	struct piece *piece;

	if (size > FS_ALLOCATION_MAX)
		return NULL;
	piece = free_pieces[class];
	if (piece) {
		free_pieces[class] = piece->next;
		return piece;
	}
	at = (fresh + align - 1) & ~(align - 1);
	if (at > fresh_end || piece_size > fresh_end - at) {
		if (!new_run(piece_size))
			return NULL;
		at = fresh;
	}
	give_up_to(at);
	fresh = at + piece_size;
	return (void *)at;
}

void fs_free(void *memory, size_t size)
{
	if (memory)
		give((uint64_t)memory, class_of(size ? size : 1));
}
