/* A bump allocator over a list of chunks. */
#include "wasm/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#define CHUNK_SIZE ((size_t)64 * 1024)

struct chunk {
	struct chunk *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

struct wasm_arena {
	struct chunk *chunks; /* the newest first */
};

struct wasm_arena *wasm_arena_new(void)
{
	return calloc(1, sizeof(struct wasm_arena));
}

void wasm_arena_free(struct wasm_arena *arena)
{
	if (!arena)
		return;
	while (arena->chunks) {
		struct chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
	free(arena);
}

void *wasm_arena_alloc(struct wasm_arena *arena, size_t count, size_t size)
{
	struct chunk *chunk = arena->chunks;
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!chunk || chunk->size - chunk->used < bytes) {
		size_t chunk_size = bytes > CHUNK_SIZE ? bytes : CHUNK_SIZE;

		/* calloc: large chunks come as fresh pages, untouched until used. */
		chunk = calloc(1, sizeof(*chunk) + chunk_size);
		if (!chunk)
			return NULL;
		chunk->size = chunk_size;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	void *result = chunk->data + chunk->used;

	chunk->used += bytes;
	return result;
}
