/* Typing of exceptions: core spec 3.0, sections 3.4.5.6 to 3.4.5.8. */
#include "validate/instr.h"

static int check_tag(struct body *body, uint32_t index, struct type_list *params)
{
	if (index >= body->module->tag_count)
		return body_invalid(body, "unknown tag %u", index);
	*params = params_of(wasm_tag_type(body->module, index));
	return 0;
}

/* A clause branches to its label with the exception's values and perhaps a reference to
 * it. They are matched as operands of a branch are: on the stack, and off it again. */
static int check_catch(struct body *body, const struct wasm_catch *clause)
{
	bool with_ref = clause->kind == WASM_CATCH_REF || clause->kind == WASM_CATCH_ALL_REF;
	struct type_list params = { 0 }, label;

	if (clause->kind <= WASM_CATCH_REF && check_tag(body, clause->tag, &params))
		return -1;
	if (check_label(body, clause->label, &label))
		return -1;
	if (label.count != params.count + with_ref)
		return body_invalid(body, "type mismatch: a catch clause yields %u values, its label "
					  "takes %u", params.count + with_ref, label.count);
	if (push_types(body, params))
		return -1;
	if (with_ref && push_type(body, WASM_REF_TO(WASM_HEAP_EXN)))
		return -1;
	return pop_types(body, label);
}

static int check_catches(struct body *body)
{
	const uint8_t *at = body->instr.try_table.catches;

	for (uint32_t i = 0; i < body->instr.try_table.count; i++) {
		struct wasm_catch clause = wasm_catch_next(&at);

		if (check_catch(body, &clause))
			return -1;
	}
	return 0;
}

static int throw(struct body *body)
{
	struct type_list params;

	if (body->instr.op == WASM_OP_THROW_REF) {
		if (pop_type(body, WASM_EXNREF, NULL))
			return -1;
	} else if (check_tag(body, body->instr.index, &params) || pop_types(body, params)) {
		return -1;
	}
	set_unreachable(body);
	return 0;
}

int check_exception(struct body *body)
{
	if (body->instr.op != WASM_OP_TRY_TABLE)
		return throw(body);
	/* Clauses branch from outside of the block. */
	return check_catches(body) ? -1
				   : enter_block(body, WASM_OP_TRY_TABLE,
						 &body->instr.try_table.block);
}
