/* kernel/runtime/fs/heap.h on the host's heap, so that the sanitizers see each piece; and what
 * else file systems ask of the kernel. */
#ifndef WALNUT_TESTS_HOST_HEAP_H
#define WALNUT_TESTS_HOST_HEAP_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "clock.h"
#include "fs/heap.h"
#include "mem/space.h"

struct host_piece {
	struct host_piece *next, **link;
	size_t size;
	size_t pad; /* keeps what follows aligned */
};

static struct host_piece *host_pieces;
static uint64_t host_now = 1000;

static void *host_allocate(size_t size)
{
	struct host_piece *piece = malloc(sizeof(*piece) + size);

	assert(piece);
	*piece = (struct host_piece){ .next = host_pieces, .link = &host_pieces, .size = size };
	if (host_pieces)
		host_pieces->link = &piece->next;
	host_pieces = piece;
	return piece + 1;
}

void *fs_allocate(size_t size)
{
	return size <= FS_ALLOCATION_MAX ? host_allocate(size) : NULL;
}

void fs_free(void *memory, size_t size)
{
	struct host_piece *piece = (struct host_piece *)memory - 1;

	if (!memory)
		return;
	assert(piece->size == size);
	*piece->link = piece->next;
	if (piece->next)
		piece->next->link = piece->link;
	free(piece);
}

/* Gives back everything that is still there; returns how many bytes that was. */
static inline size_t host_heap_reset(void)
{
	size_t bytes = 0;

	while (host_pieces) {
		struct host_piece *piece = host_pieces;

		bytes += piece->size;
		host_pieces = piece->next;
		free(piece);
	}
	return bytes;
}

uint64_t clock_realtime_ns(void)
{
	return host_now;
}

#endif
