/* Constant expressions (core spec 3.0, section 3.4.13) and segments. */
#include "simd.h"

#include <stdlib.h>

/* The operand stack of one constant expression. */
struct const_stack {
	LLVMValueRef *values;
	uint32_t count, capacity;
};

static void push_const(struct module_translator *mt, struct const_stack *stack, LLVMValueRef value)
{
	stack->values = translator_grow(mt, stack->values, stack->count, &stack->capacity,
					sizeof(*stack->values));
	stack->values[stack->count++] = value;
}

static LLVMValueRef global_value(struct module_translator *mt, LLVMBuilderRef builder, uint32_t index)
{
	const struct global_entry *global = &mt->globals[index];

	if (global->constant || !builder)
		return global->constant;
	return LLVMBuildLoad2(builder, global->type, global->address, "");
}

/* What an instruction without operands pushes; NULL: known at run time only. */
static LLVMValueRef leaf_value(struct module_translator *mt, LLVMBuilderRef builder,
			       const struct wasm_instr *instr)
{
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
		return global_value(mt, builder, instr->index);
	default:
		translator_fail(mt, WALNUT_ERROR_UNSUPPORTED, "%s in a constant expression",
				wasm_op_name(instr->op));
	}
}

/* The builder folds what is constant, and needs no place for that. */
static LLVMValueRef binary_value(struct module_translator *mt, LLVMBuilderRef builder, enum wasm_op op,
				 LLVMValueRef left, LLVMValueRef right)
{
	LLVMBuilderRef b = builder ? builder : mt->builder;

	switch (op) {
	case WASM_OP_I32_ADD:
	case WASM_OP_I64_ADD:
		return LLVMBuildAdd(b, left, right, "");
	case WASM_OP_I32_SUB:
	case WASM_OP_I64_SUB:
		return LLVMBuildSub(b, left, right, "");
	case WASM_OP_I32_MUL:
	case WASM_OP_I64_MUL:
		return LLVMBuildMul(b, left, right, "");
	default:
		return NULL;
	}
}

static bool is_binary(enum wasm_op op)
{
	return op == WASM_OP_I32_ADD || op == WASM_OP_I32_SUB || op == WASM_OP_I32_MUL ||
	       op == WASM_OP_I64_ADD || op == WASM_OP_I64_SUB || op == WASM_OP_I64_MUL;
}

/* Without a builder: NULL where the value is not known now. */
static LLVMValueRef evaluate(struct module_translator *mt, LLVMBuilderRef builder,
			     const struct wasm_expr *expr)
{
	struct wasm_code_reader reader = wasm_expr_reader(expr, "constant");
	struct const_stack stack = { 0 };
	LLVMValueRef value = NULL;
	struct wasm_instr instr;

	while (wasm_next_instr(&reader, &instr, mt->error) == 1 && instr.op != WASM_OP_END) {
		if (is_binary(instr.op)) {
			stack.count -= 2;
			value = binary_value(mt, builder, instr.op, stack.values[stack.count],
					     stack.values[stack.count + 1]);
		} else {
			value = leaf_value(mt, builder, &instr);
		}
		if (!value)
			break;
		push_const(mt, &stack, value);
	}
	free(stack.values);
	return value;
}

LLVMValueRef const_expr_value(struct module_translator *mt, const struct wasm_expr *expr)
{
	return evaluate(mt, NULL, expr);
}

LLVMValueRef build_const_expr(struct module_translator *mt, LLVMBuilderRef builder,
			      const struct wasm_expr *expr)
{
	return evaluate(mt, builder, expr);
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
