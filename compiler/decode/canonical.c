/* Type equivalence: core spec 3.0, sections 2.3.11 (rolling) and 3.3. Two recursion
 * groups are equal when they have equal types in the same order, where references within
 * a group count by their place in it and all others by what they refer to. Going from
 * the first group to the last, the latter are canonical already, so one comparison need
 * not go deeper than the group; a balanced tree of all groups so far finds the equal one.
 * That bounds the work for hostile modules, which a hash table would not. */
#include <search.h>
#include <stdlib.h>

#include "decode/decoder.h"

/* Beyond all type indices. */
#define WITHIN_GROUP 0x10000000u
#define UNKNOWN_TYPE 0x08000000u /* for the validator to refuse; anything goes here */

/* The tree's keys are the first types of groups; all lie in one array. */
struct group {
	const struct wasm_comptype *types; /* the module's, from index 0 */
	uint32_t start, size;
};

static struct group group_at(const struct wasm_comptype *first)
{
	return (struct group){ first - first->group_start, first->group_start, first->group_size };
}

static uint32_t rolled_index(const struct group *group, uint32_t index)
{
	if (index == WASM_NO_TYPE)
		return index;
	if (index < group->start)
		return group->types[index].canonical;
	if (index - group->start < group->size)
		return WITHIN_GROUP | (index - group->start);
	return UNKNOWN_TYPE | index;
}

static wasm_valtype rolled_type(const struct group *group, wasm_valtype type)
{
	if (!wasm_is_ref(type) || !wasm_heap_is_index(wasm_heap_of(type)))
		return type;
	return (type & ~WASM_HEAP_MASK) | rolled_index(group, wasm_heap_of(type));
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_lists(const struct group *x, const wasm_valtype *a, uint32_t a_count,
			 const struct group *y, const wasm_valtype *b, uint32_t b_count)
{
	int order = compare_numbers(a_count, b_count);

	for (uint32_t i = 0; i < a_count && !order; i++)
		order = compare_numbers(rolled_type(x, a[i]), rolled_type(y, b[i]));
	return order;
}

static int compare_fields(const struct group *x, const struct wasm_field *a, uint32_t a_count,
			  const struct group *y, const struct wasm_field *b, uint32_t b_count)
{
	int order = compare_numbers(a_count, b_count);

	for (uint32_t i = 0; i < a_count && !order; i++) {
		order = compare_numbers(a[i].mutable_, b[i].mutable_);
		if (!order)
			order = compare_numbers(rolled_type(x, a[i].type),
						rolled_type(y, b[i].type));
	}
	return order;
}

static int compare_types(const struct group *x, const struct wasm_comptype *a,
			 const struct group *y, const struct wasm_comptype *b)
{
	int order = compare_numbers(a->kind, b->kind);

	if (!order)
		order = compare_numbers(a->final, b->final);
	if (!order)
		order = compare_numbers(rolled_index(x, a->supertype),
					rolled_index(y, b->supertype));
	if (order)
		return order;
	switch (a->kind) {
	case WASM_COMP_FUNC:
		order = compare_lists(x, a->func.params, a->func.param_count, y, b->func.params,
				      b->func.param_count);
		return order ? order
			     : compare_lists(x, a->func.results, a->func.result_count, y,
					     b->func.results, b->func.result_count);
	case WASM_COMP_STRUCT:
		return compare_fields(x, a->structure.fields, a->structure.field_count, y,
				      b->structure.fields, b->structure.field_count);
	case WASM_COMP_ARRAY:
		return compare_fields(x, &a->array, 1, y, &b->array, 1);
	}
	__builtin_unreachable();
}

static int compare_groups(const void *a, const void *b)
{
	struct group x = group_at(a), y = group_at(b);
	int order = compare_numbers(x.size, y.size);

	for (uint32_t i = 0; i < x.size && !order; i++)
		order = compare_types(&x, &x.types[x.start + i], &y, &y.types[y.start + i]);
	return order;
}

static void keep(void *key)
{
	(void)key; /* keys are the module's */
}

int decode_canonical_types(struct decoder *decoder)
{
	struct wasm_module *module = decoder->module;
	void *tree = NULL;
	int result = 0;

	for (uint32_t start = 0; start < module->type_count && !result;
	     start += module->types[start].group_size) {
		struct wasm_comptype *types = &module->types[start];
		struct wasm_comptype **found = tsearch(types, &tree, compare_groups);

		if (!found) {
			result = walnut_error_set(decoder->error, WALNUT_ERROR_SYSTEM, NULL,
						  WALNUT_NO_FUNCTION, 0,
						  "out of memory while decoding");
			break;
		}
		for (uint32_t i = 0; i < types->group_size; i++)
			types[i].canonical = (*found)->group_start + i;
	}
	tdestroy(tree, keep);
	return result;
}
