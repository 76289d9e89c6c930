/* Marking; see mark.h. Roots are looked at word by word, objects by their types. */
#include "gc/mark.h"

#include "gc.h"

static void mark_word(struct gc_marker *marker, uint64_t word)
{
	void *object = gc_heap_object(marker->heap, word);

	if (!object || !gc_heap_mark(marker->heap, object))
		return;
	if (marker->depth == marker->capacity)
		marker->overflowed = true;
	else
		marker->stack[marker->depth++] = object;
}

void gc_mark_range(struct gc_marker *marker, const uint64_t *start, const uint64_t *end)
{
	for (; start < end; start++)
		mark_word(marker, *start);
}

static void mark_struct(struct gc_marker *marker, const struct walnut_heaptype *type,
			const uint8_t *object)
{
	for (const uint32_t *offset = type->references; *offset != WALNUT_NO_REFERENCES; offset++)
		mark_word(marker, *(const uint64_t *)(object + *offset));
}

static void look_into(void *object, void *opaque)
{
	const struct walnut_heaptype *type = ((const struct walnut_object *)object)->type;
	const struct walnut_array *array = object;
	struct gc_marker *marker = opaque;
	const uint64_t *elements;

	if (type->kind == WALNUT_HEAP_STRUCT) {
		mark_struct(marker, type, object);
	} else if (type->references[0] != WALNUT_NO_REFERENCES) {
		elements = (const uint64_t *)((const uint8_t *)object + WALNUT_ARRAY_ELEMENTS);
		gc_mark_range(marker, elements, elements + array->length);
	}
}

static void drain(struct gc_marker *marker)
{
	while (marker->depth)
		look_into(marker->stack[--marker->depth], marker);
}

/* After an overflow, what was marked without being looked into is somewhere in the
 * heap: look into everything marked once more. */
static void look_into_and_drain(void *object, void *opaque)
{
	look_into(object, opaque);
	drain(opaque);
}

void gc_mark_finish(struct gc_marker *marker)
{
	drain(marker);
	while (marker->overflowed) {
		marker->overflowed = false;
		gc_heap_each_marked(marker->heap, look_into_and_drain, marker);
	}
}
