/* Uses of the type section by instructions: core spec 3.0, sections 3.2.2 to 3.2.9. */
#include "validate/instr.h"

int check_heap_type(struct body *body, uint32_t heap)
{
	return wasm_heap_is_index(heap) ? check_index(body, "type", heap, body->module->type_count)
					: 0;
}

int check_value_type(struct body *body, wasm_valtype type)
{
	return wasm_is_ref(type) ? check_heap_type(body, wasm_heap_of(type)) : 0;
}

static int defined_type(struct body *body, uint32_t index, enum wasm_comptype_kind kind,
			const char *what, const struct wasm_comptype **type)
{
	if (check_index(body, "type", index, body->module->type_count))
		return -1;
	*type = &body->module->types[index];
	if ((*type)->kind != kind)
		return body_invalid(body, "type mismatch: type %u is no %s type", index, what);
	return 0;
}

int function_type(struct body *body, uint32_t index, const struct wasm_functype **type)
{
	const struct wasm_comptype *found;

	if (defined_type(body, index, WASM_COMP_FUNC, "function", &found))
		return -1;
	*type = &found->func;
	return 0;
}

int struct_type(struct body *body, uint32_t index, const struct wasm_structtype **type)
{
	const struct wasm_comptype *found;

	if (defined_type(body, index, WASM_COMP_STRUCT, "struct", &found))
		return -1;
	*type = &found->structure;
	return 0;
}

int array_type(struct body *body, uint32_t index, const struct wasm_field **field)
{
	const struct wasm_comptype *found;

	if (defined_type(body, index, WASM_COMP_ARRAY, "array", &found))
		return -1;
	*field = &found->array;
	return 0;
}
