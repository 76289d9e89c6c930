/* The garbage-collected heap's memory: blocks of cells of one size each, and runs of
 * blocks for what is larger. Knows which cells are objects and which are marked, not
 * what refers to what (collect.c). Pure: the caller gives address space and backs it.
 *
 * A cell is free exactly when its first word is zero: objects begin with their type. */
#ifndef WALNUT_RUNTIME_GC_HEAP_H
#define WALNUT_RUNTIME_GC_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GC_BLOCK_SIZE 32768u
#define GC_CELL_MIN 16u
#define GC_SMALL_MAX 8192u /* what is larger gets whole blocks */
#define GC_CLASSES 32
#define GC_MARK_WORDS (GC_BLOCK_SIZE / GC_CELL_MIN / 64)

struct gc_block {
	uint32_t cell_size; /* 0: free, or a later block of a large object */
	uint32_t inverse;   /* 2^32 / cell_size, rounded up */
	uint32_t span;	    /* blocks of a large object; 1: cells */
	uint32_t behind;    /* how many blocks behind its first; first blocks: 0 */
	uint64_t marks[GC_MARK_WORDS]; /* by cell */
};

/* Makes [address, address + size) usable and zero; false: no memory. */
typedef bool gc_back_fn(void *address, uint64_t size);

struct gc_heap {
	uint8_t *base;
	struct gc_block *blocks;
	uint32_t block_count; /* backed */
	uint32_t block_max;
	uint32_t search_from; /* no free block lies before */
	gc_back_fn *back;
	void *free_cells[GC_CLASSES];
	uint64_t allocated; /* bytes since the last sweep */
	uint64_t live;	    /* bytes that the last sweep kept */
};

/* `base` is address space for `block_max` blocks, `blocks` for as many descriptions;
 * neither is backed yet. */
void gc_heap_init(struct gc_heap *heap, void *base, void *blocks, uint32_t block_max,
		  gc_back_fn *back);

/* A zeroed cell of at least `size` bytes from what is free; NULL: nothing fits. */
void *gc_heap_take(struct gc_heap *heap, uint64_t size);

/* Backs at least `size` bytes more. False: no memory or no address space. */
bool gc_heap_grow(struct gc_heap *heap, uint64_t size);

/* The object that holds this address; NULL: none does. */
void *gc_heap_object(const struct gc_heap *heap, uint64_t address);

/* Marks an object that gc_heap_object() found. False: it was marked already. */
bool gc_heap_mark(struct gc_heap *heap, void *object);

/* Calls visit() for each marked object. */
void gc_heap_each_marked(struct gc_heap *heap, void (*visit)(void *object, void *opaque),
			 void *opaque);

/* Frees what is not marked, and unmarks the rest. */
void gc_heap_sweep(struct gc_heap *heap);

#endif
