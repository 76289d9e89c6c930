/* Constant expressions (core spec 2.0, section 3.3.10) and segments. */
#include "translate.h"

#include <stdlib.h>

/* The one instruction that a constant expression of 2.0 has before its end. */
static struct wasm_instr first_instr(struct module_translator *mt, const struct wasm_expr *expr)
{
	struct wasm_code_reader reader = wasm_expr_reader(expr, "constant");
	struct wasm_instr instr;

	if (wasm_next_instr(&reader, &instr, mt->error) != 1)
		translator_fail(mt, WALNUT_ERROR_MALFORMED, "empty constant expression");
	return instr;
}

LLVMValueRef const_expr_value(struct module_translator *mt, const struct wasm_expr *expr)
{
	struct wasm_instr instr = first_instr(mt, expr);

	switch (instr.op) {
	case WASM_OP_I32_CONST:
		return const_u32(mt, (uint32_t)instr.i32);
	case WASM_OP_I64_CONST:
		return const_u64(mt, (uint64_t)instr.i64);
	case WASM_OP_F32_CONST:
		return LLVMConstBitCast(const_u32(mt, instr.f32_bits), mt->f32);
	case WASM_OP_F64_CONST:
		return LLVMConstBitCast(const_u64(mt, instr.f64_bits), mt->f64);
	case WASM_OP_REF_NULL:
		return llvm_zero(mt, WASM_REF_NULL(instr.heap_type));
	case WASM_OP_REF_FUNC:
		return func_reference(mt, instr.index);
	case WASM_OP_GLOBAL_GET:
		return mt->globals[instr.index].constant;
	default:
		translator_fail(mt, WALNUT_ERROR_UNSUPPORTED, "%s in a constant expression",
				wasm_op_name(instr.op));
	}
}

LLVMValueRef build_const_expr(struct module_translator *mt, LLVMBuilderRef builder,
			      const struct wasm_expr *expr)
{
	LLVMValueRef value = const_expr_value(mt, expr);

	if (!value) {
		const struct global_entry *global = &mt->globals[first_instr(mt, expr).index];

		value = LLVMBuildLoad2(builder, global->type, global->address, "");
	}
	return value;
}

static void declare_data(struct module_translator *mt, uint32_t index)
{
	const struct wasm_data *data = &mt->wasm->datas[index];
	struct segment_entry *segment = &mt->datas[index];

	if (data->bytes.size) {
		LLVMValueRef bytes = LLVMConstStringInContext2(
			mt->context, (const char *)data->bytes.data, data->bytes.size, true);

		segment->content = const_object(mt, "walnut.data", bytes, false);
	}
	segment->remaining = const_object(mt, "walnut.left", const_u64(mt, data->bytes.size), true);
}

/* References that depend on imported globals are null here; build_instantiate()
 * fills them in. */
static void declare_elem(struct module_translator *mt, uint32_t index)
{
	const struct wasm_elem *elem = &mt->wasm->elems[index];
	struct segment_entry *segment = &mt->elems[index];
	LLVMTypeRef type = llvm_value_type(mt, elem->type);
	bool complete = true;

	segment->remaining = const_object(mt, "walnut.left", const_u64(mt, elem->count), true);
	if (elem->count == 0 || elem->mode == WASM_SEGMENT_DECLARATIVE)
		return;
	LLVMValueRef *values = translator_alloc(mt, elem->count, sizeof(*values));

	for (uint32_t i = 0; i < elem->count; i++) {
		values[i] = elem->functions ? func_reference(mt, elem->functions[i])
					    : const_expr_value(mt, &elem->exprs[i]);
		if (!values[i]) {
			complete = false;
			values[i] = LLVMConstNull(type);
		}
	}
	segment->content = const_object(mt, "walnut.elem",
					LLVMConstArray2(type, values, elem->count), !complete);
	free(values);
}

void declare_segments(struct module_translator *mt)
{
	for (uint32_t i = 0; i < mt->wasm->data_count; i++)
		declare_data(mt, i);
	for (uint32_t i = 0; i < mt->wasm->elem_count; i++)
		declare_elem(mt, i);
}
