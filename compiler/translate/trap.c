/* Trap sites: `ud1 CODE(%eax), %eax` out of line, one for each Wasm instruction, so
 * that the program counter tells which one trapped. */
#include "translate.h"

static void emit_trap(struct func_translator *ft, unsigned code)
{
	struct module_translator *mt = ft->mt;
	unsigned nomerge = LLVMGetEnumAttributeKindForName("nomerge", 7);
	LLVMValueRef arg = LLVMConstInt(mt->i8, code, false);
	LLVMValueRef call;

	debug_location(ft, ft->offset);
	call = build_intrinsic(ft, "llvm.ubsantrap", NULL, &arg, 1);
	LLVMAddCallSiteAttribute(call, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
				 LLVMCreateEnumAttribute(mt->context, nomerge, 0));
	LLVMBuildUnreachable(ft->builder);
	debug_location(ft, 0);
}

void trap_if(struct func_translator *ft, LLVMValueRef condition, unsigned code)
{
	LLVMBasicBlockRef trap, next;

	/* The builder folds constants: division by a constant needs no check. */
	if (LLVMIsAConstantInt(condition) && LLVMConstIntGetZExtValue(condition) == 0)
		return;
	trap = new_block(ft, "trap");
	next = new_block(ft, "");
	/* No branch weights: LLVM takes a block that ends in `unreachable` for cold. */
	LLVMBuildCondBr(ft->builder, condition, trap, next);
	LLVMPositionBuilderAtEnd(ft->builder, trap);
	emit_trap(ft, code);
	LLVMPositionBuilderAtEnd(ft->builder, next);
}

void trap_always(struct func_translator *ft, unsigned code)
{
	emit_trap(ft, code);
}
