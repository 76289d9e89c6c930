/* Constant expressions: core spec 3.0, section 3.4.13. They are checked as a function
 * body is, but for what may stand in them. */
#include "validate/instr.h"
#include "validate/validator.h"

/* Only what stands before the expression has a value then. */
static int check_global(struct body *body, uint32_t global_count)
{
	const struct wasm_module *module = body->module;
	uint32_t index = body->instr.index;

	if (index >= module->global_count)
		return body_invalid(body, "unknown global %u", index);
	if (index >= global_count)
		return body_invalid(body, "unknown global %u: a constant expression may read "
					  "earlier globals only", index);
	if (module->globals[index].type.mutable_)
		return body_invalid(body, "constant expression required: global %u is mutable",
				    index);
	return 0;
}

static int check_constant(struct body *body, uint32_t global_count)
{
	switch (body->instr.op) {
	case WASM_OP_GLOBAL_GET:
		return check_global(body, global_count);
	case WASM_OP_I32_CONST:
	case WASM_OP_I64_CONST:
	case WASM_OP_F32_CONST:
	case WASM_OP_F64_CONST:
	case WASM_OP_V128_CONST:
	case WASM_OP_I32_ADD:
	case WASM_OP_I32_SUB:
	case WASM_OP_I32_MUL:
	case WASM_OP_I64_ADD:
	case WASM_OP_I64_SUB:
	case WASM_OP_I64_MUL:
	case WASM_OP_REF_NULL:
	case WASM_OP_REF_FUNC:
	case WASM_OP_REF_I31:
	case WASM_OP_STRUCT_NEW:
	case WASM_OP_STRUCT_NEW_DEFAULT:
	case WASM_OP_ARRAY_NEW:
	case WASM_OP_ARRAY_NEW_DEFAULT:
	case WASM_OP_ARRAY_NEW_FIXED:
	case WASM_OP_ANY_CONVERT_EXTERN:
	case WASM_OP_EXTERN_CONVERT_ANY:
	case WASM_OP_END:
		return 0;
	default:
		return body_invalid(body, "constant expression required, found %s",
				    wasm_op_name(body->instr.op));
	}
}

int validate_const_expr(const struct validator *validator, const struct wasm_expr *expr,
			wasm_valtype type, const char *section)
{
	struct body *body = validator->body;

	body->reader = wasm_expr_reader(expr, section);
	body->instr.offset = expr->offset;
	if (begin_body(body, (struct type_list){ NULL, 1, type }))
		return -1;
	/* No block is constant, so the first end is the last instruction. */
	while (body->frame_count) {
		if (wasm_next_instr(&body->reader, &body->instr, body->error) < 0 ||
		    check_constant(body, validator->global_count) || check_instr(body))
			return -1;
	}
	return 0;
}
