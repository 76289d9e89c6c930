/* Copies loops of one block. */
#include "loop_copy.h"

#include <stdint.h>
#include <string.h>

#define INSTRUCTIONS_MAX 256
#define LIKELY 2000 /* to 1 */

struct copy {
	const struct block_loop *loop;
	LLVMContextRef context;
	LLVMBasicBlockRef block;
	struct { LLVMValueRef original, copied; } map[INSTRUCTIONS_MAX];
	unsigned count;
};

static LLVMBasicBlockRef block_behind(const struct block_loop *loop)
{
	return LLVMGetSuccessor(loop->exit, LLVMGetSuccessor(loop->exit, 0) == loop->block);
}

static bool leaves_by_phi(const struct block_loop *loop, LLVMValueRef value)
{
	for (LLVMUseRef use = LLVMGetFirstUse(value); use; use = LLVMGetNextUse(use)) {
		LLVMValueRef user = LLVMGetUser(use);

		if (!block_loop_contains(loop, user) &&
		    !(LLVMIsAPHINode(user) && LLVMGetInstructionParent(user) == block_behind(loop)))
			return false;
	}
	return true;
}

static bool can_be_copied(LLVMValueRef instruction)
{
	switch (LLVMGetInstructionOpcode(instruction)) {
	case LLVMCall:
		return LLVMGetIntrinsicID(LLVMGetCalledValue(instruction)) != 0;
	case LLVMFence:
	case LLVMAtomicRMW:
	case LLVMAtomicCmpXchg:
	case LLVMAlloca:
		return false;
	default:
		return true;
	}
}

bool loop_copy_possible(const struct block_loop *loop)
{
	LLVMValueRef entry = LLVMGetBasicBlockTerminator(loop->before);
	unsigned count = 0;

	if (!LLVMIsABranchInst(entry) || LLVMIsConditional(entry))
		return false;
	for (LLVMValueRef i = LLVMGetFirstInstruction(loop->block); i; i = LLVMGetNextInstruction(i))
		if (++count > INSTRUCTIONS_MAX || !can_be_copied(i) || !leaves_by_phi(loop, i))
			return false;
	return true;
}

static LLVMValueRef copied(const struct copy *copy, LLVMValueRef value)
{
	for (unsigned i = 0; i < copy->count; i++)
		if (copy->map[i].original == value)
			return copy->map[i].copied;
	return value;
}

static LLVMBasicBlockRef copied_block(const struct copy *copy, LLVMBasicBlockRef block)
{
	return block == copy->loop->block ? copy->block : block;
}

static void copy_instructions(struct copy *copy, LLVMBuilderRef builder)
{
	LLVMPositionBuilderAtEnd(builder, copy->block);
	for (LLVMValueRef i = LLVMGetFirstInstruction(copy->loop->block); i; i = LLVMGetNextInstruction(i)) {
		LLVMValueRef same;

		/* A phi starts anew: incoming blocks cannot be changed. */
		if (LLVMIsAPHINode(i)) {
			same = LLVMBuildPhi(builder, LLVMTypeOf(i), "");
		} else {
			same = LLVMInstructionClone(i);
			LLVMInsertIntoBuilder(builder, same);
		}
		copy->map[copy->count].original = i;
		copy->map[copy->count++].copied = same;
	}
}

static void connect_phi(const struct copy *copy, LLVMValueRef original, LLVMValueRef same)
{
	for (unsigned i = 0; i < LLVMCountIncoming(original); i++) {
		LLVMValueRef value = copied(copy, LLVMGetIncomingValue(original, i));
		LLVMBasicBlockRef block = copied_block(copy, LLVMGetIncomingBlock(original, i));

		LLVMAddIncoming(same, &value, &block, 1);
	}
}

static void connect_branch(const struct copy *copy, LLVMValueRef branch)
{
	LLVMSetCondition(branch, copied(copy, LLVMGetCondition(branch)));
	for (unsigned i = 0; i < 2; i++)
		LLVMSetSuccessor(branch, i, copied_block(copy, LLVMGetSuccessor(branch, i)));
}

static void connect_instructions(const struct copy *copy)
{
	for (unsigned i = 0; i < copy->count; i++) {
		LLVMValueRef same = copy->map[i].copied;

		if (LLVMIsAPHINode(same)) {
			connect_phi(copy, copy->map[i].original, same);
		} else if (LLVMIsATerminatorInst(same)) {
			connect_branch(copy, same);
		} else {
			for (unsigned n = 0; n < (unsigned)LLVMGetNumOperands(same); n++)
				LLVMSetOperand(same, n, copied(copy, LLVMGetOperand(same, n)));
		}
	}
}

static void connect_block_behind(const struct copy *copy)
{
	LLVMValueRef i = LLVMGetFirstInstruction(block_behind(copy->loop));

	for (; LLVMIsAPHINode(i); i = LLVMGetNextInstruction(i)) {
		for (unsigned n = 0; n < LLVMCountIncoming(i); n++) {
			LLVMValueRef value = LLVMGetIncomingValue(i, n);

			if (LLVMGetIncomingBlock(i, n) != copy->loop->block)
				continue;
			value = copied(copy, value);
			LLVMAddIncoming(i, &value, (LLVMBasicBlockRef[]){ copy->block }, 1);
			break;
		}
	}
}

static void choose(const struct copy *copy, LLVMBuilderRef builder, LLVMValueRef condition)
{
	LLVMContextRef context = copy->context;
	LLVMTypeRef i32 = LLVMInt32TypeInContext(context);
	LLVMValueRef entry = LLVMGetBasicBlockTerminator(copy->loop->before), branch;
	LLVMMetadataRef weights[] = {
		LLVMMDStringInContext2(context, "branch_weights", strlen("branch_weights")),
		LLVMValueAsMetadata(LLVMConstInt(i32, LIKELY, false)),
		LLVMValueAsMetadata(LLVMConstInt(i32, 1, false)),
	};

	LLVMPositionBuilderBefore(builder, entry);
	branch = LLVMBuildCondBr(builder, condition, copy->loop->block, copy->block);
	LLVMSetMetadata(branch, LLVMGetMDKindIDInContext(context, "prof", strlen("prof")),
			LLVMMetadataAsValue(context, LLVMMDNodeInContext2(context, weights, 3)));
	LLVMInstructionEraseFromParent(entry);
}

LLVMBasicBlockRef loop_copy_unless(const struct block_loop *loop, LLVMValueRef condition)
{
	struct copy copy = { .loop = loop };
	LLVMBuilderRef builder;

	copy.context = LLVMGetTypeContext(LLVMTypeOf(condition));
	copy.block = LLVMAppendBasicBlockInContext(copy.context, LLVMGetBasicBlockParent(loop->block), "");
	LLVMMoveBasicBlockAfter(copy.block, loop->block);
	builder = LLVMCreateBuilderInContext(copy.context);
	copy_instructions(&copy, builder);
	connect_instructions(&copy);
	connect_block_behind(&copy);
	choose(&copy, builder, condition);
	LLVMDisposeBuilder(builder);
	return copy.block;
}
