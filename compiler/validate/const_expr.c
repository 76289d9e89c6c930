/* Constant expressions: core spec 2.0, section 3.3.10. */
#include "validate/validator.h"
#include "wasm/instr.h"

static int fail(const struct validator *validator, const struct wasm_code_reader *reader,
		uint64_t offset, const char *message, const char *detail)
{
	return wasm_reader_fail(reader, validator->error, WALNUT_ERROR_INVALID, offset, "%s%s",
				message, detail);
}

/* The type of what one instruction pushes. */
static int constant_type(const struct validator *validator, const struct wasm_code_reader *reader,
			 const struct wasm_instr *instr, wasm_valtype *type)
{
	const struct wasm_module *module = validator->module;

	switch (instr->op) {
	case WASM_OP_I32_CONST:
		*type = WASM_I32;
		return 0;
	case WASM_OP_I64_CONST:
		*type = WASM_I64;
		return 0;
	case WASM_OP_F32_CONST:
		*type = WASM_F32;
		return 0;
	case WASM_OP_F64_CONST:
		*type = WASM_F64;
		return 0;
	case WASM_OP_V128_CONST:
		*type = WASM_V128;
		return 0;
	case WASM_OP_REF_NULL:
		*type = WASM_REF_NULL(instr->heap_type);
		return 0;
	case WASM_OP_REF_FUNC:
		*type = WASM_FUNCREF;
		if (instr->index >= module->func_count)
			return wasm_reader_fail(reader, validator->error, WALNUT_ERROR_INVALID,
						instr->offset, "unknown function %u",
						instr->index);
		return 0;
	case WASM_OP_GLOBAL_GET:
		/* Only imported ones have a value before the module's own do. */
		if (instr->index >= module->imported_global_count)
			return wasm_reader_fail(reader, validator->error, WALNUT_ERROR_INVALID,
						instr->offset, "unknown global %u: a constant "
						"expression may read imported globals only",
						instr->index);
		*type = module->globals[instr->index].type.type;
		if (module->globals[instr->index].type.mutable_)
			return fail(validator, reader, instr->offset,
				    "constant expression required: the global is mutable", "");
		return 0;
	default:
		return fail(validator, reader, instr->offset,
			    "constant expression required, found ", wasm_op_name(instr->op));
	}
}

int validate_const_expr(const struct validator *validator, const struct wasm_expr *expr,
			wasm_valtype type, const char *section)
{
	struct wasm_code_reader reader = wasm_expr_reader(expr, section);
	struct wasm_instr instr;
	unsigned values = 0;
	int got;

	/* No block is constant, so the first end is the last instruction. */
	while ((got = wasm_next_instr(&reader, &instr, validator->error)) > 0 &&
	       instr.op != WASM_OP_END) {
		wasm_valtype found;

		if (constant_type(validator, &reader, &instr, &found))
			return -1;
		if (values++)
			return fail(validator, &reader, instr.offset,
				    "type mismatch: more than one value in a constant expression",
				    "");
		if (found != type)
			return wasm_reader_fail(&reader, validator->error, WALNUT_ERROR_INVALID,
						instr.offset, "type mismatch: expected %s, found %s",
						wasm_valtype_name(type).text, wasm_valtype_name(found).text);
	}
	if (got < 0)
		return -1;
	if (!values)
		return fail(validator, &reader, expr->offset,
			    "type mismatch: an empty constant expression, expected ",
			    wasm_valtype_name(type).text);
	return 0;
}
