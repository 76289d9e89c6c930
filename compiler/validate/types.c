/* Validity of the type section: core spec 3.0, sections 3.2.10 to 3.2.12 and 3.3.11. */
#include "validate/validator.h"
#include "wasm/limits.h"
#include "wasm/subtype.h"

#define INVALID(validator, offset, ...)                                                            \
	walnut_error_set((validator)->error, WALNUT_ERROR_INVALID, "type", WALNUT_NO_FUNCTION,     \
			 offset, __VA_ARGS__)

/* A type may refer to the types of its group and to those before. */
static int check_reference(const struct validator *validator, const struct wasm_comptype *type,
			   wasm_valtype reference)
{
	uint32_t heap = wasm_heap_of(reference);

	if (!wasm_is_ref(reference) || !wasm_heap_is_index(heap) ||
	    heap < type->group_start + type->group_size)
		return 0;
	return INVALID(validator, type->offset, "unknown type %u", heap);
}

static int check_list(const struct validator *validator, const struct wasm_comptype *type,
		      const wasm_valtype *list, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (check_reference(validator, type, list[i]))
			return -1;
	}
	return 0;
}

static int check_references(const struct validator *validator, const struct wasm_comptype *type)
{
	switch (type->kind) {
	case WASM_COMP_FUNC:
		return check_list(validator, type, type->func.params, type->func.param_count)
			       ? -1
			       : check_list(validator, type, type->func.results,
					    type->func.result_count);
	case WASM_COMP_STRUCT:
		for (uint32_t i = 0; i < type->structure.field_count; i++) {
			if (check_reference(validator, type, type->structure.fields[i].type))
				return -1;
		}
		return 0;
	case WASM_COMP_ARRAY:
		return check_reference(validator, type, type->array.type);
	}
	__builtin_unreachable();
}

/* Everything that subtyping relies on: known indices, short chains of supertypes. */
static int check_structure(const struct validator *validator, uint32_t index)
{
	const struct wasm_comptype *type = &validator->module->types[index];

	if (type->supertype != WASM_NO_TYPE && type->supertype >= index)
		return INVALID(validator, type->offset, "unknown type %u: sub type %u comes first",
			       type->supertype, index);
	if (type->depth > WASM_MAX_SUBTYPE_DEPTH)
		return walnut_error_set(validator->error, WALNUT_ERROR_LIMIT, "type",
					WALNUT_NO_FUNCTION, type->offset,
					"type %u has more supertypes than the limit of %u", index,
					WASM_MAX_SUBTYPE_DEPTH);
	return check_references(validator, type);
}

static int check_supertype(const struct validator *validator, uint32_t index)
{
	const struct wasm_module *module = validator->module;
	const struct wasm_comptype *type = &module->types[index];

	if (type->supertype == WASM_NO_TYPE)
		return 0;
	if (module->types[type->supertype].final)
		return INVALID(validator, type->offset,
			       "sub type %u does not match super type %u, which is final", index,
			       type->supertype);
	if (!wasm_comptype_matches(module, type, &module->types[type->supertype]))
		return INVALID(validator, type->offset, "sub type %u does not match super type %u",
			       index, type->supertype);
	return 0;
}

int validate_types(const struct validator *validator)
{
	uint32_t count = validator->module->type_count;

	for (uint32_t i = 0; i < count; i++) {
		if (check_structure(validator, i))
			return -1;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (check_supertype(validator, i))
			return -1;
	}
	return 0;
}

int validate_value_type(const struct validator *validator, wasm_valtype type, const char *section,
			uint64_t offset)
{
	uint32_t heap = wasm_heap_of(type);

	if (!wasm_is_ref(type) || !wasm_heap_is_index(heap) || heap < validator->module->type_count)
		return 0;
	return walnut_error_set(validator->error, WALNUT_ERROR_INVALID, section,
				WALNUT_NO_FUNCTION, offset, "unknown type %u", heap);
}
