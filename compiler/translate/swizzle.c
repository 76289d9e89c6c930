/* simd_lane.c adds 0x70 to the indices of a swizzle, with saturation. Where LLVM finds
 * bits 4 to 6 of all of them clear, as those of half a byte are, it makes that a
 * disjoint `or`. PSHUFB does not look at these bits, so the `or` may go. */
#include "swizzle.h"

#include <stdbool.h>

#define IGNORED_BITS 0x70

static LLVMValueRef ignored_bits(LLVMModuleRef module)
{
	LLVMTypeRef i8 = LLVMInt8TypeInContext(LLVMGetModuleContext(module));
	LLVMValueRef lanes[16];

	for (unsigned i = 0; i < 16; i++)
		lanes[i] = LLVMConstInt(i8, IGNORED_BITS, false);
	return LLVMConstVector(lanes, 16);
}

void simplify_swizzles(LLVMModuleRef module)
{
	LLVMValueRef shuffle = LLVMGetNamedFunction(module, "llvm.x86.ssse3.pshuf.b.128");
	LLVMValueRef added = ignored_bits(module);

	if (!shuffle)
		return;
	for (LLVMUseRef use = LLVMGetFirstUse(shuffle); use; use = LLVMGetNextUse(use)) {
		LLVMValueRef call = LLVMGetUser(use), indices = LLVMGetOperand(call, 1);

		if (LLVMIsAInstruction(indices) && LLVMGetInstructionOpcode(indices) == LLVMOr &&
		    LLVMGetIsDisjoint(indices) && LLVMGetOperand(indices, 1) == added)
			LLVMSetOperand(call, 1, LLVMGetOperand(indices, 0));
	}
}
