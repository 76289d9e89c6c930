/* Constants, splats, single lanes, shuffles, and what treats a vector as 128 bits. */
#include "simd.h"

static void splat(struct func_translator *ft, enum simd_shape shape)
{
	LLVMTypeRef lane = simd_lane_type(ft, shape);
	LLVMValueRef value = pop(ft);

	if (LLVMTypeOf(value) != lane)
		value = LLVMBuildTrunc(ft->builder, value, lane, "");
	simd_push(ft, simd_splat(ft, shape, value));
}

static LLVMValueRef extract(struct func_translator *ft, const struct wasm_instr *instr,
			    enum simd_shape shape)
{
	return LLVMBuildExtractElement(ft->builder, simd_pop(ft, shape),
				       const_u32(ft->mt, instr->lane), "");
}

static void extract_extended(struct func_translator *ft, const struct wasm_instr *instr,
			     enum simd_shape shape, bool is_signed)
{
	LLVMValueRef lane = extract(ft, instr, shape);

	push(ft, is_signed ? LLVMBuildSExt(ft->builder, lane, ft->mt->i32, "")
			   : LLVMBuildZExt(ft->builder, lane, ft->mt->i32, ""));
}

static void replace(struct func_translator *ft, const struct wasm_instr *instr,
		    enum simd_shape shape)
{
	LLVMTypeRef lane = simd_lane_type(ft, shape);
	LLVMValueRef value = pop(ft), vector = simd_pop(ft, shape);

	if (LLVMTypeOf(value) != lane)
		value = LLVMBuildTrunc(ft->builder, value, lane, "");
	simd_push(ft, LLVMBuildInsertElement(ft->builder, vector, value,
					     const_u32(ft->mt, instr->lane), ""));
}

static void shuffle(struct func_translator *ft, const struct wasm_instr *instr)
{
	LLVMValueRef right = simd_pop(ft, I8X16), left = simd_pop(ft, I8X16), mask[16];

	for (unsigned i = 0; i < 16; i++)
		mask[i] = const_u32(ft->mt, instr->v128[i]);
	simd_push(ft, LLVMBuildShuffleVector(ft->builder, left, right, LLVMConstVector(mask, 16), ""));
}

/* PSHUFB gives zero where the index has its top bit, else takes it modulo 16. Adding
 * 0x70 with saturation sets that bit for every index from 16 on. */
static void swizzle(struct func_translator *ft)
{
	LLVMValueRef args[] = { simd_pop(ft, I8X16), simd_const_int(ft, I8X16, 0x70) };
	LLVMValueRef indices = build_intrinsic(ft, "llvm.uadd.sat", simd_type(ft, I8X16), args, 2);

	simd_push(ft, simd_x86(ft, "llvm.x86.ssse3.pshuf.b.128", simd_pop(ft, I8X16), indices));
}

static void bitwise(struct func_translator *ft, LLVMOpcode opcode)
{
	LLVMValueRef right = pop(ft), left = pop(ft);

	push(ft, LLVMBuildBinOp(ft->builder, opcode, left, right, ""));
}

static void and_not(struct func_translator *ft)
{
	LLVMValueRef right = pop(ft), left = pop(ft);

	push(ft, LLVMBuildAnd(ft->builder, left, LLVMBuildNot(ft->builder, right, ""), ""));
}

static void bit_select(struct func_translator *ft)
{
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef mask = pop(ft), otherwise = pop(ft), then = pop(ft);
	LLVMValueRef taken = LLVMBuildAnd(b, then, mask, "");
	LLVMValueRef rest = LLVMBuildAnd(b, otherwise, LLVMBuildNot(b, mask, ""), "");

	push(ft, LLVMBuildOr(b, taken, rest, ""));
}

/* One bit for each lane, lane 0 the lowest, as an integer. */
static LLVMValueRef lane_bits(struct func_translator *ft, LLVMValueRef flags, enum simd_shape shape)
{
	LLVMTypeRef type = LLVMIntTypeInContext(ft->mt->context, simd_lane_count(shape));

	return LLVMBuildBitCast(ft->builder, flags, type, "");
}

static void push_flag(struct func_translator *ft, LLVMValueRef flag)
{
	push(ft, LLVMBuildZExt(ft->builder, flag, ft->mt->i32, ""));
}

static void any_true(struct func_translator *ft)
{
	LLVMTypeRef whole = LLVMIntTypeInContext(ft->mt->context, 128);
	LLVMValueRef value = LLVMBuildBitCast(ft->builder, pop(ft), whole, "");

	push_flag(ft, LLVMBuildICmp(ft->builder, LLVMIntNE, value, LLVMConstNull(whole), ""));
}

static void all_true(struct func_translator *ft, enum simd_shape shape)
{
	LLVMValueRef zero = LLVMConstNull(simd_type(ft, shape));
	LLVMValueRef flags = LLVMBuildICmp(ft->builder, LLVMIntEQ, simd_pop(ft, shape), zero, "");
	LLVMValueRef bits = lane_bits(ft, flags, shape);

	push_flag(ft, LLVMBuildICmp(ft->builder, LLVMIntEQ, bits, LLVMConstNull(LLVMTypeOf(bits)), ""));
}

static void bit_mask(struct func_translator *ft, enum simd_shape shape)
{
	LLVMValueRef zero = LLVMConstNull(simd_type(ft, shape));
	LLVMValueRef flags = LLVMBuildICmp(ft->builder, LLVMIntSLT, simd_pop(ft, shape), zero, "");

	push_flag(ft, lane_bits(ft, flags, shape));
}

static bool translate_single_lane(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_I8X16_EXTRACT_LANE_S:
	case WASM_OP_I8X16_EXTRACT_LANE_U:
		extract_extended(ft, instr, I8X16, instr->op == WASM_OP_I8X16_EXTRACT_LANE_S);
		return true;
	case WASM_OP_I16X8_EXTRACT_LANE_S:
	case WASM_OP_I16X8_EXTRACT_LANE_U:
		extract_extended(ft, instr, I16X8, instr->op == WASM_OP_I16X8_EXTRACT_LANE_S);
		return true;
	case WASM_OP_I32X4_EXTRACT_LANE:
		push(ft, extract(ft, instr, I32X4));
		return true;
	case WASM_OP_I64X2_EXTRACT_LANE:
		push(ft, extract(ft, instr, I64X2));
		return true;
	case WASM_OP_F32X4_EXTRACT_LANE:
		push(ft, extract(ft, instr, F32X4));
		return true;
	case WASM_OP_F64X2_EXTRACT_LANE:
		push(ft, extract(ft, instr, F64X2));
		return true;
	case WASM_OP_I8X16_REPLACE_LANE:
		replace(ft, instr, I8X16);
		return true;
	case WASM_OP_I16X8_REPLACE_LANE:
		replace(ft, instr, I16X8);
		return true;
	case WASM_OP_I32X4_REPLACE_LANE:
		replace(ft, instr, I32X4);
		return true;
	case WASM_OP_I64X2_REPLACE_LANE:
		replace(ft, instr, I64X2);
		return true;
	case WASM_OP_F32X4_REPLACE_LANE:
		replace(ft, instr, F32X4);
		return true;
	case WASM_OP_F64X2_REPLACE_LANE:
		replace(ft, instr, F64X2);
		return true;
	default:
		return false;
	}
}

static bool translate_splat(struct func_translator *ft, enum wasm_op op)
{
	switch (op) {
	case WASM_OP_I8X16_SPLAT:
		splat(ft, I8X16);
		return true;
	case WASM_OP_I16X8_SPLAT:
		splat(ft, I16X8);
		return true;
	case WASM_OP_I32X4_SPLAT:
		splat(ft, I32X4);
		return true;
	case WASM_OP_I64X2_SPLAT:
		splat(ft, I64X2);
		return true;
	case WASM_OP_F32X4_SPLAT:
		splat(ft, F32X4);
		return true;
	case WASM_OP_F64X2_SPLAT:
		splat(ft, F64X2);
		return true;
	default:
		return false;
	}
}

static bool translate_test(struct func_translator *ft, enum wasm_op op)
{
	switch (op) {
	case WASM_OP_V128_ANY_TRUE:
		any_true(ft);
		return true;
	case WASM_OP_I8X16_ALL_TRUE:
		all_true(ft, I8X16);
		return true;
	case WASM_OP_I16X8_ALL_TRUE:
		all_true(ft, I16X8);
		return true;
	case WASM_OP_I32X4_ALL_TRUE:
		all_true(ft, I32X4);
		return true;
	case WASM_OP_I64X2_ALL_TRUE:
		all_true(ft, I64X2);
		return true;
	case WASM_OP_I8X16_BITMASK:
		bit_mask(ft, I8X16);
		return true;
	case WASM_OP_I16X8_BITMASK:
		bit_mask(ft, I16X8);
		return true;
	case WASM_OP_I32X4_BITMASK:
		bit_mask(ft, I32X4);
		return true;
	case WASM_OP_I64X2_BITMASK:
		bit_mask(ft, I64X2);
		return true;
	default:
		return false;
	}
}

bool translate_simd_lane(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_V128_CONST:
		push(ft, simd_const_bytes(ft->mt, instr->v128));
		return true;
	case WASM_OP_I8X16_SHUFFLE:
		shuffle(ft, instr);
		return true;
	case WASM_OP_I8X16_SWIZZLE:
		swizzle(ft);
		return true;
	case WASM_OP_V128_NOT:
		push(ft, LLVMBuildNot(ft->builder, pop(ft), ""));
		return true;
	case WASM_OP_V128_AND:
		bitwise(ft, LLVMAnd);
		return true;
	case WASM_OP_V128_ANDNOT:
		and_not(ft);
		return true;
	case WASM_OP_V128_OR:
		bitwise(ft, LLVMOr);
		return true;
	case WASM_OP_V128_XOR:
		bitwise(ft, LLVMXor);
		return true;
	case WASM_OP_V128_BITSELECT:
		bit_select(ft);
		return true;
	default:
		return translate_single_lane(ft, instr) || translate_splat(ft, instr->op) ||
		       translate_test(ft, instr->op);
	}
}
