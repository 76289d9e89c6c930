/* Typing of blocks and branches: core spec 3.0, section 3.4.5. */
#include "validate/instr.h"

int check_label(struct body *body, uint32_t depth, struct type_list *types)
{
	if (check_index(body, "label", depth, body->frame_count))
		return -1;
	*types = label_types(&body->frames[body->frame_count - 1 - depth]);
	return 0;
}

int enter_block(struct body *body, enum wasm_op op, const struct wasm_blocktype *block)
{
	struct type_list params = { 0 }, results = { 0 };

	if (block->kind == WASM_BLOCK_VALUE) {
		if (check_value_type(body, block->value))
			return -1;
		results = (struct type_list){ NULL, 1, block->value };
	} else if (block->kind == WASM_BLOCK_TYPE) {
		const struct wasm_functype *type;

		if (function_type(body, block->index, &type))
			return -1;
		params = params_of(type);
		results = results_of(type);
	}
	if (op == WASM_OP_IF && pop_type(body, WASM_I32, NULL))
		return -1;
	if (pop_types(body, params))
		return -1;
	return push_frame(body, op, params, results);
}

static int enter_else(struct body *body)
{
	struct frame frame;

	if (top_frame(body)->op != WASM_OP_IF)
		return body_malformed(body, body->instr.offset, "else without if");
	if (pop_frame(body, &frame))
		return -1;
	return push_frame(body, WASM_OP_ELSE, frame.params, frame.results);
}

static bool types_match(const struct body *body, struct type_list found, struct type_list expected)
{
	if (found.count != expected.count)
		return false;
	for (uint32_t i = 0; i < found.count; i++) {
		if (!wasm_is_subtype(body->module, type_at(found, i), type_at(expected, i)))
			return false;
	}
	return true;
}

static int leave_block(struct body *body)
{
	struct frame frame;

	if (pop_frame(body, &frame))
		return -1;
	/* A missing else passes the parameters on. */
	if (frame.op == WASM_OP_IF && !types_match(body, frame.params, frame.results))
		return body_invalid(body, "type mismatch: an if without else must yield what "
					  "it takes");
	if (!body->frame_count) /* the function's own */
		return 0;
	return push_types(body, frame.results);
}

static int branch(struct body *body)
{
	struct type_list types;

	if (check_label(body, body->instr.index, &types) || pop_types(body, types))
		return -1;
	set_unreachable(body);
	return 0;
}

static int branch_if(struct body *body)
{
	struct type_list types;

	if (check_label(body, body->instr.index, &types) || pop_type(body, WASM_I32, NULL) ||
	    pop_types(body, types))
		return -1;
	return push_types(body, types);
}

static int branch_table(struct body *body)
{
	const uint8_t *at = body->instr.br_table.targets;
	struct type_list types, first = { 0 };

	if (pop_type(body, WASM_I32, NULL))
		return -1;
	/* The default label is the last; all have as many types as the first. */
	for (uint32_t i = 0; i <= body->instr.br_table.count; i++) {
		if (check_label(body, wasm_br_table_next(&at), &types))
			return -1;
		if (i == 0)
			first = types;
		else if (types.count != first.count)
			return body_invalid(body, "type mismatch: br_table labels take %u and %u "
						  "values", first.count, types.count);
		else if (types.types && types.types == first.types)
			continue; /* as most tables' are: checked already */
		if (check_types(body, types))
			return -1;
	}
	set_unreachable(body);
	return 0;
}

static int leave_function(struct body *body)
{
	if (pop_types(body, body->frames[0].results))
		return -1;
	set_unreachable(body);
	return 0;
}

int check_control(struct body *body)
{
	switch (body->instr.op) {
	case WASM_OP_ELSE:
		return enter_else(body);
	case WASM_OP_END:
		return leave_block(body);
	case WASM_OP_BR:
		return branch(body);
	case WASM_OP_BR_IF:
		return branch_if(body);
	case WASM_OP_BR_TABLE:
		return branch_table(body);
	case WASM_OP_RETURN:
		return leave_function(body);
	case WASM_OP_UNREACHABLE:
		set_unreachable(body);
		return 0;
	default: /* block, loop, if */
		return enter_block(body, body->instr.op, &body->instr.block);
	}
}
