/* Loads, stores, memory.size and memory.grow, and the two ways to address linear
 * memory (compiler.h, enum walnut_memory_model).
 *
 * At zero: an address is `walnut.linear` + index + offset. To the optimiser that is
 * a global variable of unknown size, apart from all others, so its alias analysis
 * and loop passes work as they do for C. translate_finish() replaces the variable
 * by null, which leaves index and offset alone in the addressing mode; the MMU
 * checks the bounds.
 * Based: the base and the size come from the memory's descriptor, and every access
 * compares its end with the size, in 64 bits, where nothing overflows. */
#include "translate.h"

#include "app_object.h"

LLVMValueRef load_memory_field(struct func_translator *ft, unsigned field)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef address = LLVMBuildStructGEP2(ft->builder, mt->memory_struct, mt->memories[0],
						   field, "");
	LLVMValueRef load = LLVMBuildLoad2(ft->builder, field == MEMORY_BASE ? mt->ptr : mt->i64,
					   address, "");

	set_tbaa(load, mt->tbaa_host, mt);
	return load;
}

static LLVMValueRef size_bytes(struct func_translator *ft)
{
	LLVMValueRef pages = load_memory_field(ft, MEMORY_PAGES);
	LLVMValueRef size = LLVMBuildMul(ft->builder, pages, const_u64(ft->mt, WALNUT_PAGE_SIZE), "");

	LLVMSetNUW(size, true);
	return size;
}

static LLVMValueRef base_address(struct func_translator *ft)
{
	if (ft->mt->options->memory_model == WALNUT_MEMORY_ZERO)
		return ft->mt->linear_base;
	return load_memory_field(ft, MEMORY_BASE);
}

/* Both below 2^33: neither signed nor unsigned 64-bit arithmetic wraps. */
static LLVMValueRef add_small(struct func_translator *ft, LLVMValueRef left, LLVMValueRef right)
{
	LLVMValueRef sum = LLVMBuildAdd(ft->builder, left, right, "");

	if (LLVMIsAInstruction(sum)) {
		LLVMSetNUW(sum, true);
		LLVMSetNSW(sum, true);
	}
	return sum;
}

static LLVMValueRef advance(struct func_translator *ft, LLVMValueRef base, LLVMValueRef bytes)
{
	return LLVMBuildInBoundsGEP2(ft->builder, ft->mt->i8, base, &bytes, 1, "");
}

static LLVMValueRef widen(struct func_translator *ft, LLVMValueRef index)
{
	return LLVMBuildZExt(ft->builder, index, ft->mt->i64, "");
}

LLVMValueRef linear_address(struct func_translator *ft, LLVMValueRef index, uint64_t offset,
			    uint32_t size)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef wide = widen(ft, index), end, out_of_bounds;

	if (mt->options->memory_model == WALNUT_MEMORY_ZERO) {
		LLVMValueRef address = advance(ft, mt->linear_base, wide);

		return offset ? advance(ft, address, const_u64(mt, offset)) : address;
	}
	end = add_small(ft, wide, const_u64(mt, offset + size));
	out_of_bounds = LLVMBuildICmp(ft->builder, LLVMIntUGT, end, size_bytes(ft), "");
	trap_if(ft, out_of_bounds, WALNUT_TRAP_MEMORY_OUT_OF_BOUNDS);
	return advance(ft, base_address(ft), add_small(ft, wide, const_u64(mt, offset)));
}

LLVMValueRef linear_range(struct func_translator *ft, LLVMValueRef index, LLVMValueRef size)
{
	LLVMValueRef wide = widen(ft, index);
	LLVMValueRef end = add_small(ft, wide, size);

	trap_if(ft, LLVMBuildICmp(ft->builder, LLVMIntUGT, end, size_bytes(ft), ""),
		WALNUT_TRAP_MEMORY_OUT_OF_BOUNDS);
	return advance(ft, base_address(ft), wide);
}

/* Wasm's alignment is a hint only: align 1 is what always holds. */
static LLVMValueRef build_load(struct func_translator *ft, const struct wasm_instr *instr,
			       LLVMTypeRef type, uint32_t size)
{
	LLVMValueRef address = linear_address(ft, pop(ft), instr->memarg.offset, size);
	LLVMValueRef load;

	debug_location(ft, ft->offset);
	load = LLVMBuildLoad2(ft->builder, type, address, "");
	LLVMSetAlignment(load, 1);
	set_tbaa(load, ft->mt->tbaa_linear, ft->mt);
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
	push(ft, build_load(ft, instr, type, size));
}

static void load_signed(struct func_translator *ft, const struct wasm_instr *instr,
			LLVMTypeRef narrow, LLVMTypeRef type)
{
	LLVMValueRef value = build_load(ft, instr, narrow, LLVMGetIntTypeWidth(narrow) / 8);

	push(ft, LLVMBuildSExt(ft->builder, value, type, ""));
}

static void load_unsigned(struct func_translator *ft, const struct wasm_instr *instr,
			  LLVMTypeRef narrow, LLVMTypeRef type)
{
	LLVMValueRef value = build_load(ft, instr, narrow, LLVMGetIntTypeWidth(narrow) / 8);

	push(ft, LLVMBuildZExt(ft->builder, value, type, ""));
}

static void build_store(struct func_translator *ft, const struct wasm_instr *instr,
			LLVMValueRef value, uint32_t size)
{
	LLVMValueRef address = linear_address(ft, pop(ft), instr->memarg.offset, size);
	LLVMValueRef store;

	debug_location(ft, ft->offset);
	store = LLVMBuildStore(ft->builder, value, address);
	LLVMSetAlignment(store, 1);
	set_tbaa(store, ft->mt->tbaa_linear, ft->mt);
	debug_location(ft, 0);
}

static void store(struct func_translator *ft, const struct wasm_instr *instr, uint32_t size)
{
	build_store(ft, instr, pop(ft), size);
}

static void store_low(struct func_translator *ft, const struct wasm_instr *instr, LLVMTypeRef narrow)
{
	LLVMValueRef value = LLVMBuildTrunc(ft->builder, pop(ft), narrow, "");

	build_store(ft, instr, value, LLVMGetIntTypeWidth(narrow) / 8);
}

static void memory_size(struct func_translator *ft)
{
	LLVMValueRef pages = load_memory_field(ft, MEMORY_PAGES);

	push(ft, LLVMBuildTrunc(ft->builder, pages, ft->mt->i32, ""));
}

/* The host's UINT64_MAX for "cannot" becomes Wasm's -1. */
static void memory_grow(struct func_translator *ft)
{
	struct module_translator *mt = ft->mt;
	LLVMTypeRef params[] = { mt->ptr, mt->i64 };
	LLVMTypeRef type = LLVMFunctionType(mt->i64, params, 2, false);
	LLVMValueRef args[] = { mt->memories[0], widen(ft, pop(ft)) };
	LLVMValueRef old;

	debug_location(ft, ft->offset);
	old = LLVMBuildCall2(ft->builder, type, external_function(mt, "walnut_memory_grow", type),
			     args, 2, "");
	debug_location(ft, 0);
	push(ft, LLVMBuildTrunc(ft->builder, old, mt->i32, ""));
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
		memory_size(ft);
		return true;
	case WASM_OP_MEMORY_GROW:
		memory_grow(ft);
		return true;
	default:
		return translate_narrow_access(ft, instr);
	}
}
