/* Keeps the types of functions that make tail calls. LLVM 19's dead argument elimination
 * takes results that nobody needs off an internal function even where it returns what a
 * `musttail` call returns; then the call is none any more and code generation fails.
 * What is visible from outside it leaves alone. */
#include "tail_callers.h"

#include <stdbool.h>
#include <string.h>

static const char mark[] = "walnut-tail-caller";

static bool makes_tail_calls(LLVMValueRef function)
{
	for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(function); b; b = LLVMGetNextBasicBlock(b))
		for (LLVMValueRef i = LLVMGetFirstInstruction(b); i; i = LLVMGetNextInstruction(i))
			if (LLVMIsACallInst(i) && LLVMGetTailCallKind(i) == LLVMTailCallKindMustTail)
				return true;
	return false;
}

void expose_tail_callers(LLVMModuleRef module)
{
	LLVMContextRef context = LLVMGetModuleContext(module);
	LLVMAttributeRef attribute = LLVMCreateStringAttribute(context, mark, strlen(mark), "", 0);

	for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
		if (LLVMGetLinkage(f) != LLVMInternalLinkage || !makes_tail_calls(f))
			continue;
		LLVMSetLinkage(f, LLVMExternalLinkage);
		LLVMSetVisibility(f, LLVMHiddenVisibility);
		LLVMAddAttributeAtIndex(f, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, attribute);
	}
}

void hide_tail_callers(LLVMModuleRef module)
{
	for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
		if (!LLVMGetStringAttributeAtIndex(f, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, mark,
						   strlen(mark)))
			continue;
		LLVMSetVisibility(f, LLVMDefaultVisibility);
		LLVMSetLinkage(f, LLVMInternalLinkage);
	}
}
