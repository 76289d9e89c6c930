/* Conversions between integer and floating-point lanes. */
#include "simd.h"

/* `lanes` (half a vector) with zeros behind. */
static LLVMValueRef with_zeros(struct func_translator *ft, LLVMValueRef lanes)
{
	LLVMValueRef mask[4];

	for (unsigned i = 0; i < 4; i++)
		mask[i] = const_u32(ft->mt, i);
	return LLVMBuildShuffleVector(ft->builder, lanes, LLVMConstNull(LLVMTypeOf(lanes)),
				      LLVMConstVector(mask, 4), "");
}

/* Where a lane is a NaN, zero, else `value`'s. */
static LLVMValueRef unless_nan(struct func_translator *ft, LLVMValueRef lanes, LLVMValueRef value)
{
	LLVMValueRef ordered = LLVMBuildFCmp(ft->builder, LLVMRealORD, lanes, lanes, "");

	return LLVMBuildSelect(ft->builder, ordered, value, LLVMConstNull(LLVMTypeOf(value)), "");
}

/* CVTTPS2DQ gives the minimum for whatever does not fit. For what is too large, all
 * its bits are flipped. */
static void trunc_sat_s32(struct func_translator *ft)
{
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef value = simd_pop(ft, F32X4);
	LLVMValueRef number = unless_nan(ft, value, value);
	LLVMValueRef result = simd_x86(ft, "llvm.x86.sse2.cvttps2dq", number, NULL);
	LLVMValueRef large = LLVMBuildFCmp(b, LLVMRealOGE, value, simd_const_real(ft, F32X4, 0x1p31), "");

	simd_push(ft, LLVMBuildXor(b, result, simd_mask(ft, large, I32X4), ""));
}

/* Zero for a NaN also. */
static LLVMValueRef at_least_zero(struct func_translator *ft, LLVMValueRef value)
{
	return simd_float_max(ft, value, LLVMConstNull(LLVMTypeOf(value)));
}

/* Two signed conversions: of the value, right up to 2^31 and 2^31 from there on; and
 * of what it has above 2^31, at least 0 and saturated at 2^31 - 1. */
static void trunc_sat_u32(struct func_translator *ft)
{
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef number = at_least_zero(ft, simd_pop(ft, F32X4));
	LLVMValueRef limit = simd_const_real(ft, F32X4, 0x1p31);
	LLVMValueRef excess = LLVMBuildFSub(b, number, limit, "");
	LLVMValueRef large = LLVMBuildFCmp(b, LLVMRealOGE, excess, limit, "");
	LLVMValueRef low = simd_x86(ft, "llvm.x86.sse2.cvttps2dq", number, NULL);
	LLVMValueRef high = simd_x86(ft, "llvm.x86.sse2.cvttps2dq", excess, NULL);
	LLVMValueRef args[] = {
		LLVMBuildXor(b, high, simd_mask(ft, large, I32X4), ""),
		LLVMConstNull(simd_type(ft, I32X4)),
	};

	high = build_intrinsic(ft, "llvm.smax", simd_type(ft, I32X4), args, 2);
	simd_push(ft, LLVMBuildAdd(b, low, high, ""));
}

/* MINPD takes its second operand, a limit that is zero there, for a NaN. What is too
 * small CVTTPD2DQ makes the minimum; it clears the upper lanes. */
static void trunc_sat_s64(struct func_translator *ft)
{
	LLVMValueRef value = simd_pop(ft, F64X2);
	LLVMValueRef limit = unless_nan(ft, value, simd_const_real(ft, F64X2, 2147483647.0));

	simd_push(ft, simd_x86(ft, "llvm.x86.sse2.cvttpd2dq", simd_float_min(ft, value, limit), NULL));
}

/* Added to 2^52, an integer below 2^32 stands in the sum's low bits. */
static void trunc_sat_u64(struct func_translator *ft)
{
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef value = at_least_zero(ft, simd_pop(ft, F64X2));
	LLVMValueRef whole = simd_float_min(ft, value, simd_const_real(ft, F64X2, 4294967295.0));
	LLVMValueRef sum;

	whole = build_intrinsic(ft, "llvm.trunc", simd_type(ft, F64X2), &whole, 1);
	sum = LLVMBuildFAdd(b, whole, simd_const_real(ft, F64X2, 0x1p52), "");
	simd_push(ft, with_zeros(ft, simd_some_lanes(ft, simd_cast(ft, sum, I32X4), 0, 2, 2)));
}

static void convert(struct func_translator *ft, LLVMOpcode opcode)
{
	simd_push(ft, LLVMBuildCast(ft->builder, opcode, simd_pop(ft, I32X4), simd_type(ft, F32X4), ""));
}

static void convert_low(struct func_translator *ft, LLVMOpcode opcode, enum simd_shape from)
{
	LLVMValueRef low = simd_some_lanes(ft, simd_pop(ft, from), 0, 1, 2);

	simd_push(ft, LLVMBuildCast(ft->builder, opcode, low, simd_type(ft, F64X2), ""));
}

/* As with scalars (conversion.c), a demotion right behind a promotion would fold to
 * nothing and let a signalling NaN through. */
static void demote(struct func_translator *ft)
{
	LLVMTypeRef half = LLVMVectorType(ft->mt->f32, 2);
	LLVMValueRef value = simd_pop(ft, F64X2), result;

	if (LLVMIsAFPExtInst(value)) {
		LLVMValueRef ones = simd_hide_identity(ft, simd_const_real(ft, F32X4, 1.0));

		result = LLVMBuildFMul(ft->builder, LLVMGetOperand(value, 0),
				       simd_some_lanes(ft, ones, 0, 1, 2), "");
	} else {
		result = LLVMBuildFPTrunc(ft->builder, value, half, "");
	}
	simd_push(ft, with_zeros(ft, result));
}

bool translate_simd_convert(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_I32X4_TRUNC_SAT_F32X4_S:
		trunc_sat_s32(ft);
		return true;
	case WASM_OP_I32X4_TRUNC_SAT_F32X4_U:
	case WASM_OP_I32X4_RELAXED_TRUNC_F32X4_U:
		trunc_sat_u32(ft);
		return true;
	case WASM_OP_I32X4_TRUNC_SAT_F64X2_S_ZERO:
		trunc_sat_s64(ft);
		return true;
	case WASM_OP_I32X4_TRUNC_SAT_F64X2_U_ZERO:
	case WASM_OP_I32X4_RELAXED_TRUNC_F64X2_U_ZERO:
		trunc_sat_u64(ft);
		return true;
	case WASM_OP_F32X4_CONVERT_I32X4_S:
		convert(ft, LLVMSIToFP);
		return true;
	case WASM_OP_F32X4_CONVERT_I32X4_U:
		convert(ft, LLVMUIToFP);
		return true;
	case WASM_OP_F64X2_CONVERT_LOW_I32X4_S:
		convert_low(ft, LLVMSIToFP, I32X4);
		return true;
	case WASM_OP_F64X2_CONVERT_LOW_I32X4_U:
		convert_low(ft, LLVMUIToFP, I32X4);
		return true;
	case WASM_OP_F64X2_PROMOTE_LOW_F32X4:
		convert_low(ft, LLVMFPExt, F32X4);
		return true;
	case WASM_OP_F32X4_DEMOTE_F64X2_ZERO:
		demote(ft);
		return true;
	default:
		return false;
	}
}
