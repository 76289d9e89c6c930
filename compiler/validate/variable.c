/* Typing of locals, globals, drop and select: core spec 3.0, sections 3.4.2 and 3.4.6. */
#include "validate/instr.h"

static int select_untyped(struct body *body)
{
	wasm_valtype a, b;

	if (pop_type(body, WASM_I32, NULL) || pop_type(body, TYPE_UNKNOWN, &b) ||
	    pop_type(body, TYPE_UNKNOWN, &a))
		return -1;
	if (wasm_is_ref(a) || wasm_is_ref(b))
		return body_invalid(body, "type mismatch: select of references must name its type");
	if (a != b && a != TYPE_UNKNOWN && b != TYPE_UNKNOWN)
		return body_invalid(body, "type mismatch: select between %s and %s",
				    wasm_valtype_name(a).text, wasm_valtype_name(b).text);
	return push_type(body, a == TYPE_UNKNOWN ? b : a);
}

static int select_typed(struct body *body)
{
	wasm_valtype type;

	if (body->instr.select.count != 1)
		return body_invalid(body, "invalid result arity: select names %u types, not one",
				    body->instr.select.count);
	type = body->instr.select.first;
	if (check_value_type(body, type) || pop_type(body, WASM_I32, NULL) ||
	    pop_type(body, type, NULL) || pop_type(body, type, NULL))
		return -1;
	return push_type(body, type);
}

static int access_local(struct body *body)
{
	uint32_t index = body->instr.index;
	wasm_valtype type;

	if (check_index(body, "local", index, body->local_count))
		return -1;
	type = body->locals[index];
	if (body->instr.op == WASM_OP_LOCAL_GET)
		return body->local_ready[index]
			       ? push_type(body, type)
			       : body_invalid(body, "uninitialized local %u", index);
	if (pop_type(body, type, NULL) || set_local_ready(body, index))
		return -1;
	return body->instr.op == WASM_OP_LOCAL_SET ? 0 : push_type(body, type);
}

static int access_global(struct body *body)
{
	const struct wasm_globaltype *global;

	if (check_index(body, "global", body->instr.index, body->module->global_count))
		return -1;
	global = &body->module->globals[body->instr.index].type;
	if (body->instr.op == WASM_OP_GLOBAL_GET)
		return push_type(body, global->type);
	if (!global->mutable_)
		return body_invalid(body, "global %u is immutable", body->instr.index);
	return pop_type(body, global->type, NULL);
}

int check_variable(struct body *body)
{
	switch (body->instr.op) {
	case WASM_OP_DROP:
		return pop_type(body, TYPE_UNKNOWN, NULL);
	case WASM_OP_SELECT:
		return select_untyped(body);
	case WASM_OP_SELECT_T:
		return select_typed(body);
	case WASM_OP_GLOBAL_GET:
	case WASM_OP_GLOBAL_SET:
		return access_global(body);
	default:
		return access_local(body);
	}
}
