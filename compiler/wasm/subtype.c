/* Subtyping: core spec 3.0, section 3.3. Types are equal when their canonical indices
 * are; the declared supertypes make a chain of at most WASM_MAX_SUBTYPE_DEPTH. */
#include "wasm/subtype.h"

static bool index_is_subtype(const struct wasm_module *module, uint32_t sub, uint32_t super)
{
	const struct wasm_comptype *types = module->types;

	while (types[sub].depth > types[super].depth)
		sub = types[sub].supertype;
	return types[sub].canonical == types[super].canonical;
}

/* The smallest abstract type above a defined one. */
static uint32_t abstract_of(const struct wasm_module *module, uint32_t index)
{
	switch (module->types[index].kind) {
	case WASM_COMP_FUNC: return WASM_HEAP_FUNC;
	case WASM_COMP_STRUCT: return WASM_HEAP_STRUCT;
	case WASM_COMP_ARRAY: return WASM_HEAP_ARRAY;
	}
	__builtin_unreachable();
}

static bool abstract_is_subtype(uint32_t sub, uint32_t super)
{
	bool aggregate = sub == WASM_HEAP_STRUCT || sub == WASM_HEAP_ARRAY;

	if (sub == super || sub == WASM_HEAP_BOTTOM)
		return true;
	switch (super) {
	case WASM_HEAP_ANY:
		return sub == WASM_HEAP_EQ || sub == WASM_HEAP_I31 || aggregate ||
		       sub == WASM_HEAP_NONE;
	case WASM_HEAP_EQ:
		return sub == WASM_HEAP_I31 || aggregate || sub == WASM_HEAP_NONE;
	case WASM_HEAP_I31:
	case WASM_HEAP_STRUCT:
	case WASM_HEAP_ARRAY:
		return sub == WASM_HEAP_NONE;
	case WASM_HEAP_FUNC:
		return sub == WASM_HEAP_NOFUNC;
	case WASM_HEAP_EXTERN:
		return sub == WASM_HEAP_NOEXTERN;
	case WASM_HEAP_EXN:
		return sub == WASM_HEAP_NOEXN;
	default:
		return false;
	}
}

bool wasm_heap_is_subtype(const struct wasm_module *module, uint32_t sub, uint32_t super)
{
	if (wasm_heap_is_index(sub))
		return wasm_heap_is_index(super)
			       ? index_is_subtype(module, sub, super)
			       : abstract_is_subtype(abstract_of(module, sub), super);
	if (!wasm_heap_is_index(super))
		return abstract_is_subtype(sub, super);
	/* Below a defined type is the bottom of its hierarchy only. */
	switch (sub) {
	case WASM_HEAP_BOTTOM:
		return true;
	case WASM_HEAP_NONE:
		return module->types[super].kind != WASM_COMP_FUNC;
	case WASM_HEAP_NOFUNC:
		return module->types[super].kind == WASM_COMP_FUNC;
	default:
		return false;
	}
}

bool wasm_is_subtype(const struct wasm_module *module, wasm_valtype sub, wasm_valtype super)
{
	if (sub == super)
		return true;
	if (!wasm_is_ref(sub) || !wasm_is_ref(super))
		return false;
	if (wasm_is_nullable(sub) && !wasm_is_nullable(super))
		return false;
	return wasm_heap_is_subtype(module, wasm_heap_of(sub), wasm_heap_of(super));
}

bool wasm_same_type(const struct wasm_module *module, wasm_valtype a, wasm_valtype b)
{
	uint32_t x = wasm_heap_of(a), y = wasm_heap_of(b);

	if (a == b)
		return true;
	if (!wasm_is_ref(a) || !wasm_is_ref(b) || wasm_is_nullable(a) != wasm_is_nullable(b) ||
	    !wasm_heap_is_index(x) || !wasm_heap_is_index(y))
		return false;
	return module->types[x].canonical == module->types[y].canonical;
}

uint32_t wasm_heap_top(const struct wasm_module *module, uint32_t heap)
{
	if (wasm_heap_is_index(heap))
		heap = abstract_of(module, heap);
	switch (heap) {
	case WASM_HEAP_FUNC:
	case WASM_HEAP_NOFUNC:
		return WASM_HEAP_FUNC;
	case WASM_HEAP_EXTERN:
	case WASM_HEAP_NOEXTERN:
		return WASM_HEAP_EXTERN;
	case WASM_HEAP_EXN:
	case WASM_HEAP_NOEXN:
		return WASM_HEAP_EXN;
	default:
		return WASM_HEAP_ANY;
	}
}

bool wasm_field_is_subtype(const struct wasm_module *module, const struct wasm_field *sub,
			   const struct wasm_field *super)
{
	if (sub->mutable_ != super->mutable_)
		return false;
	return sub->mutable_ ? wasm_same_type(module, sub->type, super->type)
			     : wasm_is_subtype(module, sub->type, super->type);
}

bool wasm_functype_is_subtype(const struct wasm_module *module, const struct wasm_functype *sub,
			      const struct wasm_functype *super)
{
	if (sub->param_count != super->param_count || sub->result_count != super->result_count)
		return false;
	for (uint32_t i = 0; i < sub->param_count; i++) {
		if (!wasm_is_subtype(module, super->params[i], sub->params[i]))
			return false;
	}
	for (uint32_t i = 0; i < sub->result_count; i++) {
		if (!wasm_is_subtype(module, sub->results[i], super->results[i]))
			return false;
	}
	return true;
}

/* More fields than the supertype has are fine. */
static bool structtype_is_subtype(const struct wasm_module *module,
				  const struct wasm_structtype *sub,
				  const struct wasm_structtype *super)
{
	if (sub->field_count < super->field_count)
		return false;
	for (uint32_t i = 0; i < super->field_count; i++) {
		if (!wasm_field_is_subtype(module, &sub->fields[i], &super->fields[i]))
			return false;
	}
	return true;
}

bool wasm_comptype_matches(const struct wasm_module *module, const struct wasm_comptype *sub,
			   const struct wasm_comptype *super)
{
	if (sub->kind != super->kind)
		return false;
	switch (sub->kind) {
	case WASM_COMP_FUNC:
		return wasm_functype_is_subtype(module, &sub->func, &super->func);
	case WASM_COMP_STRUCT:
		return structtype_is_subtype(module, &sub->structure, &super->structure);
	case WASM_COMP_ARRAY:
		return wasm_field_is_subtype(module, &sub->array, &super->array);
	}
	__builtin_unreachable();
}
