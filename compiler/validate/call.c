/* Typing of calls and tail calls: core spec 3.0, section 3.4.5. */
#include "validate/instr.h"

static bool is_tail_call(enum wasm_op op)
{
	return op == WASM_OP_RETURN_CALL || op == WASM_OP_RETURN_CALL_INDIRECT ||
	       op == WASM_OP_RETURN_CALL_REF;
}

/* A tail call yields what the function does. */
static int check_tail_results(struct body *body, const struct wasm_functype *type)
{
	struct type_list results = body->frames[0].results;

	if (type->result_count != results.count)
		return body_invalid(body, "type mismatch: %s yields %u values, the function %u",
				    wasm_op_name(body->instr.op), type->result_count,
				    results.count);
	for (uint32_t i = 0; i < results.count; i++) {
		if (!wasm_is_subtype(body->module, type->results[i], type_at(results, i)))
			return body_invalid(body, "type mismatch: %s yields %s, the function %s",
					    wasm_op_name(body->instr.op),
					    wasm_valtype_name(type->results[i]).text,
					    wasm_valtype_name(type_at(results, i)).text);
	}
	return 0;
}

static int apply_type(struct body *body, const struct wasm_functype *type)
{
	if (pop_types(body, params_of(type)))
		return -1;
	if (!is_tail_call(body->instr.op))
		return push_types(body, results_of(type));
	if (check_tail_results(body, type))
		return -1;
	set_unreachable(body);
	return 0;
}

static int call(struct body *body)
{
	if (check_index(body, "function", body->instr.index, body->module->func_count))
		return -1;
	return apply_type(body, wasm_func_type(body->module, body->instr.index));
}

static int call_indirect(struct body *body)
{
	const struct wasm_functype *type;
	uint32_t table = body->instr.call_indirect.table;
	wasm_valtype element;

	if (check_table(body, table, &element))
		return -1;
	if (!wasm_is_subtype(body->module, element, WASM_FUNCREF))
		return body_invalid(body, "type mismatch: %s through a table of %s",
				    wasm_op_name(body->instr.op), wasm_valtype_name(element).text);
	if (function_type(body, body->instr.call_indirect.type, &type) ||
	    pop_type(body, body->module->tables[table].type.limits.address, NULL))
		return -1;
	return apply_type(body, type);
}

static int call_ref(struct body *body)
{
	const struct wasm_functype *type;

	if (function_type(body, body->instr.index, &type) ||
	    pop_type(body, WASM_REF_NULL(body->instr.index), NULL))
		return -1;
	return apply_type(body, type);
}

int check_call(struct body *body)
{
	switch (body->instr.op) {
	case WASM_OP_CALL:
	case WASM_OP_RETURN_CALL:
		return call(body);
	case WASM_OP_CALL_INDIRECT:
	case WASM_OP_RETURN_CALL_INDIRECT:
		return call_indirect(body);
	default: /* call_ref, return_call_ref */
		return call_ref(body);
	}
}
