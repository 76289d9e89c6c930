/* Constants, locals, globals, drop and select. */
#include "translate.h"

static LLVMValueRef float_constant(struct module_translator *mt, bool f64, uint64_t bits)
{
	/* By way of the integer: LLVMConstReal would lose the payload of a NaN. */
	LLVMValueRef pattern = LLVMConstInt(f64 ? mt->i64 : mt->i32, bits, false);

	return LLVMConstBitCast(pattern, f64 ? mt->f64 : mt->f32);
}

static LLVMValueRef global_address(struct func_translator *ft, uint32_t index)
{
	const struct global_entry *global = &ft->mt->globals[index];
	LLVMValueRef address;

	if (!global->place)
		return global->address;
	address = LLVMBuildLoad2(ft->builder, ft->mt->ptr, global->place, "");
	set_invariant(address, ft->mt);
	return address;
}

static void translate_global_get(struct func_translator *ft, uint32_t index)
{
	const struct global_entry *global = &ft->mt->globals[index];
	LLVMValueRef value = global->constant;

	if (!value) {
		value = LLVMBuildLoad2(ft->builder, global->type, global_address(ft, index), "");
		set_tbaa(value, ft->mt->tbaa_global, ft->mt);
		mark_non_null(ft->mt, value, ft->mt->wasm->globals[index].type.type);
	}
	push(ft, value);
}

static void translate_global_set(struct func_translator *ft, uint32_t index)
{
	LLVMValueRef store = LLVMBuildStore(ft->builder, pop(ft), global_address(ft, index));

	set_tbaa(store, ft->mt->tbaa_global, ft->mt);
}

static void translate_select(struct func_translator *ft)
{
	LLVMValueRef condition = as_condition(ft, pop(ft));
	LLVMValueRef otherwise = pop(ft);
	LLVMValueRef then = pop(ft);

	push(ft, LLVMBuildSelect(ft->builder, condition, then, otherwise, ""));
}

/* Most have theirs from the beginning (create_locals()); the others get it with their first
 * use, at the head of the function, where all that comes later finds it. */
static LLVMValueRef local_slot(struct func_translator *ft, uint32_t index)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(ft->builder);
	LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(ft->function);
	LLVMMetadataRef location = LLVMGetCurrentDebugLocation2(ft->builder);
	LLVMTypeRef type = llvm_value_type(ft->mt, ft->local_types[index]);
	struct local_entry *local = &ft->locals[index];

	if (local->slot)
		return local->slot;
	LLVMSetCurrentDebugLocation2(ft->builder, NULL);
	LLVMPositionBuilder(ft->builder, entry, LLVMGetFirstInstruction(entry));
	local->slot = LLVMBuildAlloca(ft->builder, type, "");
	LLVMBuildStore(ft->builder, llvm_zero(ft->mt, ft->local_types[index]), local->slot);
	LLVMPositionBuilderAtEnd(ft->builder, here);
	LLVMSetCurrentDebugLocation2(ft->builder, location);
	return local->slot;
}

/* A slot is read once at most between two places where control joins: less for LLVM to
 * read, promote and throw away. */
static LLVMValueRef local_value(struct func_translator *ft, uint32_t index)
{
	struct local_entry *local = &ft->locals[index];

	if (!local->value || local->epoch != ft->epoch) {
		local->value = LLVMBuildLoad2(ft->builder,
					      llvm_value_type(ft->mt, ft->local_types[index]),
					      local_slot(ft, index), "");
		local->epoch = ft->epoch;
	}
	return local->value;
}

static void set_local(struct func_translator *ft, uint32_t index, LLVMValueRef value)
{
	struct local_entry *local = &ft->locals[index];

	LLVMBuildStore(ft->builder, value, local_slot(ft, index));
	local->value = value;
	local->epoch = ft->epoch;
}

bool translate_variable(struct func_translator *ft, const struct wasm_instr *instr)
{
	struct module_translator *mt = ft->mt;

	switch (instr->op) {
	case WASM_OP_I32_CONST:
		push(ft, const_u32(mt, (uint32_t)instr->i32));
		return true;
	case WASM_OP_I64_CONST:
		push(ft, const_u64(mt, (uint64_t)instr->i64));
		return true;
	case WASM_OP_F32_CONST:
		push(ft, float_constant(mt, false, instr->f32_bits));
		return true;
	case WASM_OP_F64_CONST:
		push(ft, float_constant(mt, true, instr->f64_bits));
		return true;
	case WASM_OP_LOCAL_GET:
		push(ft, local_value(ft, instr->index));
		return true;
	case WASM_OP_LOCAL_SET:
		set_local(ft, instr->index, pop(ft));
		return true;
	case WASM_OP_LOCAL_TEE:
		set_local(ft, instr->index, ft->stack[ft->stack_size - 1]);
		return true;
	case WASM_OP_GLOBAL_GET:
		translate_global_get(ft, instr->index);
		return true;
	case WASM_OP_GLOBAL_SET:
		translate_global_set(ft, instr->index);
		return true;
	case WASM_OP_DROP:
		pop(ft);
		return true;
	case WASM_OP_SELECT:
	case WASM_OP_SELECT_T:
		translate_select(ft);
		return true;
	default:
		return false;
	}
}
