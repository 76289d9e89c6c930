/* Integer arithmetic and comparison by lane. */
#include "simd.h"

struct row {
	enum wasm_op op;
	enum simd_shape shape;
	union {
		LLVMOpcode opcode;
		LLVMIntPredicate predicate;
		const char *intrinsic;
	};
};

static const struct row binaries[] = {
	{ WASM_OP_I8X16_ADD, I8X16, .opcode = LLVMAdd },
	{ WASM_OP_I16X8_ADD, I16X8, .opcode = LLVMAdd },
	{ WASM_OP_I32X4_ADD, I32X4, .opcode = LLVMAdd },
	{ WASM_OP_I64X2_ADD, I64X2, .opcode = LLVMAdd },
	{ WASM_OP_I8X16_SUB, I8X16, .opcode = LLVMSub },
	{ WASM_OP_I16X8_SUB, I16X8, .opcode = LLVMSub },
	{ WASM_OP_I32X4_SUB, I32X4, .opcode = LLVMSub },
	{ WASM_OP_I64X2_SUB, I64X2, .opcode = LLVMSub },
	{ WASM_OP_I16X8_MUL, I16X8, .opcode = LLVMMul },
	{ WASM_OP_I32X4_MUL, I32X4, .opcode = LLVMMul },
	{ WASM_OP_I64X2_MUL, I64X2, .opcode = LLVMMul },
};

static const struct row shifts[] = {
	{ WASM_OP_I8X16_SHL, I8X16, .opcode = LLVMShl },
	{ WASM_OP_I16X8_SHL, I16X8, .opcode = LLVMShl },
	{ WASM_OP_I32X4_SHL, I32X4, .opcode = LLVMShl },
	{ WASM_OP_I64X2_SHL, I64X2, .opcode = LLVMShl },
	{ WASM_OP_I8X16_SHR_S, I8X16, .opcode = LLVMAShr },
	{ WASM_OP_I16X8_SHR_S, I16X8, .opcode = LLVMAShr },
	{ WASM_OP_I32X4_SHR_S, I32X4, .opcode = LLVMAShr },
	{ WASM_OP_I64X2_SHR_S, I64X2, .opcode = LLVMAShr },
	{ WASM_OP_I8X16_SHR_U, I8X16, .opcode = LLVMLShr },
	{ WASM_OP_I16X8_SHR_U, I16X8, .opcode = LLVMLShr },
	{ WASM_OP_I32X4_SHR_U, I32X4, .opcode = LLVMLShr },
	{ WASM_OP_I64X2_SHR_U, I64X2, .opcode = LLVMLShr },
};

/* Two operands, overloaded in the vector's type. */
static const struct row intrinsics[] = {
	{ WASM_OP_I8X16_ADD_SAT_S, I8X16, .intrinsic = "llvm.sadd.sat" },
	{ WASM_OP_I16X8_ADD_SAT_S, I16X8, .intrinsic = "llvm.sadd.sat" },
	{ WASM_OP_I8X16_ADD_SAT_U, I8X16, .intrinsic = "llvm.uadd.sat" },
	{ WASM_OP_I16X8_ADD_SAT_U, I16X8, .intrinsic = "llvm.uadd.sat" },
	{ WASM_OP_I8X16_SUB_SAT_S, I8X16, .intrinsic = "llvm.ssub.sat" },
	{ WASM_OP_I16X8_SUB_SAT_S, I16X8, .intrinsic = "llvm.ssub.sat" },
	{ WASM_OP_I8X16_SUB_SAT_U, I8X16, .intrinsic = "llvm.usub.sat" },
	{ WASM_OP_I16X8_SUB_SAT_U, I16X8, .intrinsic = "llvm.usub.sat" },
	{ WASM_OP_I8X16_MIN_S, I8X16, .intrinsic = "llvm.smin" },
	{ WASM_OP_I16X8_MIN_S, I16X8, .intrinsic = "llvm.smin" },
	{ WASM_OP_I32X4_MIN_S, I32X4, .intrinsic = "llvm.smin" },
	{ WASM_OP_I8X16_MIN_U, I8X16, .intrinsic = "llvm.umin" },
	{ WASM_OP_I16X8_MIN_U, I16X8, .intrinsic = "llvm.umin" },
	{ WASM_OP_I32X4_MIN_U, I32X4, .intrinsic = "llvm.umin" },
	{ WASM_OP_I8X16_MAX_S, I8X16, .intrinsic = "llvm.smax" },
	{ WASM_OP_I16X8_MAX_S, I16X8, .intrinsic = "llvm.smax" },
	{ WASM_OP_I32X4_MAX_S, I32X4, .intrinsic = "llvm.smax" },
	{ WASM_OP_I8X16_MAX_U, I8X16, .intrinsic = "llvm.umax" },
	{ WASM_OP_I16X8_MAX_U, I16X8, .intrinsic = "llvm.umax" },
	{ WASM_OP_I32X4_MAX_U, I32X4, .intrinsic = "llvm.umax" },
};

static const struct row comparisons[] = {
	{ WASM_OP_I8X16_EQ, I8X16, .predicate = LLVMIntEQ },
	{ WASM_OP_I16X8_EQ, I16X8, .predicate = LLVMIntEQ },
	{ WASM_OP_I32X4_EQ, I32X4, .predicate = LLVMIntEQ },
	{ WASM_OP_I64X2_EQ, I64X2, .predicate = LLVMIntEQ },
	{ WASM_OP_I8X16_NE, I8X16, .predicate = LLVMIntNE },
	{ WASM_OP_I16X8_NE, I16X8, .predicate = LLVMIntNE },
	{ WASM_OP_I32X4_NE, I32X4, .predicate = LLVMIntNE },
	{ WASM_OP_I64X2_NE, I64X2, .predicate = LLVMIntNE },
	{ WASM_OP_I8X16_LT_S, I8X16, .predicate = LLVMIntSLT },
	{ WASM_OP_I16X8_LT_S, I16X8, .predicate = LLVMIntSLT },
	{ WASM_OP_I32X4_LT_S, I32X4, .predicate = LLVMIntSLT },
	{ WASM_OP_I64X2_LT_S, I64X2, .predicate = LLVMIntSLT },
	{ WASM_OP_I8X16_LT_U, I8X16, .predicate = LLVMIntULT },
	{ WASM_OP_I16X8_LT_U, I16X8, .predicate = LLVMIntULT },
	{ WASM_OP_I32X4_LT_U, I32X4, .predicate = LLVMIntULT },
	{ WASM_OP_I8X16_GT_S, I8X16, .predicate = LLVMIntSGT },
	{ WASM_OP_I16X8_GT_S, I16X8, .predicate = LLVMIntSGT },
	{ WASM_OP_I32X4_GT_S, I32X4, .predicate = LLVMIntSGT },
	{ WASM_OP_I64X2_GT_S, I64X2, .predicate = LLVMIntSGT },
	{ WASM_OP_I8X16_GT_U, I8X16, .predicate = LLVMIntUGT },
	{ WASM_OP_I16X8_GT_U, I16X8, .predicate = LLVMIntUGT },
	{ WASM_OP_I32X4_GT_U, I32X4, .predicate = LLVMIntUGT },
	{ WASM_OP_I8X16_LE_S, I8X16, .predicate = LLVMIntSLE },
	{ WASM_OP_I16X8_LE_S, I16X8, .predicate = LLVMIntSLE },
	{ WASM_OP_I32X4_LE_S, I32X4, .predicate = LLVMIntSLE },
	{ WASM_OP_I64X2_LE_S, I64X2, .predicate = LLVMIntSLE },
	{ WASM_OP_I8X16_LE_U, I8X16, .predicate = LLVMIntULE },
	{ WASM_OP_I16X8_LE_U, I16X8, .predicate = LLVMIntULE },
	{ WASM_OP_I32X4_LE_U, I32X4, .predicate = LLVMIntULE },
	{ WASM_OP_I8X16_GE_S, I8X16, .predicate = LLVMIntSGE },
	{ WASM_OP_I16X8_GE_S, I16X8, .predicate = LLVMIntSGE },
	{ WASM_OP_I32X4_GE_S, I32X4, .predicate = LLVMIntSGE },
	{ WASM_OP_I64X2_GE_S, I64X2, .predicate = LLVMIntSGE },
	{ WASM_OP_I8X16_GE_U, I8X16, .predicate = LLVMIntUGE },
	{ WASM_OP_I16X8_GE_U, I16X8, .predicate = LLVMIntUGE },
	{ WASM_OP_I32X4_GE_U, I32X4, .predicate = LLVMIntUGE },
};

static void shift(struct func_translator *ft, const struct row *row)
{
	/* Wasm takes the count modulo the width; LLVM's result would be poison. */
	LLVMValueRef mask = const_u32(ft->mt, simd_lane_bits(row->shape) - 1);
	LLVMValueRef count = LLVMBuildAnd(ft->builder, pop(ft), mask, "");
	LLVMValueRef value = simd_pop(ft, row->shape);

	count = LLVMBuildIntCast2(ft->builder, count, simd_lane_type(ft, row->shape), false, "");
	count = simd_splat(ft, row->shape, count);
	simd_push(ft, LLVMBuildBinOp(ft->builder, row->opcode, value, count, ""));
}

static void binary(struct func_translator *ft, const struct row *row)
{
	LLVMValueRef right = simd_pop(ft, row->shape), left = simd_pop(ft, row->shape);

	simd_push(ft, LLVMBuildBinOp(ft->builder, row->opcode, left, right, ""));
}

static void intrinsic(struct func_translator *ft, const struct row *row)
{
	LLVMValueRef right = simd_pop(ft, row->shape), left = simd_pop(ft, row->shape);
	LLVMValueRef args[] = { left, right };

	simd_push(ft, build_intrinsic(ft, row->intrinsic, simd_type(ft, row->shape), args, 2));
}

static void compare(struct func_translator *ft, const struct row *row)
{
	LLVMValueRef right = simd_pop(ft, row->shape), left = simd_pop(ft, row->shape);
	LLVMValueRef flags = LLVMBuildICmp(ft->builder, row->predicate, left, right, "");

	simd_push(ft, simd_mask(ft, flags, row->shape));
}

/* The minimum stays what it is; nothing is poison. */
static void absolute(struct func_translator *ft, enum simd_shape shape)
{
	LLVMValueRef args[] = { simd_pop(ft, shape), LLVMConstInt(ft->mt->i1, 0, false) };

	simd_push(ft, build_intrinsic(ft, "llvm.abs", simd_type(ft, shape), args, 2));
}

static void negate(struct func_translator *ft, enum simd_shape shape)
{
	simd_push(ft, LLVMBuildNeg(ft->builder, simd_pop(ft, shape), ""));
}

static void population_count(struct func_translator *ft)
{
	LLVMValueRef value = simd_pop(ft, I8X16);

	simd_push(ft, build_intrinsic(ft, "llvm.ctpop", simd_type(ft, I8X16), &value, 1));
}

/* (x + y + 1) / 2 in lanes twice as wide, which LLVM knows as PAVGB and PAVGW. */
static void average(struct func_translator *ft, enum simd_shape shape)
{
	LLVMBuilderRef b = ft->builder;
	LLVMTypeRef lane = LLVMIntTypeInContext(ft->mt->context, 2 * simd_lane_bits(shape));
	LLVMTypeRef wide = LLVMVectorType(lane, simd_lane_count(shape));
	LLVMValueRef right = LLVMBuildZExt(b, simd_pop(ft, shape), wide, "");
	LLVMValueRef left = LLVMBuildZExt(b, simd_pop(ft, shape), wide, "");
	LLVMValueRef one = LLVMBuildZExt(b, simd_const_int(ft, shape, 1), wide, "");
	LLVMValueRef sum = LLVMBuildAdd(b, LLVMBuildAdd(b, left, right, ""), one, "");

	simd_push(ft, LLVMBuildTrunc(b, LLVMBuildLShr(b, sum, one, ""), simd_type(ft, shape), ""));
}

/* PMULHRSW, but for -1 times -1, which it lets overflow to -1. */
static void q15_multiply(struct func_translator *ft)
{
	LLVMValueRef right = simd_pop(ft, I16X8), left = simd_pop(ft, I16X8);
	LLVMValueRef product = simd_x86(ft, "llvm.x86.ssse3.pmul.hr.sw.128", left, right);
	LLVMValueRef overflown = LLVMBuildICmp(ft->builder, LLVMIntEQ, product,
					       simd_const_int(ft, I16X8, 0x8000), "");

	simd_push(ft, LLVMBuildXor(ft->builder, product, simd_mask(ft, overflown, I16X8), ""));
}

static bool translate_unary(struct func_translator *ft, enum wasm_op op)
{
	switch (op) {
	case WASM_OP_I8X16_ABS:
		absolute(ft, I8X16);
		return true;
	case WASM_OP_I16X8_ABS:
		absolute(ft, I16X8);
		return true;
	case WASM_OP_I32X4_ABS:
		absolute(ft, I32X4);
		return true;
	case WASM_OP_I64X2_ABS:
		absolute(ft, I64X2);
		return true;
	case WASM_OP_I8X16_NEG:
		negate(ft, I8X16);
		return true;
	case WASM_OP_I16X8_NEG:
		negate(ft, I16X8);
		return true;
	case WASM_OP_I32X4_NEG:
		negate(ft, I32X4);
		return true;
	case WASM_OP_I64X2_NEG:
		negate(ft, I64X2);
		return true;
	case WASM_OP_I8X16_POPCNT:
		population_count(ft);
		return true;
	case WASM_OP_I8X16_AVGR_U:
		average(ft, I8X16);
		return true;
	case WASM_OP_I16X8_AVGR_U:
		average(ft, I16X8);
		return true;
	case WASM_OP_I16X8_Q15MULR_SAT_S:
		q15_multiply(ft);
		return true;
	default:
		return false;
	}
}

static const struct {
	const struct row *rows;
	size_t count;
	void (*emit)(struct func_translator *ft, const struct row *row);
} tables[] = {
#define TABLE(rows, emit) { rows, sizeof(rows) / sizeof(*rows), emit }
	TABLE(binaries, binary),
	TABLE(shifts, shift),
	TABLE(intrinsics, intrinsic),
	TABLE(comparisons, compare),
#undef TABLE
};

bool translate_simd_integer(struct func_translator *ft, const struct wasm_instr *instr)
{
	for (size_t table = 0; table < sizeof(tables) / sizeof(*tables); table++) {
		for (size_t i = 0; i < tables[table].count; i++) {
			if (tables[table].rows[i].op == instr->op) {
				tables[table].emit(ft, &tables[table].rows[i]);
				return true;
			}
		}
	}
	return translate_unary(ft, instr->op);
}
