/* Relaxed vector instructions: those whose result the specification leaves to the
 * implementation for some operands. Ours is what the plainest x86 instruction gives,
 * whatever the level of optimisation; docs/app-object.md says what that is. */
#include "simd.h"

/* Without FMA in the target, product and sum are rounded each. */
static void multiply_add(struct func_translator *ft, enum simd_shape shape, bool negated)
{
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef sum = simd_pop(ft, shape), right = simd_pop(ft, shape);
	LLVMValueRef left = simd_pop(ft, shape);
	LLVMValueRef args[] = { negated ? LLVMBuildFNeg(b, left, "") : left, right, sum };

	for (unsigned i = 0; i < 3; i++)
		args[i] = simd_hide_identity(ft, args[i]);
	if (ft->mt->has_fma)
		simd_push(ft, build_intrinsic(ft, "llvm.fma", simd_type(ft, shape), args, 3));
	else
		simd_push(ft, LLVMBuildFAdd(b, LLVMBuildFMul(b, args[0], args[1], ""), args[2], ""));
}

/* By the top bit of each lane of the mask: PBLENDVB, BLENDVPS, BLENDVPD. */
static void lane_select(struct func_translator *ft, enum simd_shape shape)
{
	LLVMValueRef mask = simd_pop(ft, shape), otherwise = simd_pop(ft, shape);
	LLVMValueRef then = simd_pop(ft, shape), zero = LLVMConstNull(simd_type(ft, shape));
	LLVMValueRef taken = LLVMBuildICmp(ft->builder, LLVMIntSLT, mask, zero, "");

	simd_push(ft, LLVMBuildSelect(ft->builder, taken, then, otherwise, ""));
}

static void minimum(struct func_translator *ft, enum simd_shape shape)
{
	LLVMValueRef right = simd_pop(ft, shape), left = simd_pop(ft, shape);

	simd_push(ft, simd_float_min(ft, left, right));
}

static void maximum(struct func_translator *ft, enum simd_shape shape)
{
	LLVMValueRef right = simd_pop(ft, shape), left = simd_pop(ft, shape);

	simd_push(ft, simd_float_max(ft, left, right));
}

/* PSHUFB: an index from 128 on gives zero, one below counts modulo 16. */
static void swizzle(struct func_translator *ft)
{
	LLVMValueRef indices = simd_pop(ft, I8X16), vector = simd_pop(ft, I8X16);

	simd_push(ft, simd_x86(ft, "llvm.x86.ssse3.pshuf.b.128", vector, indices));
}

/* PMULHRSW: -1 times -1 is -1. */
static void q15_multiply(struct func_translator *ft)
{
	LLVMValueRef right = simd_pop(ft, I16X8), left = simd_pop(ft, I16X8);

	simd_push(ft, simd_x86(ft, "llvm.x86.ssse3.pmul.hr.sw.128", left, right));
}

/* PMADDUBSW: the second operand unsigned, the sum of two products saturated. */
static LLVMValueRef dot_product(struct func_translator *ft)
{
	LLVMValueRef right = simd_pop(ft, I8X16), left = simd_pop(ft, I8X16);

	return simd_x86(ft, "llvm.x86.ssse3.pmadd.ub.sw.128", right, left);
}

static void dot_product_add(struct func_translator *ft)
{
	LLVMValueRef sum = simd_pop(ft, I32X4), product = dot_product(ft);

	product = simd_x86(ft, "llvm.x86.sse2.pmadd.wd", product, simd_const_int(ft, I16X8, 1));
	simd_push(ft, LLVMBuildAdd(ft->builder, product, sum, ""));
}

static bool translate_relaxed_float(struct func_translator *ft, enum wasm_op op)
{
	switch (op) {
	case WASM_OP_F32X4_RELAXED_MADD:
	case WASM_OP_F32X4_RELAXED_NMADD:
		multiply_add(ft, F32X4, op == WASM_OP_F32X4_RELAXED_NMADD);
		return true;
	case WASM_OP_F64X2_RELAXED_MADD:
	case WASM_OP_F64X2_RELAXED_NMADD:
		multiply_add(ft, F64X2, op == WASM_OP_F64X2_RELAXED_NMADD);
		return true;
	case WASM_OP_F32X4_RELAXED_MIN:
		minimum(ft, F32X4);
		return true;
	case WASM_OP_F64X2_RELAXED_MIN:
		minimum(ft, F64X2);
		return true;
	case WASM_OP_F32X4_RELAXED_MAX:
		maximum(ft, F32X4);
		return true;
	case WASM_OP_F64X2_RELAXED_MAX:
		maximum(ft, F64X2);
		return true;
	/* CVTTPS2DQ and CVTTPD2DQ: the minimum for what does not fit. The unsigned ones
	 * have no such instruction; simd_convert.c saturates them. */
	case WASM_OP_I32X4_RELAXED_TRUNC_F32X4_S:
		simd_push(ft, simd_x86(ft, "llvm.x86.sse2.cvttps2dq", simd_pop(ft, F32X4), NULL));
		return true;
	case WASM_OP_I32X4_RELAXED_TRUNC_F64X2_S_ZERO:
		simd_push(ft, simd_x86(ft, "llvm.x86.sse2.cvttpd2dq", simd_pop(ft, F64X2), NULL));
		return true;
	default:
		return false;
	}
}

bool translate_simd_relaxed(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_I8X16_RELAXED_SWIZZLE:
		swizzle(ft);
		return true;
	case WASM_OP_I8X16_RELAXED_LANESELECT:
		lane_select(ft, I8X16);
		return true;
	case WASM_OP_I16X8_RELAXED_LANESELECT:
		lane_select(ft, I16X8);
		return true;
	case WASM_OP_I32X4_RELAXED_LANESELECT:
		lane_select(ft, I32X4);
		return true;
	case WASM_OP_I64X2_RELAXED_LANESELECT:
		lane_select(ft, I64X2);
		return true;
	case WASM_OP_I16X8_RELAXED_Q15MULR_S:
		q15_multiply(ft);
		return true;
	case WASM_OP_I16X8_RELAXED_DOT_I8X16_I7X16_S:
		simd_push(ft, dot_product(ft));
		return true;
	case WASM_OP_I32X4_RELAXED_DOT_I8X16_I7X16_ADD_S:
		dot_product_add(ft);
		return true;
	default:
		return translate_relaxed_float(ft, instr->op);
	}
}
