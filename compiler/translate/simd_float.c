/* Floating-point arithmetic and comparison by lane. What numeric_float.c says of
 * scalars holds for lanes: rounding, no contraction, quiet NaNs. */
#include "simd.h"

#include <stdio.h>

/* Whether arithmetic with it may be no change of the other operand. */
static bool is_identity(LLVMValueRef lane)
{
	LLVMBool inexact;
	double number;

	if (!LLVMIsAConstantFP(lane))
		return true; /* not known: then as if */
	number = LLVMConstRealGetDouble(lane, &inexact);
	return number == 1.0 || number == -1.0 || number == 0.0;
}

/* A variable with that content which LLVM does not look into. */
static LLVMValueRef opaque_vector(struct func_translator *ft, LLVMValueRef vector)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef bits = simd_cast(ft, vector, I64X2), variable, load;
	char name[64];

	snprintf(name, sizeof(name), "walnut.opaque.%016llx%016llx",
		 LLVMConstIntGetZExtValue(LLVMGetAggregateElement(bits, 1)),
		 LLVMConstIntGetZExtValue(LLVMGetAggregateElement(bits, 0)));
	variable = LLVMGetNamedGlobal(mt->module, name);
	if (!variable) {
		variable = const_object(mt, name, bits, false);
		LLVMSetExternallyInitialized(variable, true);
		LLVMSetAlignment(variable, 16);
	}
	load = LLVMBuildLoad2(ft->builder, LLVMTypeOf(vector), variable, "");
	LLVMSetAlignment(load, 16);
	set_tbaa(load, mt->tbaa_host, mt);
	return load;
}

LLVMValueRef simd_hide_identity(struct func_translator *ft, LLVMValueRef vector)
{
	if (!LLVMIsConstant(vector))
		return vector;
	for (unsigned i = 0; i < LLVMGetVectorSize(LLVMTypeOf(vector)); i++) {
		if (is_identity(LLVMGetAggregateElement(vector, i)))
			return opaque_vector(ft, vector);
	}
	return vector;
}

static void arithmetic(struct func_translator *ft, enum simd_shape shape, LLVMOpcode opcode)
{
	LLVMValueRef right = simd_hide_identity(ft, simd_pop(ft, shape));
	LLVMValueRef left = simd_hide_identity(ft, simd_pop(ft, shape));

	simd_push(ft, LLVMBuildBinOp(ft->builder, opcode, left, right, ""));
}

static void unary(struct func_translator *ft, enum simd_shape shape, const char *intrinsic)
{
	LLVMValueRef value = simd_pop(ft, shape);

	simd_push(ft, build_intrinsic(ft, intrinsic, simd_type(ft, shape), &value, 1));
}

static void compare(struct func_translator *ft, enum simd_shape shape, LLVMRealPredicate predicate)
{
	LLVMValueRef right = simd_pop(ft, shape), left = simd_pop(ft, shape);
	LLVMValueRef flags = LLVMBuildFCmp(ft->builder, predicate, left, right, "");

	simd_push(ft, simd_mask(ft, flags, shape == F32X4 ? I32X4 : I64X2));
}

/* The intrinsics: a comparison and a select may drift apart among bit casts. */
LLVMValueRef simd_float_min(struct func_translator *ft, LLVMValueRef left, LLVMValueRef right)
{
	bool f32 = LLVMTypeOf(left) == simd_type(ft, F32X4);

	return simd_x86(ft, f32 ? "llvm.x86.sse.min.ps" : "llvm.x86.sse2.min.pd", left, right);
}

LLVMValueRef simd_float_max(struct func_translator *ft, LLVMValueRef left, LLVMValueRef right)
{
	bool f32 = LLVMTypeOf(left) == simd_type(ft, F32X4);

	return simd_x86(ft, f32 ? "llvm.x86.sse.max.ps" : "llvm.x86.sse2.max.pd", left, right);
}

typedef LLVMValueRef (*selector)(struct func_translator *ft, LLVMValueRef left, LLVMValueRef right);

/* As minimum_or_maximum() of numeric_float.c. */
static void minimum_or_maximum(struct func_translator *ft, enum simd_shape shape, selector select,
			       LLVMOpcode combine)
{
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef y = simd_pop(ft, shape), x = simd_pop(ft, shape);
	LLVMValueRef one = simd_cast(ft, select(ft, x, y), I64X2);
	LLVMValueRef other = simd_cast(ft, select(ft, y, x), I64X2);
	LLVMValueRef both = LLVMBuildBinOp(b, combine, one, other, "");
	LLVMValueRef unordered = LLVMBuildFCmp(b, LLVMRealUNO, x, y, "");
	LLVMValueRef nan = LLVMBuildFAdd(b, simd_hide_identity(ft, x), simd_hide_identity(ft, y), "");

	simd_push(ft, LLVMBuildSelect(b, unordered, nan, simd_cast(ft, both, shape), ""));
}

/* Wasm's pmin(a, b) is b < a ? b : a. */
static void pseudo_minimum_or_maximum(struct func_translator *ft, enum simd_shape shape,
				      selector select)
{
	LLVMValueRef right = simd_pop(ft, shape), left = simd_pop(ft, shape);

	simd_push(ft, select(ft, right, left));
}

static bool translate_arithmetic(struct func_translator *ft, enum wasm_op op)
{
	switch (op) {
	case WASM_OP_F32X4_ADD:
		arithmetic(ft, F32X4, LLVMFAdd);
		return true;
	case WASM_OP_F64X2_ADD:
		arithmetic(ft, F64X2, LLVMFAdd);
		return true;
	case WASM_OP_F32X4_SUB:
		arithmetic(ft, F32X4, LLVMFSub);
		return true;
	case WASM_OP_F64X2_SUB:
		arithmetic(ft, F64X2, LLVMFSub);
		return true;
	case WASM_OP_F32X4_MUL:
		arithmetic(ft, F32X4, LLVMFMul);
		return true;
	case WASM_OP_F64X2_MUL:
		arithmetic(ft, F64X2, LLVMFMul);
		return true;
	case WASM_OP_F32X4_DIV:
		arithmetic(ft, F32X4, LLVMFDiv);
		return true;
	case WASM_OP_F64X2_DIV:
		arithmetic(ft, F64X2, LLVMFDiv);
		return true;
	case WASM_OP_F32X4_NEG:
		simd_push(ft, LLVMBuildFNeg(ft->builder, simd_pop(ft, F32X4), ""));
		return true;
	case WASM_OP_F64X2_NEG:
		simd_push(ft, LLVMBuildFNeg(ft->builder, simd_pop(ft, F64X2), ""));
		return true;
	default:
		return false;
	}
}

static bool translate_unary(struct func_translator *ft, enum wasm_op op)
{
	static const struct {
		enum wasm_op op;
		enum simd_shape shape;
		const char *intrinsic;
	} rows[] = {
		{ WASM_OP_F32X4_ABS, F32X4, "llvm.fabs" },
		{ WASM_OP_F64X2_ABS, F64X2, "llvm.fabs" },
		{ WASM_OP_F32X4_SQRT, F32X4, "llvm.sqrt" },
		{ WASM_OP_F64X2_SQRT, F64X2, "llvm.sqrt" },
		{ WASM_OP_F32X4_CEIL, F32X4, "llvm.ceil" },
		{ WASM_OP_F64X2_CEIL, F64X2, "llvm.ceil" },
		{ WASM_OP_F32X4_FLOOR, F32X4, "llvm.floor" },
		{ WASM_OP_F64X2_FLOOR, F64X2, "llvm.floor" },
		{ WASM_OP_F32X4_TRUNC, F32X4, "llvm.trunc" },
		{ WASM_OP_F64X2_TRUNC, F64X2, "llvm.trunc" },
		{ WASM_OP_F32X4_NEAREST, F32X4, "llvm.roundeven" },
		{ WASM_OP_F64X2_NEAREST, F64X2, "llvm.roundeven" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].op == op) {
			unary(ft, rows[i].shape, rows[i].intrinsic);
			return true;
		}
	}
	return false;
}

static bool translate_comparison(struct func_translator *ft, enum wasm_op op)
{
	static const struct {
		enum wasm_op op;
		enum simd_shape shape;
		LLVMRealPredicate predicate;
	} rows[] = {
		{ WASM_OP_F32X4_EQ, F32X4, LLVMRealOEQ },
		{ WASM_OP_F64X2_EQ, F64X2, LLVMRealOEQ },
		{ WASM_OP_F32X4_NE, F32X4, LLVMRealUNE },
		{ WASM_OP_F64X2_NE, F64X2, LLVMRealUNE },
		{ WASM_OP_F32X4_LT, F32X4, LLVMRealOLT },
		{ WASM_OP_F64X2_LT, F64X2, LLVMRealOLT },
		{ WASM_OP_F32X4_GT, F32X4, LLVMRealOGT },
		{ WASM_OP_F64X2_GT, F64X2, LLVMRealOGT },
		{ WASM_OP_F32X4_LE, F32X4, LLVMRealOLE },
		{ WASM_OP_F64X2_LE, F64X2, LLVMRealOLE },
		{ WASM_OP_F32X4_GE, F32X4, LLVMRealOGE },
		{ WASM_OP_F64X2_GE, F64X2, LLVMRealOGE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].op == op) {
			compare(ft, rows[i].shape, rows[i].predicate);
			return true;
		}
	}
	return false;
}

bool translate_simd_float(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_F32X4_MIN:
		minimum_or_maximum(ft, F32X4, simd_float_min, LLVMOr);
		return true;
	case WASM_OP_F64X2_MIN:
		minimum_or_maximum(ft, F64X2, simd_float_min, LLVMOr);
		return true;
	case WASM_OP_F32X4_MAX:
		minimum_or_maximum(ft, F32X4, simd_float_max, LLVMAnd);
		return true;
	case WASM_OP_F64X2_MAX:
		minimum_or_maximum(ft, F64X2, simd_float_max, LLVMAnd);
		return true;
	case WASM_OP_F32X4_PMIN:
		pseudo_minimum_or_maximum(ft, F32X4, simd_float_min);
		return true;
	case WASM_OP_F64X2_PMIN:
		pseudo_minimum_or_maximum(ft, F64X2, simd_float_min);
		return true;
	case WASM_OP_F32X4_PMAX:
		pseudo_minimum_or_maximum(ft, F32X4, simd_float_max);
		return true;
	case WASM_OP_F64X2_PMAX:
		pseudo_minimum_or_maximum(ft, F64X2, simd_float_max);
		return true;
	default:
		return translate_arithmetic(ft, instr->op) || translate_unary(ft, instr->op) ||
		       translate_comparison(ft, instr->op);
	}
}
