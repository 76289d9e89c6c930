/* Addresses in linear memories.
 *
 * At zero (memory 0, when the memory model is `zero` and its indices have 32 bits): an
 * address is `walnut.linear` + index + offset. To the optimiser that is a global
 * variable of unknown size, apart from all others, so its alias analysis and loop
 * passes work as they do for C. translate_finish() replaces the variable by null, which
 * leaves index and offset alone in the addressing mode; the MMU checks the bounds.
 * Guarded (further memories with 32-bit indices, same model): the base comes from the
 * memory's descriptor, and all that index and offset can reach from there faults where
 * it is not the memory's.
 * Checked (indices of 64 bits, and everything in the model `based`): every access
 * compares its end with the memory's size. */
#include "translate.h"

#include "app_object.h"

#define LIMITS(ft, memory) (&(ft)->mt->wasm->memories[memory].type.limits)

enum memory_addressing memory_addressing(const struct module_translator *mt, uint32_t memory)
{
	if (mt->options->memory_model != WALNUT_MEMORY_ZERO ||
	    mt->wasm->memories[memory].type.limits.address == WASM_I64)
		return MEMORY_CHECKED;
	return memory == 0 ? MEMORY_AT_ZERO : MEMORY_GUARDED;
}

LLVMValueRef load_memory_field(struct func_translator *ft, uint32_t memory, unsigned field)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef address = LLVMBuildStructGEP2(ft->builder, mt->memory_struct,
						   mt->memories[memory], field, "");
	LLVMValueRef load = LLVMBuildLoad2(ft->builder, field == MEMORY_BASE ? mt->ptr : mt->i64,
					   address, "");

	set_tbaa(load, mt->tbaa_host, mt);
	return load;
}

/* The base never changes, and no code that uses it runs before it is known: see
 * build_instantiate(). */
static LLVMValueRef base_address(struct func_translator *ft, uint32_t memory)
{
	LLVMValueRef base;

	if (memory_addressing(ft->mt, memory) == MEMORY_AT_ZERO)
		return ft->mt->linear_base;
	base = load_memory_field(ft, memory, MEMORY_BASE);
	set_invariant(base, ft->mt);
	return base;
}

/* Bytes that the memory has at least; contract and validation keep it below 2^63. */
static uint64_t least_bytes(const struct wasm_limits *limits)
{
	return limits->min < WALNUT_MEMORY64_PAGES_MAX ? limits->min * WALNUT_PAGE_SIZE : 0;
}

static LLVMValueRef size_bytes(struct func_translator *ft, uint32_t memory)
{
	const struct wasm_limits *limits = LIMITS(ft, memory);

	if (limits->has_max && limits->max == limits->min && least_bytes(limits))
		return const_u64(ft->mt, least_bytes(limits));
	return load_memory_field(ft, memory, MEMORY_SIZE);
}

/* Below 2^63: neither signed nor unsigned 64-bit arithmetic wraps. */
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

LLVMValueRef widen_index(struct func_translator *ft, LLVMValueRef index)
{
	return LLVMBuildZExt(ft->builder, index, ft->mt->i64, "");
}

LLVMValueRef past_end(struct func_translator *ft, const struct wasm_limits *limits,
		      LLVMValueRef start, LLVMValueRef count, LLVMValueRef size)
{
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef room, too_many, too_late;

	if (limits->address == WASM_I32)
		return LLVMBuildICmp(b, LLVMIntUGT, add_small(ft, start, count), size, "");
	room = LLVMBuildSub(b, size, count, "");
	too_many = LLVMBuildICmp(b, LLVMIntUGT, count, size, "");
	too_late = LLVMBuildICmp(b, LLVMIntUGT, start, room, "");
	return LLVMBuildOr(b, too_many, too_late, "");
}

/* Whether `bytes` (a constant) from `index` on reach past the end of the memory. */
static LLVMValueRef access_past_end(struct func_translator *ft, uint32_t memory, LLVMValueRef index,
				    uint64_t bytes)
{
	const struct wasm_limits *limits = LIMITS(ft, memory);
	LLVMValueRef size = size_bytes(ft, memory), room;

	if (limits->address == WASM_I32 || bytes > least_bytes(limits))
		return past_end(ft, limits, index, const_u64(ft->mt, bytes), size);
	/* The memory has that many bytes for certain: one comparison does. */
	room = LLVMBuildSub(ft->builder, size, const_u64(ft->mt, bytes), "");
	return LLVMBuildICmp(ft->builder, LLVMIntUGT, index, room, "");
}

LLVMValueRef linear_address(struct func_translator *ft, LLVMValueRef index,
			    const struct wasm_memarg *memarg, uint32_t size)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef wide = widen_index(ft, index), address, out_of_bounds;
	uint64_t bytes;

	if (memory_addressing(mt, memarg->memory) == MEMORY_CHECKED) {
		if (__builtin_add_overflow(memarg->offset, size, &bytes))
			out_of_bounds = LLVMConstInt(mt->i1, 1, false);
		else
			out_of_bounds = access_past_end(ft, memarg->memory, wide, bytes);
		trap_if(ft, out_of_bounds, WALNUT_TRAP_MEMORY_OUT_OF_BOUNDS);
	}
	address = advance(ft, base_address(ft, memarg->memory), wide);
	return memarg->offset ? advance(ft, address, const_u64(mt, memarg->offset)) : address;
}

LLVMValueRef linear_range(struct func_translator *ft, uint32_t memory, LLVMValueRef index,
			  LLVMValueRef size)
{
	LLVMValueRef start = widen_index(ft, index);

	trap_if(ft, past_end(ft, LIMITS(ft, memory), start, size, size_bytes(ft, memory)),
		WALNUT_TRAP_MEMORY_OUT_OF_BOUNDS);
	return advance(ft, base_address(ft, memory), start);
}
