/* Conversions between number types: core spec 2.0, section 4.3.4. */
#include "translate.h"

#include "app_object.h"

/* The open interval of floats whose integer part fits. Each bound is exact in its
 * type: where minimum - 1 is not a float, the next one below it stands in. */
struct trunc_range {
	double low, high;
};

static struct trunc_range trunc_range(bool to_i64, bool is_signed, bool from_f64)
{
	if (!is_signed)
		return (struct trunc_range){ -1.0, to_i64 ? 0x1p64 : 0x1p32 };
	if (to_i64)
		return (struct trunc_range){ from_f64 ? -0x1.0000000000001p63 : -0x1.000002p63, 0x1p63 };
	return (struct trunc_range){ from_f64 ? -2147483649.0 : -0x1.000002p31, 0x1p31 };
}

static void truncate_or_trap(struct func_translator *ft, LLVMTypeRef to, bool is_signed)
{
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef value = pop(ft);
	LLVMTypeRef from = LLVMTypeOf(value);
	struct trunc_range range = trunc_range(to == ft->mt->i64, is_signed, from == ft->mt->f64);
	LLVMValueRef low = LLVMConstReal(from, range.low), high = LLVMConstReal(from, range.high);
	LLVMValueRef too_low, too_high;

	trap_if(ft, LLVMBuildFCmp(b, LLVMRealUNO, value, value, ""), WALNUT_TRAP_INVALID_CONVERSION);
	too_low = LLVMBuildFCmp(b, LLVMRealOLE, value, low, "");
	too_high = LLVMBuildFCmp(b, LLVMRealOGE, value, high, "");
	trap_if(ft, LLVMBuildOr(b, too_low, too_high, ""), WALNUT_TRAP_INTEGER_OVERFLOW);
	push(ft, is_signed ? LLVMBuildFPToSI(b, value, to, "") : LLVMBuildFPToUI(b, value, to, ""));
}

/* The saturating intrinsics are overloaded in both types, result first. */
static void truncate_saturating(struct func_translator *ft, LLVMTypeRef to, bool is_signed)
{
	LLVMValueRef value = pop(ft);
	LLVMTypeRef types[] = { to, LLVMTypeOf(value) };
	unsigned id = is_signed ? LLVMLookupIntrinsicID("llvm.fptosi.sat", 15)
				: LLVMLookupIntrinsicID("llvm.fptoui.sat", 15);
	LLVMValueRef function = LLVMGetIntrinsicDeclaration(ft->mt->module, id, types, 2);

	push(ft, LLVMBuildCall2(ft->builder, LLVMGlobalGetValueType(function), function, &value, 1, ""));
}

static void cast(struct func_translator *ft, LLVMOpcode opcode, LLVMTypeRef to)
{
	push(ft, LLVMBuildCast(ft->builder, opcode, pop(ft), to, ""));
}

/* f32.demote of f64.promote folds to nothing in LLVM, but has to make a
 * signalling NaN quiet. */
static void demote(struct func_translator *ft)
{
	LLVMValueRef value = pop(ft);

	if (LLVMIsAFPExtInst(value))
		push(ft, LLVMBuildFMul(ft->builder, LLVMGetOperand(value, 0), opaque_one(ft, false), ""));
	else
		push(ft, LLVMBuildFPTrunc(ft->builder, value, ft->mt->f32, ""));
}

static void sign_extend(struct func_translator *ft, LLVMTypeRef narrow)
{
	LLVMValueRef value = pop(ft);
	LLVMValueRef low = LLVMBuildTrunc(ft->builder, value, narrow, "");

	push(ft, LLVMBuildSExt(ft->builder, low, LLVMTypeOf(value), ""));
}

static bool translate_truncation(struct func_translator *ft, enum wasm_op op)
{
	struct module_translator *mt = ft->mt;

	switch (op) {
	case WASM_OP_I32_TRUNC_F32_S:
	case WASM_OP_I32_TRUNC_F64_S:
		truncate_or_trap(ft, mt->i32, true);
		return true;
	case WASM_OP_I32_TRUNC_F32_U:
	case WASM_OP_I32_TRUNC_F64_U:
		truncate_or_trap(ft, mt->i32, false);
		return true;
	case WASM_OP_I64_TRUNC_F32_S:
	case WASM_OP_I64_TRUNC_F64_S:
		truncate_or_trap(ft, mt->i64, true);
		return true;
	case WASM_OP_I64_TRUNC_F32_U:
	case WASM_OP_I64_TRUNC_F64_U:
		truncate_or_trap(ft, mt->i64, false);
		return true;
	case WASM_OP_I32_TRUNC_SAT_F32_S:
	case WASM_OP_I32_TRUNC_SAT_F64_S:
		truncate_saturating(ft, mt->i32, true);
		return true;
	case WASM_OP_I32_TRUNC_SAT_F32_U:
	case WASM_OP_I32_TRUNC_SAT_F64_U:
		truncate_saturating(ft, mt->i32, false);
		return true;
	case WASM_OP_I64_TRUNC_SAT_F32_S:
	case WASM_OP_I64_TRUNC_SAT_F64_S:
		truncate_saturating(ft, mt->i64, true);
		return true;
	case WASM_OP_I64_TRUNC_SAT_F32_U:
	case WASM_OP_I64_TRUNC_SAT_F64_U:
		truncate_saturating(ft, mt->i64, false);
		return true;
	default:
		return false;
	}
}

bool translate_conversion(struct func_translator *ft, const struct wasm_instr *instr)
{
	struct module_translator *mt = ft->mt;

	switch (instr->op) {
	case WASM_OP_I32_WRAP_I64:
		cast(ft, LLVMTrunc, mt->i32);
		return true;
	case WASM_OP_I64_EXTEND_I32_S:
		cast(ft, LLVMSExt, mt->i64);
		return true;
	case WASM_OP_I64_EXTEND_I32_U:
		cast(ft, LLVMZExt, mt->i64);
		return true;
	case WASM_OP_I32_EXTEND8_S:
	case WASM_OP_I64_EXTEND8_S:
		sign_extend(ft, mt->i8);
		return true;
	case WASM_OP_I32_EXTEND16_S:
	case WASM_OP_I64_EXTEND16_S:
		sign_extend(ft, mt->i16);
		return true;
	case WASM_OP_I64_EXTEND32_S:
		sign_extend(ft, mt->i32);
		return true;
	case WASM_OP_F32_CONVERT_I32_S:
	case WASM_OP_F32_CONVERT_I64_S:
		cast(ft, LLVMSIToFP, mt->f32);
		return true;
	case WASM_OP_F32_CONVERT_I32_U:
	case WASM_OP_F32_CONVERT_I64_U:
		cast(ft, LLVMUIToFP, mt->f32);
		return true;
	case WASM_OP_F64_CONVERT_I32_S:
	case WASM_OP_F64_CONVERT_I64_S:
		cast(ft, LLVMSIToFP, mt->f64);
		return true;
	case WASM_OP_F64_CONVERT_I32_U:
	case WASM_OP_F64_CONVERT_I64_U:
		cast(ft, LLVMUIToFP, mt->f64);
		return true;
	case WASM_OP_F32_DEMOTE_F64:
		demote(ft);
		return true;
	case WASM_OP_F64_PROMOTE_F32:
		cast(ft, LLVMFPExt, mt->f64);
		return true;
	case WASM_OP_I32_REINTERPRET_F32:
		cast(ft, LLVMBitCast, mt->i32);
		return true;
	case WASM_OP_I64_REINTERPRET_F64:
		cast(ft, LLVMBitCast, mt->i64);
		return true;
	case WASM_OP_F32_REINTERPRET_I32:
		cast(ft, LLVMBitCast, mt->f32);
		return true;
	case WASM_OP_F64_REINTERPRET_I64:
		cast(ft, LLVMBitCast, mt->f64);
		return true;
	default:
		return translate_truncation(ft, instr->op);
	}
}
