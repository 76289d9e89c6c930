/* Integer arithmetic and comparison: core spec 2.0, section 4.3.2. */
#include "translate.h"

#include "app_object.h"

static void binary(struct func_translator *ft, LLVMOpcode opcode)
{
	LLVMValueRef right = pop(ft), left = pop(ft);

	push(ft, LLVMBuildBinOp(ft->builder, opcode, left, right, ""));
}

/* Wasm takes the count modulo the width; LLVM's result would be poison. */
static void shift(struct func_translator *ft, LLVMOpcode opcode)
{
	LLVMValueRef count = pop(ft), value = pop(ft);
	LLVMTypeRef type = LLVMTypeOf(value);
	LLVMValueRef mask = LLVMConstInt(type, LLVMGetIntTypeWidth(type) - 1, false);

	count = LLVMBuildAnd(ft->builder, count, mask, "");
	push(ft, LLVMBuildBinOp(ft->builder, opcode, value, count, ""));
}

static void rotate(struct func_translator *ft, const char *funnel_shift)
{
	LLVMValueRef count = pop(ft), value = pop(ft);
	LLVMValueRef args[] = { value, value, count };

	push(ft, build_intrinsic(ft, funnel_shift, LLVMTypeOf(value), args, 3));
}

static void compare(struct func_translator *ft, LLVMIntPredicate predicate)
{
	LLVMValueRef right = pop(ft), left = pop(ft);
	LLVMValueRef flag = LLVMBuildICmp(ft->builder, predicate, left, right, "");

	push(ft, LLVMBuildZExt(ft->builder, flag, ft->mt->i32, ""));
}

static void equal_zero(struct func_translator *ft)
{
	LLVMValueRef value = pop(ft);
	LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(value)), flag;

	if (LLVMIsAZExtInst(value) && LLVMTypeOf(LLVMGetOperand(value, 0)) == ft->mt->i1)
		flag = LLVMBuildNot(ft->builder, LLVMGetOperand(value, 0), "");
	else
		flag = LLVMBuildICmp(ft->builder, LLVMIntEQ, value, zero, "");
	push(ft, LLVMBuildZExt(ft->builder, flag, ft->mt->i32, ""));
}

/* clz and ctz of zero are the width, not poison. */
static void count_zeros(struct func_translator *ft, const char *intrinsic)
{
	LLVMValueRef value = pop(ft);
	LLVMValueRef args[] = { value, LLVMConstInt(ft->mt->i1, 0, false) };

	push(ft, build_intrinsic(ft, intrinsic, LLVMTypeOf(value), args, 2));
}

static void population_count(struct func_translator *ft)
{
	LLVMValueRef value = pop(ft);

	push(ft, build_intrinsic(ft, "llvm.ctpop", LLVMTypeOf(value), &value, 1));
}

static void trap_if_zero(struct func_translator *ft, LLVMValueRef divisor)
{
	LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(divisor));

	trap_if(ft, LLVMBuildICmp(ft->builder, LLVMIntEQ, divisor, zero, ""),
		WALNUT_TRAP_INTEGER_DIVIDE_BY_ZERO);
}

static void divide_unsigned(struct func_translator *ft, LLVMOpcode opcode)
{
	trap_if_zero(ft, ft->stack[ft->stack_size - 1]);
	binary(ft, opcode);
}

static void divide_signed(struct func_translator *ft)
{
	LLVMValueRef divisor = ft->stack[ft->stack_size - 1];
	LLVMValueRef dividend = ft->stack[ft->stack_size - 2];
	LLVMTypeRef type = LLVMTypeOf(divisor);
	LLVMValueRef minimum = LLVMConstInt(type, UINT64_C(1) << (LLVMGetIntTypeWidth(type) - 1), false);
	LLVMValueRef is_minus_one, is_minimum;

	trap_if_zero(ft, divisor);
	is_minus_one = LLVMBuildICmp(ft->builder, LLVMIntEQ, divisor, LLVMConstAllOnes(type), "");
	is_minimum = LLVMBuildICmp(ft->builder, LLVMIntEQ, dividend, minimum, "");
	trap_if(ft, LLVMBuildAnd(ft->builder, is_minus_one, is_minimum, ""),
		WALNUT_TRAP_INTEGER_OVERFLOW);
	binary(ft, LLVMSDiv);
}

/* x rem -1 is 0 for every x; dividing the minimum by -1 would fault, dividing by 1
 * gives the same result. */
static void remainder_signed(struct func_translator *ft)
{
	LLVMValueRef divisor = pop(ft);
	LLVMTypeRef type = LLVMTypeOf(divisor);
	LLVMValueRef is_minus_one;

	trap_if_zero(ft, divisor);
	is_minus_one = LLVMBuildICmp(ft->builder, LLVMIntEQ, divisor, LLVMConstAllOnes(type), "");
	push(ft, LLVMBuildSelect(ft->builder, is_minus_one, LLVMConstInt(type, 1, false), divisor, ""));
	binary(ft, LLVMSRem);
}

static bool translate_comparison(struct func_translator *ft, enum wasm_op op)
{
	switch (op) {
	case WASM_OP_I32_EQZ:
	case WASM_OP_I64_EQZ:
		equal_zero(ft);
		return true;
	case WASM_OP_I32_EQ:
	case WASM_OP_I64_EQ:
		compare(ft, LLVMIntEQ);
		return true;
	case WASM_OP_I32_NE:
	case WASM_OP_I64_NE:
		compare(ft, LLVMIntNE);
		return true;
	case WASM_OP_I32_LT_S:
	case WASM_OP_I64_LT_S:
		compare(ft, LLVMIntSLT);
		return true;
	case WASM_OP_I32_LT_U:
	case WASM_OP_I64_LT_U:
		compare(ft, LLVMIntULT);
		return true;
	case WASM_OP_I32_GT_S:
	case WASM_OP_I64_GT_S:
		compare(ft, LLVMIntSGT);
		return true;
	case WASM_OP_I32_GT_U:
	case WASM_OP_I64_GT_U:
		compare(ft, LLVMIntUGT);
		return true;
	case WASM_OP_I32_LE_S:
	case WASM_OP_I64_LE_S:
		compare(ft, LLVMIntSLE);
		return true;
	case WASM_OP_I32_LE_U:
	case WASM_OP_I64_LE_U:
		compare(ft, LLVMIntULE);
		return true;
	case WASM_OP_I32_GE_S:
	case WASM_OP_I64_GE_S:
		compare(ft, LLVMIntSGE);
		return true;
	case WASM_OP_I32_GE_U:
	case WASM_OP_I64_GE_U:
		compare(ft, LLVMIntUGE);
		return true;
	default:
		return false;
	}
}

bool translate_integer(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_I32_ADD:
	case WASM_OP_I64_ADD:
		binary(ft, LLVMAdd);
		return true;
	case WASM_OP_I32_SUB:
	case WASM_OP_I64_SUB:
		binary(ft, LLVMSub);
		return true;
	case WASM_OP_I32_MUL:
	case WASM_OP_I64_MUL:
		binary(ft, LLVMMul);
		return true;
	case WASM_OP_I32_AND:
	case WASM_OP_I64_AND:
		binary(ft, LLVMAnd);
		return true;
	case WASM_OP_I32_OR:
	case WASM_OP_I64_OR:
		binary(ft, LLVMOr);
		return true;
	case WASM_OP_I32_XOR:
	case WASM_OP_I64_XOR:
		binary(ft, LLVMXor);
		return true;
	case WASM_OP_I32_SHL:
	case WASM_OP_I64_SHL:
		shift(ft, LLVMShl);
		return true;
	case WASM_OP_I32_SHR_S:
	case WASM_OP_I64_SHR_S:
		shift(ft, LLVMAShr);
		return true;
	case WASM_OP_I32_SHR_U:
	case WASM_OP_I64_SHR_U:
		shift(ft, LLVMLShr);
		return true;
	case WASM_OP_I32_ROTL:
	case WASM_OP_I64_ROTL:
		rotate(ft, "llvm.fshl");
		return true;
	case WASM_OP_I32_ROTR:
	case WASM_OP_I64_ROTR:
		rotate(ft, "llvm.fshr");
		return true;
	case WASM_OP_I32_CLZ:
	case WASM_OP_I64_CLZ:
		count_zeros(ft, "llvm.ctlz");
		return true;
	case WASM_OP_I32_CTZ:
	case WASM_OP_I64_CTZ:
		count_zeros(ft, "llvm.cttz");
		return true;
	case WASM_OP_I32_POPCNT:
	case WASM_OP_I64_POPCNT:
		population_count(ft);
		return true;
	case WASM_OP_I32_DIV_S:
	case WASM_OP_I64_DIV_S:
		divide_signed(ft);
		return true;
	case WASM_OP_I32_DIV_U:
	case WASM_OP_I64_DIV_U:
		divide_unsigned(ft, LLVMUDiv);
		return true;
	case WASM_OP_I32_REM_S:
	case WASM_OP_I64_REM_S:
		remainder_signed(ft);
		return true;
	case WASM_OP_I32_REM_U:
	case WASM_OP_I64_REM_U:
		divide_unsigned(ft, LLVMURem);
		return true;
	default:
		return translate_comparison(ft, instr->op);
	}
}
