/* Floating-point arithmetic and comparison: core spec 2.0, section 4.3.3.
 *
 * LLVM's plain operations round to nearest even, without contraction, as Wasm
 * wants. One liberty of theirs is not Wasm's: x * 1.0, x / 1.0, x + -0.0 and
 * x - 0.0 fold to x, although arithmetic on a signalling NaN has to return a quiet
 * one. So a constant that is such an identity is loaded from a variable whose
 * content LLVM does not know; the load folds into the instruction as the constant
 * would have. */
#include "translate.h"

#include "app_object.h"

static LLVMValueRef opaque_constant(struct func_translator *ft, LLVMValueRef *slots, bool f64,
				    double value)
{
	struct module_translator *mt = ft->mt;
	LLVMTypeRef type = f64 ? mt->f64 : mt->f32;
	LLVMValueRef load;

	if (!slots[f64]) {
		slots[f64] = const_object(mt, "walnut.opaque", LLVMConstReal(type, value), false);
		LLVMSetExternallyInitialized(slots[f64], true);
	}
	load = LLVMBuildLoad2(ft->builder, type, slots[f64], "");
	set_tbaa(load, mt->tbaa_host, mt);
	return load;
}

LLVMValueRef opaque_one(struct func_translator *ft, bool f64)
{
	return opaque_constant(ft, ft->mt->opaque_one, f64, 1.0);
}

static LLVMValueRef hide_identity(struct func_translator *ft, LLVMValueRef value)
{
	LLVMBool inexact;
	double number;
	LLVMValueRef hidden;
	bool f64 = LLVMTypeOf(value) == ft->mt->f64;

	if (!LLVMIsAConstantFP(value))
		return value;
	number = LLVMConstRealGetDouble(value, &inexact);
	if (number == 1.0 || number == -1.0)
		hidden = opaque_one(ft, f64);
	else if (number == 0.0)
		hidden = opaque_constant(ft, ft->mt->opaque_zero, f64, 0.0);
	else
		return value;
	return __builtin_signbit(number) ? LLVMBuildFNeg(ft->builder, hidden, "") : hidden;
}

static void arithmetic(struct func_translator *ft, LLVMOpcode opcode)
{
	LLVMValueRef right = hide_identity(ft, pop(ft));
	LLVMValueRef left = hide_identity(ft, pop(ft));

	push(ft, LLVMBuildBinOp(ft->builder, opcode, left, right, ""));
}

static void unary(struct func_translator *ft, const char *intrinsic)
{
	LLVMValueRef value = pop(ft);

	push(ft, build_intrinsic(ft, intrinsic, LLVMTypeOf(value), &value, 1));
}

static void copy_sign(struct func_translator *ft)
{
	LLVMValueRef sign = pop(ft), value = pop(ft);
	LLVMValueRef args[] = { value, sign };

	push(ft, build_intrinsic(ft, "llvm.copysign", LLVMTypeOf(value), args, 2));
}

static void compare(struct func_translator *ft, LLVMRealPredicate predicate)
{
	LLVMValueRef right = pop(ft), left = pop(ft);
	LLVMValueRef flag = LLVMBuildFCmp(ft->builder, predicate, left, right, "");

	push(ft, LLVMBuildZExt(ft->builder, flag, ft->mt->i32, ""));
}

/* MINSS a, b is a < b ? a : b. Doing it both ways around and combining the bits
 * settles -0 against +0 (OR for min, AND for max); where the operands are equal
 * otherwise, or one is smaller, both ways agree. A NaN comes from x + y, which
 * makes it quiet. llvm.minimum would let a signalling NaN through. */
static void minimum_or_maximum(struct func_translator *ft, bool minimum)
{
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef y = pop(ft), x = pop(ft);
	LLVMRealPredicate before = minimum ? LLVMRealOLT : LLVMRealOGT;
	LLVMTypeRef type = LLVMTypeOf(x);
	LLVMTypeRef bits = type == ft->mt->f64 ? ft->mt->i64 : ft->mt->i32;
	LLVMValueRef one = LLVMBuildSelect(b, LLVMBuildFCmp(b, before, x, y, ""), x, y, "");
	LLVMValueRef other = LLVMBuildSelect(b, LLVMBuildFCmp(b, before, y, x, ""), y, x, "");
	LLVMValueRef both = LLVMBuildBinOp(b, minimum ? LLVMOr : LLVMAnd,
					   LLVMBuildBitCast(b, one, bits, ""),
					   LLVMBuildBitCast(b, other, bits, ""), "");
	LLVMValueRef unordered = LLVMBuildFCmp(b, LLVMRealUNO, x, y, "");
	LLVMValueRef nan = LLVMBuildFAdd(b, hide_identity(ft, x), hide_identity(ft, y), "");

	push(ft, LLVMBuildSelect(b, unordered, nan, LLVMBuildBitCast(b, both, type, ""), ""));
}

static bool translate_comparison(struct func_translator *ft, enum wasm_op op)
{
	switch (op) {
	case WASM_OP_F32_EQ:
	case WASM_OP_F64_EQ:
		compare(ft, LLVMRealOEQ);
		return true;
	case WASM_OP_F32_NE:
	case WASM_OP_F64_NE:
		compare(ft, LLVMRealUNE);
		return true;
	case WASM_OP_F32_LT:
	case WASM_OP_F64_LT:
		compare(ft, LLVMRealOLT);
		return true;
	case WASM_OP_F32_GT:
	case WASM_OP_F64_GT:
		compare(ft, LLVMRealOGT);
		return true;
	case WASM_OP_F32_LE:
	case WASM_OP_F64_LE:
		compare(ft, LLVMRealOLE);
		return true;
	case WASM_OP_F32_GE:
	case WASM_OP_F64_GE:
		compare(ft, LLVMRealOGE);
		return true;
	default:
		return false;
	}
}

bool translate_float(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_F32_ADD:
	case WASM_OP_F64_ADD:
		arithmetic(ft, LLVMFAdd);
		return true;
	case WASM_OP_F32_SUB:
	case WASM_OP_F64_SUB:
		arithmetic(ft, LLVMFSub);
		return true;
	case WASM_OP_F32_MUL:
	case WASM_OP_F64_MUL:
		arithmetic(ft, LLVMFMul);
		return true;
	case WASM_OP_F32_DIV:
	case WASM_OP_F64_DIV:
		arithmetic(ft, LLVMFDiv);
		return true;
	case WASM_OP_F32_MIN:
	case WASM_OP_F64_MIN:
		minimum_or_maximum(ft, true);
		return true;
	case WASM_OP_F32_MAX:
	case WASM_OP_F64_MAX:
		minimum_or_maximum(ft, false);
		return true;
	case WASM_OP_F32_COPYSIGN:
	case WASM_OP_F64_COPYSIGN:
		copy_sign(ft);
		return true;
	case WASM_OP_F32_ABS:
	case WASM_OP_F64_ABS:
		unary(ft, "llvm.fabs");
		return true;
	case WASM_OP_F32_NEG:
	case WASM_OP_F64_NEG:
		push(ft, LLVMBuildFNeg(ft->builder, pop(ft), ""));
		return true;
	case WASM_OP_F32_CEIL:
	case WASM_OP_F64_CEIL:
		unary(ft, "llvm.ceil");
		return true;
	case WASM_OP_F32_FLOOR:
	case WASM_OP_F64_FLOOR:
		unary(ft, "llvm.floor");
		return true;
	case WASM_OP_F32_TRUNC:
	case WASM_OP_F64_TRUNC:
		unary(ft, "llvm.trunc");
		return true;
	case WASM_OP_F32_NEAREST:
	case WASM_OP_F64_NEAREST:
		unary(ft, "llvm.roundeven");
		return true;
	case WASM_OP_F32_SQRT:
	case WASM_OP_F64_SQRT:
		unary(ft, "llvm.sqrt");
		return true;
	default:
		return translate_comparison(ft, instr->op);
	}
}
