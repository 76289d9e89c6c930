/* Attaches hints to loops. */
#include "loop_hint.h"

#include <llvm-c/DebugInfo.h>
#include <string.h>

static LLVMMetadataRef property(LLVMContextRef context, const char *name, LLVMValueRef value)
{
	LLVMMetadataRef parts[] = {
		LLVMMDStringInContext2(context, name, strlen(name)),
		value ? LLVMValueAsMetadata(value) : NULL,
	};

	return LLVMMDNodeInContext2(context, parts, value ? 2 : 1);
}

/* A loop's metadata names itself first, so that no two loops share it. */
void loop_hint_leave_alone(const struct block_loop *loop)
{
	LLVMContextRef context = LLVMGetTypeContext(LLVMTypeOf(loop->controlling->phi));
	LLVMMetadataRef parts[] = {
		LLVMTemporaryMDNode(context, NULL, 0),
		property(context, "llvm.loop.vectorize.enable",
			 LLVMConstInt(LLVMInt1TypeInContext(context), 0, false)),
		property(context, "llvm.loop.unroll.disable", NULL),
	};
	LLVMMetadataRef node = LLVMMDNodeInContext2(context, parts, 3);

	LLVMMetadataReplaceAllUsesWith(parts[0], node);
	LLVMSetMetadata(LLVMGetBasicBlockTerminator(loop->block),
			LLVMGetMDKindIDInContext(context, "llvm.loop", strlen("llvm.loop")),
			LLVMMetadataAsValue(context, node));
}
