/* Marking: follows references from roots through the objects of a heap. */
#ifndef WALNUT_RUNTIME_GC_MARK_H
#define WALNUT_RUNTIME_GC_MARK_H

#include <stdint.h>

#include "gc/heap.h"

/* What is marked and not yet looked into. When it is full, what comes is marked only,
 * and the heap is searched for it afterwards. */
struct gc_marker {
	struct gc_heap *heap;
	void **stack;
	uint32_t depth, capacity;
	bool overflowed;
};

/* Words that may be addresses into objects; [start, end) is 8-byte aligned. */
void gc_mark_range(struct gc_marker *marker, const uint64_t *start, const uint64_t *end);

/* Marks all that is reachable from what is marked. */
void gc_mark_finish(struct gc_marker *marker);

#endif
