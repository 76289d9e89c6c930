/* Blocks and cells; see heap.h. */
#include "gc/heap.h"

#include "lib/string.h"

#define GROWTH_MIN (64 * (uint64_t)GC_BLOCK_SIZE)

/* Sizes up to 128 in steps of 16, then four steps from each power of two to the next. */
static unsigned class_of(uint32_t size)
{
	unsigned power;

	if (size <= 128)
		return (size + 15) / 16 - 1;
	power = 31 - (unsigned)__builtin_clz(size - 1);
	return 8 + (power - 7) * 4 + ((size - 1) >> (power - 2)) - 4;
}

static uint32_t class_size(unsigned class)
{
	if (class < 8)
		return (class + 1) * 16;
	return (5 + (class - 8) % 4) << ((class - 8) / 4 + 5);
}

void gc_heap_init(struct gc_heap *heap, void *base, void *blocks, uint32_t block_max,
		  gc_back_fn *back)
{
	memset(heap, 0, sizeof(*heap));
	heap->base = base;
	heap->blocks = blocks;
	heap->block_max = block_max;
	heap->back = back;
}

static uint8_t *block_memory(const struct gc_heap *heap, uint32_t block)
{
	return heap->base + (uint64_t)block * GC_BLOCK_SIZE;
}

static bool is_free(const struct gc_block *block)
{
	return !block->cell_size && !block->behind;
}

/* The first of `count` free blocks side by side; block_count: there are none. */
static uint32_t find_blocks(struct gc_heap *heap, uint32_t count)
{
	uint32_t run = 0, at = heap->search_from;

	while (at < heap->block_count && !is_free(&heap->blocks[at]))
		at++;
	heap->search_from = at;
	for (; at < heap->block_count && run < count; at++)
		run = is_free(&heap->blocks[at]) ? run + 1 : 0;
	return run == count ? at - count : heap->block_count;
}

static void *take_large(struct gc_heap *heap, uint64_t size)
{
	uint32_t count, first;

	if (size > (uint64_t)heap->block_count * GC_BLOCK_SIZE)
		return NULL;
	count = (uint32_t)((size + GC_BLOCK_SIZE - 1) / GC_BLOCK_SIZE);
	first = find_blocks(heap, count);
	if (first == heap->block_count)
		return NULL;
	heap->blocks[first] = (struct gc_block){ .cell_size = UINT32_MAX, .span = count };
	for (uint32_t i = 1; i < count; i++)
		heap->blocks[first + i] = (struct gc_block){ .behind = i };
	heap->allocated += (uint64_t)count * GC_BLOCK_SIZE;
	return memset(block_memory(heap, first), 0, size);
}

/* Puts the cells of a block that are no objects on their free list. */
static void free_cells(struct gc_heap *heap, uint32_t block)
{
	uint32_t size = heap->blocks[block].cell_size, count = GC_BLOCK_SIZE / size;
	void **list = &heap->free_cells[class_of(size)];
	uint8_t *memory = block_memory(heap, block);

	for (uint32_t i = count; i-- > 0;) {
		void **cell = (void **)(memory + i * size);

		if (!cell[0]) {
			cell[1] = *list;
			*list = cell;
		}
	}
}

static bool add_cells(struct gc_heap *heap, unsigned class)
{
	uint32_t block = find_blocks(heap, 1), size = class_size(class);

	if (block == heap->block_count)
		return false;
	heap->blocks[block] = (struct gc_block){
		.cell_size = size,
		.inverse = (uint32_t)((UINT64_C(1) << 32) / size + 1),
		.span = 1,
	};
	memset(block_memory(heap, block), 0, GC_BLOCK_SIZE);
	free_cells(heap, block);
	return true;
}

void *gc_heap_take(struct gc_heap *heap, uint64_t size)
{
	unsigned class;
	void **cell;

	if (size > GC_SMALL_MAX)
		return take_large(heap, size);
	class = class_of(size ? (uint32_t)size : 1);
	if (!heap->free_cells[class] && !add_cells(heap, class))
		return NULL;
	cell = heap->free_cells[class];
	heap->free_cells[class] = cell[1];
	heap->allocated += class_size(class);
	return memset(cell, 0, class_size(class));
}

bool gc_heap_grow(struct gc_heap *heap, uint64_t size)
{
	uint64_t room = heap->block_max - heap->block_count;
	uint64_t count;

	if (!room || size > room * GC_BLOCK_SIZE)
		return false;
	if (size < GROWTH_MIN)
		size = GROWTH_MIN;
	count = (size + GC_BLOCK_SIZE - 1) / GC_BLOCK_SIZE;
	if (count > room)
		count = room;
	if (!heap->back(&heap->blocks[heap->block_count], count * sizeof(*heap->blocks)) ||
	    !heap->back(block_memory(heap, heap->block_count), count * GC_BLOCK_SIZE))
		return false;
	heap->block_count += (uint32_t)count;
	return true;
}

/* The cell that holds an address in a block of cells. */
static uint32_t cell_index(const struct gc_block *block, uint32_t offset)
{
	return (uint32_t)((uint64_t)offset * block->inverse >> 32);
}

void *gc_heap_object(const struct gc_heap *heap, uint64_t address)
{
	uint64_t offset = address - (uint64_t)heap->base;
	uint32_t number = (uint32_t)(offset / GC_BLOCK_SIZE), cell = 0;
	const struct gc_block *block;
	void **object;

	if (address < (uint64_t)heap->base || offset / GC_BLOCK_SIZE >= heap->block_count)
		return NULL;
	number -= heap->blocks[number].behind;
	block = &heap->blocks[number];
	if (is_free(block))
		return NULL;
	object = (void **)block_memory(heap, number);
	if (block->inverse) {
		cell = cell_index(block, (uint32_t)(offset % GC_BLOCK_SIZE));
		if (cell >= GC_BLOCK_SIZE / block->cell_size)
			return NULL;
		object = (void **)((uint8_t *)object + (uint64_t)cell * block->cell_size);
	}
	return *object ? object : NULL;
}

bool gc_heap_mark(struct gc_heap *heap, void *object)
{
	uint64_t offset = (uint64_t)((uint8_t *)object - heap->base);
	struct gc_block *block = &heap->blocks[offset / GC_BLOCK_SIZE];
	uint32_t cell = block->inverse ? cell_index(block, (uint32_t)(offset % GC_BLOCK_SIZE)) : 0;
	uint64_t bit = UINT64_C(1) << cell % 64;

	if (block->marks[cell / 64] & bit)
		return false;
	block->marks[cell / 64] |= bit;
	return true;
}

static bool is_marked(const struct gc_block *block, uint32_t cell)
{
	return block->marks[cell / 64] >> cell % 64 & 1;
}

static uint32_t cells_in(const struct gc_block *block)
{
	return block->inverse ? GC_BLOCK_SIZE / block->cell_size : 1;
}

void gc_heap_each_marked(struct gc_heap *heap, void (*visit)(void *object, void *opaque),
			 void *opaque)
{
	for (uint32_t i = 0; i < heap->block_count; i++) {
		const struct gc_block *block = &heap->blocks[i];

		if (!block->cell_size)
			continue;
		for (uint32_t cell = 0; cell < cells_in(block); cell++) {
			if (is_marked(block, cell))
				visit(block_memory(heap, i) + (uint64_t)cell * block->cell_size, opaque);
		}
	}
}

static void release(struct gc_heap *heap, uint32_t first)
{
	uint32_t span = heap->blocks[first].span;

	for (uint32_t i = 0; i < span; i++)
		heap->blocks[first + i] = (struct gc_block){ 0 };
	if (first < heap->search_from)
		heap->search_from = first;
}

static void sweep_block(struct gc_heap *heap, uint32_t number)
{
	struct gc_block *block = &heap->blocks[number];
	uint32_t kept = 0;

	for (uint32_t cell = 0; cell < cells_in(block); cell++) {
		if (is_marked(block, cell))
			kept++;
		else
			*(void **)(block_memory(heap, number) + (uint64_t)cell * block->cell_size) = NULL;
	}
	if (!kept) {
		release(heap, number);
		return;
	}
	memset(block->marks, 0, sizeof(block->marks));
	if (block->inverse) {
		heap->live += (uint64_t)kept * block->cell_size;
		free_cells(heap, number);
	} else {
		heap->live += (uint64_t)block->span * GC_BLOCK_SIZE;
	}
}

void gc_heap_sweep(struct gc_heap *heap)
{
	heap->live = 0;
	heap->allocated = 0;
	memset(heap->free_cells, 0, sizeof(heap->free_cells));
	for (uint32_t i = 0; i < heap->block_count; i++) {
		if (heap->blocks[i].cell_size)
			sweep_block(heap, i);
	}
}
