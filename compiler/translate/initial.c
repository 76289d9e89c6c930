/* Constant expressions (core spec 3.0, section 3.4.13) and segments. */
#include "heap.h"
#include "simd.h"

#include <stdlib.h>

static LLVMValueRef global_value(struct func_translator *ft, bool known, uint32_t index)
{
	const struct global_entry *global = &ft->mt->globals[index];

	if (global->constant || known)
		return global->constant;
	return LLVMBuildLoad2(ft->builder, global->type, global->address, "");
}

/* What an instruction without operands pushes; NULL: known at run time only. */
static LLVMValueRef leaf_value(struct func_translator *ft, bool known, const struct wasm_instr *instr)
{
	struct module_translator *mt = ft->mt;

	switch (instr->op) {
	case WASM_OP_I32_CONST:
		return const_u32(mt, (uint32_t)instr->i32);
	case WASM_OP_I64_CONST:
		return const_u64(mt, (uint64_t)instr->i64);
	case WASM_OP_F32_CONST:
		return LLVMConstBitCast(const_u32(mt, instr->f32_bits), mt->f32);
	case WASM_OP_F64_CONST:
		return LLVMConstBitCast(const_u64(mt, instr->f64_bits), mt->f64);
	case WASM_OP_V128_CONST:
		return simd_const_bytes(mt, instr->v128);
	case WASM_OP_REF_NULL:
		return llvm_zero(mt, WASM_REF_NULL(instr->heap_type));
	case WASM_OP_REF_FUNC:
		return func_reference(mt, instr->index);
	case WASM_OP_GLOBAL_GET:
		return global_value(ft, known, instr->index);
	default:
		translator_fail(mt, WALNUT_ERROR_UNSUPPORTED, "%s in a constant expression",
				wasm_op_name(instr->op));
	}
}

/* The others are translated like any instruction; of constants, the builder makes
 * constants. False: an object, which only code can make. */
static bool translate_constant(struct func_translator *ft, bool known, const struct wasm_instr *instr)
{
	LLVMValueRef value;

	switch (instr->op) {
	case WASM_OP_I32_ADD:
	case WASM_OP_I32_SUB:
	case WASM_OP_I32_MUL:
	case WASM_OP_I64_ADD:
	case WASM_OP_I64_SUB:
	case WASM_OP_I64_MUL:
		return translate_integer(ft, instr);
	case WASM_OP_REF_I31:
	case WASM_OP_ANY_CONVERT_EXTERN:
	case WASM_OP_EXTERN_CONVERT_ANY:
		return translate_cast(ft, instr);
	case WASM_OP_STRUCT_NEW:
	case WASM_OP_STRUCT_NEW_DEFAULT:
		return !known && translate_struct(ft, instr);
	case WASM_OP_ARRAY_NEW:
	case WASM_OP_ARRAY_NEW_DEFAULT:
	case WASM_OP_ARRAY_NEW_FIXED:
		return !known && translate_array(ft, instr);
	default:
		value = leaf_value(ft, known, instr);
		if (value)
			push(ft, value);
		return value;
	}
}

/* `known`: no code can be made; then NULL where the value is not known now. */
static LLVMValueRef evaluate(struct func_translator *ft, bool known, const struct wasm_expr *expr)
{
	struct wasm_code_reader reader = wasm_expr_reader(expr, "constant");
	uint32_t base = ft->stack_size;
	LLVMValueRef value = NULL;
	struct wasm_instr instr;

	ft->offset = expr->offset;
	while (wasm_next_instr(&reader, &instr, ft->mt->error) == 1 && instr.op != WASM_OP_END) {
		if (!translate_constant(ft, known, &instr))
			break;
	}
	if (instr.op == WASM_OP_END)
		value = pop(ft);
	ft->stack_size = base;
	return value;
}

LLVMValueRef const_expr_value(struct module_translator *mt, const struct wasm_expr *expr)
{
	struct func_translator ft = { .mt = mt, .builder = mt->builder };
	LLVMValueRef value = evaluate(&ft, true, expr);

	func_translator_release(&ft);
	return value;
}

LLVMValueRef build_const_expr(struct func_translator *ft, const struct wasm_expr *expr)
{
	return evaluate(ft, false, expr);
}

static void declare_data(struct module_translator *mt, uint32_t index)
{
	const struct wasm_data *data = &mt->wasm->datas[index];
	struct segment_entry *segment = &mt->datas[index];

	if (data->bytes.size)
		segment->content = entity_object(mt, "data", index,
						 LLVMArrayType2(mt->i8, data->bytes.size), false);
	segment->remaining = entity_object(mt, "data_left", index, mt->i64, true);
	if (!mt->part->root)
		return;
	if (data->bytes.size)
		LLVMSetInitializer(segment->content, LLVMConstStringInContext2(
			mt->context, (const char *)data->bytes.data, data->bytes.size, true));
	LLVMSetInitializer(segment->remaining, const_u64(mt, data->bytes.size));
}

/* References that depend on imported globals are null here; build_instantiate()
 * fills them in. */
static void declare_elem(struct module_translator *mt, uint32_t index)
{
	const struct wasm_elem *elem = &mt->wasm->elems[index];
	struct segment_entry *segment = &mt->elems[index];
	LLVMTypeRef type = llvm_value_type(mt, elem->type);
	bool complete = true;

	bool applied = segment_is_in_constant_table(mt, elem);

	segment->remaining = entity_object(mt, "elem_left", index, mt->i64, true);
	if (mt->part->root)
		LLVMSetInitializer(segment->remaining, const_u64(mt, applied ? 0 : elem->count));
	if (elem->count == 0 || applied || elem->mode == WASM_SEGMENT_DECLARATIVE)
		return;
	segment->content = entity_object(mt, "elem", index, LLVMArrayType2(type, elem->count), true);
	if (!mt->part->root)
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
	LLVMSetInitializer(segment->content, LLVMConstArray2(type, values, elem->count));
	LLVMSetGlobalConstant(segment->content, complete);
	free(values);
}

void declare_segments(struct module_translator *mt)
{
	for (uint32_t i = 0; i < mt->wasm->data_count; i++)
		declare_data(mt, i);
	for (uint32_t i = 0; i < mt->wasm->elem_count; i++)
		declare_elem(mt, i);
}
