/* Loads, stores, memory.size and memory.grow. */
#include "translate.h"

/* Wasm's alignment is a hint only: align 1 is what always holds. */
LLVMValueRef linear_load(struct func_translator *ft, const struct wasm_instr *instr,
			 LLVMTypeRef type, uint32_t size)
{
	LLVMValueRef address = linear_address(ft, pop(ft), &instr->memarg, size);
	LLVMValueRef load;

	debug_location(ft, ft->offset);
	load = LLVMBuildLoad2(ft->builder, type, address, "");
	LLVMSetAlignment(load, 1);
	set_tbaa(load, linear_tbaa(ft->mt, instr->memarg.memory), ft->mt);
	/* The optimiser may drop a load whose value nobody needs, and its trap with
	 * it; but not where the module drops the value in so many words. */
	if (ft->next_op == WASM_OP_DROP)
		LLVMSetVolatile(load, true);
	debug_location(ft, 0);
	return load;
}

static void load(struct func_translator *ft, const struct wasm_instr *instr, LLVMTypeRef type,
		 uint32_t size)
{
	push(ft, linear_load(ft, instr, type, size));
}

static void load_signed(struct func_translator *ft, const struct wasm_instr *instr,
			LLVMTypeRef narrow, LLVMTypeRef type)
{
	LLVMValueRef value = linear_load(ft, instr, narrow, LLVMGetIntTypeWidth(narrow) / 8);

	push(ft, LLVMBuildSExt(ft->builder, value, type, ""));
}

static void load_unsigned(struct func_translator *ft, const struct wasm_instr *instr,
			  LLVMTypeRef narrow, LLVMTypeRef type)
{
	LLVMValueRef value = linear_load(ft, instr, narrow, LLVMGetIntTypeWidth(narrow) / 8);

	push(ft, LLVMBuildZExt(ft->builder, value, type, ""));
}

void linear_store(struct func_translator *ft, const struct wasm_instr *instr, LLVMValueRef value,
		  uint32_t size)
{
	LLVMValueRef address = linear_address(ft, pop(ft), &instr->memarg, size);
	LLVMValueRef store;

	debug_location(ft, ft->offset);
	store = LLVMBuildStore(ft->builder, value, address);
	LLVMSetAlignment(store, 1);
	set_tbaa(store, linear_tbaa(ft->mt, instr->memarg.memory), ft->mt);
	debug_location(ft, 0);
}

static void store(struct func_translator *ft, const struct wasm_instr *instr, uint32_t size)
{
	linear_store(ft, instr, pop(ft), size);
}

static void store_low(struct func_translator *ft, const struct wasm_instr *instr, LLVMTypeRef narrow)
{
	LLVMValueRef value = LLVMBuildTrunc(ft->builder, pop(ft), narrow, "");

	linear_store(ft, instr, value, LLVMGetIntTypeWidth(narrow) / 8);
}

static LLVMTypeRef address_type(struct module_translator *mt, uint32_t memory)
{
	return llvm_value_type(mt, mt->wasm->memories[memory].type.limits.address);
}

static void memory_size(struct func_translator *ft, uint32_t memory)
{
	LLVMValueRef pages = load_memory_field(ft, memory, MEMORY_PAGES);

	push(ft, LLVMBuildTrunc(ft->builder, pages, address_type(ft->mt, memory), ""));
}

/* The host's UINT64_MAX for "cannot" becomes Wasm's -1. */
static void memory_grow(struct func_translator *ft, uint32_t memory)
{
	struct module_translator *mt = ft->mt;
	LLVMTypeRef params[] = { mt->ptr, mt->i64 };
	LLVMTypeRef type = LLVMFunctionType(mt->i64, params, 2, false);
	LLVMValueRef args[] = { mt->memories[memory], widen_index(ft, pop(ft)) };
	LLVMValueRef old;

	debug_location(ft, ft->offset);
	old = LLVMBuildCall2(ft->builder, type, external_function(mt, "walnut_memory_grow", type),
			     args, 2, "");
	debug_location(ft, 0);
	push(ft, LLVMBuildTrunc(ft->builder, old, address_type(mt, memory), ""));
}

static bool translate_narrow_access(struct func_translator *ft, const struct wasm_instr *instr)
{
	struct module_translator *mt = ft->mt;

	switch (instr->op) {
	case WASM_OP_I32_LOAD8_S:
		load_signed(ft, instr, mt->i8, mt->i32);
		return true;
	case WASM_OP_I32_LOAD8_U:
		load_unsigned(ft, instr, mt->i8, mt->i32);
		return true;
	case WASM_OP_I32_LOAD16_S:
		load_signed(ft, instr, mt->i16, mt->i32);
		return true;
	case WASM_OP_I32_LOAD16_U:
		load_unsigned(ft, instr, mt->i16, mt->i32);
		return true;
	case WASM_OP_I64_LOAD8_S:
		load_signed(ft, instr, mt->i8, mt->i64);
		return true;
	case WASM_OP_I64_LOAD8_U:
		load_unsigned(ft, instr, mt->i8, mt->i64);
		return true;
	case WASM_OP_I64_LOAD16_S:
		load_signed(ft, instr, mt->i16, mt->i64);
		return true;
	case WASM_OP_I64_LOAD16_U:
		load_unsigned(ft, instr, mt->i16, mt->i64);
		return true;
	case WASM_OP_I64_LOAD32_S:
		load_signed(ft, instr, mt->i32, mt->i64);
		return true;
	case WASM_OP_I64_LOAD32_U:
		load_unsigned(ft, instr, mt->i32, mt->i64);
		return true;
	case WASM_OP_I32_STORE8:
	case WASM_OP_I64_STORE8:
		store_low(ft, instr, mt->i8);
		return true;
	case WASM_OP_I32_STORE16:
	case WASM_OP_I64_STORE16:
		store_low(ft, instr, mt->i16);
		return true;
	case WASM_OP_I64_STORE32:
		store_low(ft, instr, mt->i32);
		return true;
	default:
		return false;
	}
}

bool translate_memory(struct func_translator *ft, const struct wasm_instr *instr)
{
	struct module_translator *mt = ft->mt;

	switch (instr->op) {
	case WASM_OP_I32_LOAD:
		load(ft, instr, mt->i32, 4);
		return true;
	case WASM_OP_I64_LOAD:
		load(ft, instr, mt->i64, 8);
		return true;
	case WASM_OP_F32_LOAD:
		load(ft, instr, mt->f32, 4);
		return true;
	case WASM_OP_F64_LOAD:
		load(ft, instr, mt->f64, 8);
		return true;
	case WASM_OP_I32_STORE:
	case WASM_OP_F32_STORE:
		store(ft, instr, 4);
		return true;
	case WASM_OP_I64_STORE:
	case WASM_OP_F64_STORE:
		store(ft, instr, 8);
		return true;
	case WASM_OP_MEMORY_SIZE:
		memory_size(ft, instr->index);
		return true;
	case WASM_OP_MEMORY_GROW:
		memory_grow(ft, instr->index);
		return true;
	default:
		return translate_narrow_access(ft, instr);
	}
}
