/* Typing of casts and branches on them: core spec 3.0, sections 3.4.3 and 3.4.5. */
#include "validate/instr.h"

static bool is_nullable_form(enum wasm_op op)
{
	return op == WASM_OP_REF_TEST_NULL || op == WASM_OP_REF_CAST_NULL;
}

/* The operand may be anything of the target's hierarchy. */
static int cast(struct body *body)
{
	uint32_t heap = body->instr.heap_type;
	enum wasm_op op = body->instr.op;
	wasm_valtype target = is_nullable_form(op) ? WASM_REF_NULL(heap) : WASM_REF_TO(heap);

	if (check_heap_type(body, heap) ||
	    pop_type(body, WASM_REF_NULL(wasm_heap_top(body->module, heap)), NULL))
		return -1;
	return push_type(body, op == WASM_OP_REF_TEST || op == WASM_OP_REF_TEST_NULL ? WASM_I32
										     : target);
}

/* What is left of `from` when the values of `to` are taken away. */
static wasm_valtype difference(wasm_valtype from, wasm_valtype to)
{
	return wasm_is_nullable(to) ? from & ~WASM_NULLABLE : from;
}

/* One of the two, target and the rest, goes to the label, the other falls through. */
static int branch_on_cast(struct body *body)
{
	wasm_valtype from = body->instr.br_on_cast.from, to = body->instr.br_on_cast.to;
	bool on_success = body->instr.op == WASM_OP_BR_ON_CAST;
	wasm_valtype taken, left, last;
	struct type_list types;

	if (check_value_type(body, from) || check_value_type(body, to) ||
	    check_label(body, body->instr.br_on_cast.label, &types))
		return -1;
	if (!wasm_is_subtype(body->module, to, from))
		return body_invalid(body, "type mismatch: %s from %s to %s, which is no subtype",
				    wasm_op_name(body->instr.op), wasm_valtype_name(from).text,
				    wasm_valtype_name(to).text);
	taken = on_success ? to : difference(from, to);
	left = on_success ? difference(from, to) : to;
	last = types.count ? type_at(types, types.count - 1) : TYPE_UNKNOWN;
	if (!wasm_is_subtype(body->module, taken, last))
		return body_invalid(body, "type mismatch: %s sends %s to a label that takes %s",
				    wasm_op_name(body->instr.op), wasm_valtype_name(taken).text,
				    types.count ? wasm_valtype_name(last).text : "nothing");
	types.count--;
	if (pop_type(body, from, NULL) || pop_types(body, types) || push_types(body, types))
		return -1;
	return push_type(body, left);
}

int check_cast(struct body *body)
{
	switch (body->instr.op) {
	case WASM_OP_BR_ON_CAST:
	case WASM_OP_BR_ON_CAST_FAIL:
		return branch_on_cast(body);
	default: /* ref.test, ref.cast */
		return cast(body);
	}
}
