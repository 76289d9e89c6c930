/* The garbage collector; see collect.h. Linked into an image only when its program
 * allocates objects. */
#include "gc/collect.h"

#include "app_object.h"
#include "exit.h"
#include "gc.h"
#include "gc/heap.h"
#include "gc/mark.h"
#include "mem/space.h"
#include "mem/table.h"
#include "stack.h"
#include "try.h"

/* A collection begins when as much was allocated as the last one kept, but not for
 * less than this. */
#define PACE_MIN (UINT64_C(8) << 20)
#define MARK_STACK 8192

/* Address space that is backed from its start as far as needed. */
struct region {
	uint64_t start, size, backed;
};

extern const uint64_t walnut_data_start[], walnut_data_end[]; /* walnut.ld */

static struct gc_heap heap;
static struct region objects, descriptions;
static void **mark_stack; /* not in the image's data, which is looked through for roots */
static uint64_t collections;

static bool reserve(struct region *region, uint64_t size)
{
	region->start = (uint64_t)space_reserve(size);
	region->size = size;
	return region->start;
}

static bool back_region(struct region *region, uint64_t end)
{
	uint64_t wanted = (end - region->start + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);

	if (wanted <= region->backed)
		return true;
	if (!space_back(region->start + region->backed, wanted - region->backed))
		return false;
	region->backed = wanted;
	return true;
}

static bool back(void *address, uint64_t size)
{
	uint64_t start = (uint64_t)address;
	bool is_object = start >= objects.start && start < objects.start + objects.size;

	return back_region(is_object ? &objects : &descriptions, start + size);
}

static bool start(void)
{
	uint64_t blocks = space_ram_total() / GC_BLOCK_SIZE;

	if (heap.block_max)
		return true;
	if (!reserve(&objects, blocks * GC_BLOCK_SIZE) ||
	    !reserve(&descriptions, blocks * sizeof(struct gc_block)))
		return false;
	mark_stack = space_allocate(MARK_STACK * sizeof(*mark_stack));
	if (!mark_stack)
		return false;
	gc_heap_init(&heap, (void *)objects.start, (void *)descriptions.start, (uint32_t)blocks, back);
	return true;
}

static void mark_table(const struct walnut_table *table, void *opaque)
{
	if (table->type != WALNUT_FUNCREF)
		gc_mark_range(opaque, table->elements, table->elements + table->size);
}

/* Registers that a caller may keep a reference in are on the stack when this runs:
 * __builtin_unwind_init() in collect(). */
static __attribute__((noinline)) void mark_stack_from_here(struct gc_marker *marker)
{
	const uint64_t *here = __builtin_frame_address(0);

	gc_mark_range(marker, here, (const uint64_t *)stack_top());
}

static __attribute__((noinline)) void collect(void)
{
	struct gc_marker marker = { .heap = &heap, .stack = mark_stack, .capacity = MARK_STACK };

	__builtin_unwind_init();
	mark_stack_from_here(&marker);
	gc_mark_range(&marker, walnut_data_start, walnut_data_end);
	table_each(mark_table, &marker);
	gc_mark_finish(&marker);
	gc_heap_sweep(&heap);
	collections++;
}

struct gc_figures gc_figures(void)
{
	return (struct gc_figures){ .collections = collections, .live = heap.live };
}

static bool is_time(void)
{
	return heap.allocated > (heap.live > PACE_MIN ? heap.live : PACE_MIN);
}

static void *take(uint64_t size)
{
	void *cell;

	if (!start())
		return NULL;
	if (is_time())
		collect();
	cell = gc_heap_take(&heap, size);
	if (!cell && gc_heap_grow(&heap, size))
		cell = gc_heap_take(&heap, size);
	if (!cell) {
		collect();
		cell = gc_heap_take(&heap, size);
	}
	return cell;
}

void *walnut_gc_new(const struct walnut_heaptype *type, uint64_t size)
{
	struct walnut_object *object = take(size);

	if (!object)
		walnut_trap(WALNUT_TRAP_OUT_OF_MEMORY);
	object->type = type;
	return object;
}
