/* Between lanes of different widths: extend, narrow, and the products and sums that
 * widen on the way. */
#include "simd.h"

enum half { LOW, HIGH };

/* A half of the narrower shape's lanes, widened to `shape`. */
static LLVMValueRef widen_half(struct func_translator *ft, LLVMValueRef narrow,
			       enum simd_shape shape, enum half half, bool is_signed)
{
	unsigned count = simd_lane_count(shape);
	LLVMValueRef lanes = simd_some_lanes(ft, narrow, half == HIGH ? count : 0, 1, count);
	LLVMTypeRef type = simd_type(ft, shape);

	return is_signed ? LLVMBuildSExt(ft->builder, lanes, type, "")
			 : LLVMBuildZExt(ft->builder, lanes, type, "");
}

static enum simd_shape narrower(enum simd_shape shape)
{
	return shape == I64X2 ? I32X4 : shape == I32X4 ? I16X8 : I8X16;
}

static void extend(struct func_translator *ft, enum simd_shape shape, enum half half, bool is_signed)
{
	simd_push(ft, widen_half(ft, simd_pop(ft, narrower(shape)), shape, half, is_signed));
}

/* Two halves of a product each, from PMULLW and PMULHW, interleaved: cheaper than
 * widening first, and shared by the low and the high lanes. */
static void multiply_words(struct func_translator *ft, enum half half, bool is_signed)
{
	LLVMValueRef right = simd_pop(ft, I16X8), left = simd_pop(ft, I16X8), mask[8];
	LLVMValueRef low = LLVMBuildMul(ft->builder, left, right, "");
	LLVMValueRef high = simd_x86(ft, is_signed ? "llvm.x86.sse2.pmulh.w" : "llvm.x86.sse2.pmulhu.w",
				     left, right);

	for (unsigned i = 0; i < 8; i++)
		mask[i] = const_u32(ft->mt, (half == HIGH ? 4 : 0) + i / 2 + (i % 2 ? 8 : 0));
	simd_push(ft, LLVMBuildShuffleVector(ft->builder, low, high, LLVMConstVector(mask, 8), ""));
}

static void extended_multiply(struct func_translator *ft, enum simd_shape shape, enum half half,
			      bool is_signed)
{
	LLVMValueRef right, left;

	if (shape == I32X4) {
		multiply_words(ft, half, is_signed);
		return;
	}
	right = widen_half(ft, simd_pop(ft, narrower(shape)), shape, half, is_signed);
	left = widen_half(ft, simd_pop(ft, narrower(shape)), shape, half, is_signed);
	simd_push(ft, LLVMBuildMul(ft->builder, left, right, ""));
}

/* PACKSSWB and its kin saturate signed lanes to the narrower range. */
static void narrow(struct func_translator *ft, enum simd_shape from, const char *pack)
{
	LLVMValueRef right = simd_pop(ft, from), left = simd_pop(ft, from);

	simd_push(ft, simd_x86(ft, pack, left, right));
}

static void dot_product(struct func_translator *ft)
{
	LLVMValueRef right = simd_pop(ft, I16X8), left = simd_pop(ft, I16X8);

	simd_push(ft, simd_x86(ft, "llvm.x86.sse2.pmadd.wd", left, right));
}

/* PMADDUBSW multiplies unsigned bytes with signed ones and adds neighbours: with ones
 * on the other side no sum can saturate. */
static void add_byte_pairs(struct func_translator *ft, bool is_signed)
{
	LLVMValueRef value = simd_pop(ft, I8X16), ones = simd_const_int(ft, I8X16, 1);

	simd_push(ft, simd_x86(ft, "llvm.x86.ssse3.pmadd.ub.sw.128", is_signed ? ones : value,
			       is_signed ? value : ones));
}

static void add_signed_pairs(struct func_translator *ft)
{
	simd_push(ft, simd_x86(ft, "llvm.x86.sse2.pmadd.wd", simd_pop(ft, I16X8),
			       simd_const_int(ft, I16X8, 1)));
}

static void add_unsigned_pairs(struct func_translator *ft)
{
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef pairs = simd_pop(ft, I32X4);
	LLVMValueRef even = LLVMBuildAnd(b, pairs, simd_const_int(ft, I32X4, 0xffff), "");
	LLVMValueRef odd = LLVMBuildLShr(b, pairs, simd_const_int(ft, I32X4, 16), "");

	simd_push(ft, LLVMBuildAdd(b, even, odd, ""));
}

static bool translate_halves(struct func_translator *ft, enum wasm_op op)
{
	static const struct {
		enum wasm_op op;
		void (*emit)(struct func_translator *, enum simd_shape, enum half, bool is_signed);
		enum simd_shape shape;
		enum half half;
		bool is_signed;
	} rows[] = {
		{ WASM_OP_I16X8_EXTEND_LOW_I8X16_S, extend, I16X8, LOW, true },
		{ WASM_OP_I16X8_EXTEND_HIGH_I8X16_S, extend, I16X8, HIGH, true },
		{ WASM_OP_I16X8_EXTEND_LOW_I8X16_U, extend, I16X8, LOW, false },
		{ WASM_OP_I16X8_EXTEND_HIGH_I8X16_U, extend, I16X8, HIGH, false },
		{ WASM_OP_I32X4_EXTEND_LOW_I16X8_S, extend, I32X4, LOW, true },
		{ WASM_OP_I32X4_EXTEND_HIGH_I16X8_S, extend, I32X4, HIGH, true },
		{ WASM_OP_I32X4_EXTEND_LOW_I16X8_U, extend, I32X4, LOW, false },
		{ WASM_OP_I32X4_EXTEND_HIGH_I16X8_U, extend, I32X4, HIGH, false },
		{ WASM_OP_I64X2_EXTEND_LOW_I32X4_S, extend, I64X2, LOW, true },
		{ WASM_OP_I64X2_EXTEND_HIGH_I32X4_S, extend, I64X2, HIGH, true },
		{ WASM_OP_I64X2_EXTEND_LOW_I32X4_U, extend, I64X2, LOW, false },
		{ WASM_OP_I64X2_EXTEND_HIGH_I32X4_U, extend, I64X2, HIGH, false },
		{ WASM_OP_I16X8_EXTMUL_LOW_I8X16_S, extended_multiply, I16X8, LOW, true },
		{ WASM_OP_I16X8_EXTMUL_HIGH_I8X16_S, extended_multiply, I16X8, HIGH, true },
		{ WASM_OP_I16X8_EXTMUL_LOW_I8X16_U, extended_multiply, I16X8, LOW, false },
		{ WASM_OP_I16X8_EXTMUL_HIGH_I8X16_U, extended_multiply, I16X8, HIGH, false },
		{ WASM_OP_I32X4_EXTMUL_LOW_I16X8_S, extended_multiply, I32X4, LOW, true },
		{ WASM_OP_I32X4_EXTMUL_HIGH_I16X8_S, extended_multiply, I32X4, HIGH, true },
		{ WASM_OP_I32X4_EXTMUL_LOW_I16X8_U, extended_multiply, I32X4, LOW, false },
		{ WASM_OP_I32X4_EXTMUL_HIGH_I16X8_U, extended_multiply, I32X4, HIGH, false },
		{ WASM_OP_I64X2_EXTMUL_LOW_I32X4_S, extended_multiply, I64X2, LOW, true },
		{ WASM_OP_I64X2_EXTMUL_HIGH_I32X4_S, extended_multiply, I64X2, HIGH, true },
		{ WASM_OP_I64X2_EXTMUL_LOW_I32X4_U, extended_multiply, I64X2, LOW, false },
		{ WASM_OP_I64X2_EXTMUL_HIGH_I32X4_U, extended_multiply, I64X2, HIGH, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].op == op) {
			rows[i].emit(ft, rows[i].shape, rows[i].half, rows[i].is_signed);
			return true;
		}
	}
	return false;
}

bool translate_simd_widen(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_I8X16_NARROW_I16X8_S:
		narrow(ft, I16X8, "llvm.x86.sse2.packsswb.128");
		return true;
	case WASM_OP_I8X16_NARROW_I16X8_U:
		narrow(ft, I16X8, "llvm.x86.sse2.packuswb.128");
		return true;
	case WASM_OP_I16X8_NARROW_I32X4_S:
		narrow(ft, I32X4, "llvm.x86.sse2.packssdw.128");
		return true;
	case WASM_OP_I16X8_NARROW_I32X4_U:
		narrow(ft, I32X4, "llvm.x86.sse41.packusdw");
		return true;
	case WASM_OP_I32X4_DOT_I16X8_S:
		dot_product(ft);
		return true;
	case WASM_OP_I16X8_EXTADD_PAIRWISE_I8X16_S:
	case WASM_OP_I16X8_EXTADD_PAIRWISE_I8X16_U:
		add_byte_pairs(ft, instr->op == WASM_OP_I16X8_EXTADD_PAIRWISE_I8X16_S);
		return true;
	case WASM_OP_I32X4_EXTADD_PAIRWISE_I16X8_S:
		add_signed_pairs(ft);
		return true;
	case WASM_OP_I32X4_EXTADD_PAIRWISE_I16X8_U:
		add_unsigned_pairs(ft);
		return true;
	default:
		return translate_halves(ft, instr->op);
	}
}
