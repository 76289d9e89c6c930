/* Typing of references, their tests for null and i31: core spec 3.0, section 3.4.3. */
#include "validate/instr.h"

static int null(struct body *body)
{
	if (check_heap_type(body, body->instr.heap_type))
		return -1;
	return push_type(body, WASM_REF_NULL(body->instr.heap_type));
}

static int function(struct body *body)
{
	uint32_t index = body->instr.index;

	if (check_index(body, "function", index, body->module->func_count))
		return -1;
	if (!body->module->funcs[index].referenced)
		return body_invalid(body, "undeclared function reference %u", index);
	return push_type(body, WASM_REF_TO(body->module->funcs[index].type));
}

static int as_non_null(struct body *body)
{
	wasm_valtype type;

	return pop_reference(body, &type) ? -1 : push_type(body, type & ~WASM_NULLABLE);
}

static int branch_on_null(struct body *body)
{
	struct type_list types;
	wasm_valtype type;

	if (check_label(body, body->instr.index, &types) || pop_reference(body, &type) ||
	    pop_types(body, types) || push_types(body, types))
		return -1;
	return push_type(body, type & ~WASM_NULLABLE);
}

/* The label takes the reference as its last value. */
static int branch_on_non_null(struct body *body)
{
	struct type_list types;
	wasm_valtype last;

	if (check_label(body, body->instr.index, &types))
		return -1;
	last = types.count ? type_at(types, types.count - 1) : TYPE_UNKNOWN;
	if (!wasm_is_ref(last))
		return body_invalid(body, "type mismatch: br_on_non_null to a label that takes no "
					  "reference");
	if (pop_type(body, last | WASM_NULLABLE, NULL))
		return -1;
	types.count--;
	return pop_types(body, types) ? -1 : push_types(body, types);
}

static int equal(struct body *body)
{
	if (pop_type(body, WASM_REF_NULL(WASM_HEAP_EQ), NULL) ||
	    pop_type(body, WASM_REF_NULL(WASM_HEAP_EQ), NULL))
		return -1;
	return push_type(body, WASM_I32);
}

/* A reference of the other hierarchy, null where the operand is. */
static int convert(struct body *body, uint32_t from, uint32_t to)
{
	wasm_valtype type;

	if (pop_type(body, WASM_REF_NULL(from), &type))
		return -1;
	return push_type(body, WASM_REF_TO(to) | (type & WASM_NULLABLE));
}

int check_reference(struct body *body)
{
	wasm_valtype type;

	switch (body->instr.op) {
	case WASM_OP_REF_NULL:
		return null(body);
	case WASM_OP_REF_IS_NULL:
		return pop_reference(body, &type) ? -1 : push_type(body, WASM_I32);
	case WASM_OP_REF_FUNC:
		return function(body);
	case WASM_OP_REF_AS_NON_NULL:
		return as_non_null(body);
	case WASM_OP_BR_ON_NULL:
		return branch_on_null(body);
	case WASM_OP_BR_ON_NON_NULL:
		return branch_on_non_null(body);
	case WASM_OP_REF_EQ:
		return equal(body);
	case WASM_OP_ANY_CONVERT_EXTERN:
		return convert(body, WASM_HEAP_EXTERN, WASM_HEAP_ANY);
	case WASM_OP_EXTERN_CONVERT_ANY:
		return convert(body, WASM_HEAP_ANY, WASM_HEAP_EXTERN);
	case WASM_OP_REF_I31:
		if (pop_type(body, WASM_I32, NULL))
			return -1;
		return push_type(body, WASM_REF_TO(WASM_HEAP_I31));
	default: /* i31.get_s, i31.get_u */
		if (pop_type(body, WASM_REF_NULL(WASM_HEAP_I31), NULL))
			return -1;
		return push_type(body, WASM_I32);
	}
}
