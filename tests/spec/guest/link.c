/* Import matching: core spec 3.0, section 4.5.3. An object's imports are bound by
 * the linker, which knows nothing of types; the driver compares them before it
 * instantiates a module. */
#include "driver.h"
#include "gc.h"

/* Descriptors of equal types have one address. What the driver provides itself (it has no
 * thunk to be invoked by) has descriptors of its own, compared by their letters. */
static bool functype_matches(const struct walnut_functype *wanted,
			     const struct walnut_export *provider)
{
	const struct walnut_functype *given = provider->type.func;

	if (!provider->invoke)
		return strings_equal(wanted->params, given->params) &&
		       strings_equal(wanted->results, given->results);
	return given == wanted || (given->subtyping.depth > wanted->subtyping.depth &&
				   given->subtyping.ancestors[wanted->subtyping.depth] == wanted);
}

/* --- reference types: section 3.3.4 ------------------------------------------ */

enum { NOEXN = 0x74, NOFUNC = 0x73, NOEXTERN = 0x72, NONE = 0x71, FUNC = 0x70, EXTERN = 0x6f,
       ANY = 0x6e, EQ = 0x6d, I31 = 0x6c, STRUCT = 0x6b, ARRAY = 0x6a, EXN = 0x69 };

static bool same_type(const struct walnut_externtype *a, const struct walnut_externtype *b)
{
	return a->value_type == b->value_type && a->nullable == b->nullable && a->heap == b->heap &&
	       a->heap_type == b->heap_type;
}

static bool is_bottom(uint8_t heap)
{
	return heap == NONE || heap == NOFUNC || heap == NOEXTERN || heap == NOEXN;
}

/* The abstract type right above a type with a descriptor. */
static uint8_t kind_of(const struct walnut_externtype *type)
{
	if (type->value_type == WALNUT_FUNCREF)
		return FUNC;
	return ((const struct walnut_heaptype *)type->heap_type)->kind == WALNUT_HEAP_STRUCT ? STRUCT : ARRAY;
}

/* Both of one hierarchy. */
static bool abstract_matches(uint8_t given, uint8_t wanted)
{
	if (given == wanted || is_bottom(given))
		return true;
	if (wanted == EQ)
		return given == I31 || given == STRUCT || given == ARRAY;
	return wanted == ANY;
}

static bool heap_matches(const struct walnut_externtype *given, const struct walnut_externtype *wanted)
{
	const struct walnut_subtyping *below, *above;

	if (wanted->heap)
		return abstract_matches(given->heap ? given->heap : kind_of(given), wanted->heap);
	if (given->heap)
		return is_bottom(given->heap);
	/* The same place in both kinds of descriptor. */
	below = &((const struct walnut_heaptype *)given->heap_type)->subtyping;
	above = &((const struct walnut_heaptype *)wanted->heap_type)->subtyping;
	return given->heap_type == wanted->heap_type ||
	       (below->depth > above->depth && below->ancestors[above->depth] == wanted->heap_type);
}

static bool value_matches(const struct walnut_externtype *given, const struct walnut_externtype *wanted)
{
	if (given->value_type != wanted->value_type)
		return false;
	if (!wanted->heap && !wanted->heap_type) /* no reference */
		return true;
	return (wanted->nullable || !given->nullable) && heap_matches(given, wanted);
}

/* Sizes are those that the provider has now, after it may have grown. */
static bool limits_match(const struct walnut_externtype *wanted, uint64_t size, uint64_t max)
{
	if (size < wanted->min)
		return false;
	return wanted->max == WALNUT_NO_MAXIMUM || max <= wanted->max;
}

bool import_matches(const struct walnut_import *import, const struct walnut_export *provider)
{
	const struct walnut_externtype *wanted = &import->type, *given = &provider->type;
	const struct walnut_table *table = provider->address;
	const struct walnut_memory *memory = provider->address;

	if (wanted->kind != given->kind)
		return false;
	switch (wanted->kind) {
	case WALNUT_EXTERN_FUNC:
		return functype_matches(wanted->func, provider);
	case WALNUT_EXTERN_TABLE:
		return same_type(given, wanted) && wanted->flags == given->flags &&
		       limits_match(wanted, table->size, table->max_size);
	case WALNUT_EXTERN_MEMORY:
		return !((wanted->flags ^ memory->flags) & (WALNUT_MEMORY_64 | WALNUT_MEMORY_SHARED)) &&
		       limits_match(wanted, memory->pages, memory->max_pages);
	case WALNUT_EXTERN_GLOBAL:
		if (wanted->mutable_ != given->mutable_)
			return false;
		return wanted->mutable_ ? same_type(given, wanted) : value_matches(given, wanted);
	case WALNUT_EXTERN_TAG:
		return wanted->func == given->func;
	}
	return false;
}
