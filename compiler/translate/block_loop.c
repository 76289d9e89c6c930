/* Reads loops of one block. */
#include "block_loop.h"

#define AFFINE_DEPTH_MAX 6

bool block_loop_contains(const struct block_loop *loop, LLVMValueRef value)
{
	return LLVMIsAInstruction(value) && LLVMGetInstructionParent(value) == loop->block;
}

struct induction *block_loop_induction(struct block_loop *loop, LLVMValueRef phi)
{
	for (unsigned i = 0; i < loop->induction_count; i++)
		if (loop->inductions[i].phi == phi)
			return &loop->inductions[i];
	return NULL;
}

unsigned integer_width(LLVMValueRef value)
{
	LLVMTypeRef type = LLVMTypeOf(value);

	return LLVMGetTypeKind(type) == LLVMIntegerTypeKind ? LLVMGetIntTypeWidth(type) : 0;
}

static bool is_induction(const struct block_loop *loop, LLVMValueRef phi, LLVMValueRef next)
{
	unsigned width = integer_width(phi);

	return (width == 32 || width == 64) && block_loop_contains(loop, next) &&
	       LLVMGetInstructionOpcode(next) == LLVMAdd && LLVMGetOperand(next, 0) == phi &&
	       LLVMIsAConstantInt(LLVMGetOperand(next, 1));
}

static bool read_phi(struct block_loop *loop, LLVMValueRef phi)
{
	struct induction *induction = &loop->inductions[loop->induction_count];
	unsigned latch;

	if (LLVMCountIncoming(phi) != 2)
		return false;
	latch = LLVMGetIncomingBlock(phi, 0) == loop->block ? 0 : 1;
	loop->before = LLVMGetIncomingBlock(phi, 1 - latch);
	if (loop->induction_count == BLOCK_LOOP_INDUCTIONS_MAX ||
	    !is_induction(loop, phi, LLVMGetIncomingValue(phi, latch))) {
		loop->other_phis++;
		return true;
	}
	induction->phi = phi;
	induction->init = LLVMGetIncomingValue(phi, 1 - latch);
	induction->next = LLVMGetIncomingValue(phi, latch);
	induction->step = LLVMConstIntGetSExtValue(LLVMGetOperand(induction->next, 1));
	loop->induction_count++;
	return true;
}

static bool is_power_of_two(int64_t step)
{
	uint64_t size = step < 0 ? -(uint64_t)step : (uint64_t)step;

	return size && !(size & (size - 1));
}

static bool read_exit(struct block_loop *loop)
{
	LLVMValueRef compare = LLVMGetCondition(loop->exit);
	LLVMIntPredicate predicate;

	if (!LLVMIsAICmpInst(compare))
		return false;
	predicate = LLVMGetICmpPredicate(compare);
	/* Which way out must be the one where the two are equal. */
	if (predicate != (LLVMGetSuccessor(loop->exit, 0) == loop->block ? LLVMIntNE : LLVMIntEQ))
		return false;
	for (unsigned operand = 0; operand < 2; operand++) {
		LLVMValueRef next = LLVMGetOperand(compare, operand);

		for (unsigned i = 0; i < loop->induction_count; i++) {
			if (loop->inductions[i].next != next)
				continue;
			loop->controlling = &loop->inductions[i];
			loop->bound = LLVMGetOperand(compare, 1 - operand);
			return !block_loop_contains(loop, loop->bound) &&
			       is_power_of_two(loop->inductions[i].step);
		}
	}
	return false;
}

static bool is_loop_of_itself(LLVMBasicBlockRef block, LLVMValueRef exit)
{
	if (!exit || !LLVMIsABranchInst(exit) || !LLVMIsConditional(exit))
		return false;
	return (LLVMGetSuccessor(exit, 0) == block) != (LLVMGetSuccessor(exit, 1) == block);
}

bool block_loop_read(struct block_loop *loop, LLVMBasicBlockRef block)
{
	LLVMValueRef i;

	*loop = (struct block_loop){ .block = block, .exit = LLVMGetBasicBlockTerminator(block) };
	if (!is_loop_of_itself(block, loop->exit))
		return false;
	for (i = LLVMGetFirstInstruction(block); LLVMIsAPHINode(i); i = LLVMGetNextInstruction(i))
		if (!read_phi(loop, i))
			return false;
	return read_exit(loop);
}

static void affine_leaf(struct affine *sum, LLVMValueRef value, uint64_t coefficient)
{
	for (unsigned i = 0; i < sum->count && i < AFFINE_TERMS_MAX; i++) {
		if (sum->terms[i].value == value) {
			sum->terms[i].coefficient += coefficient;
			return;
		}
	}
	if (sum->count < AFFINE_TERMS_MAX) {
		sum->terms[sum->count].value = value;
		sum->terms[sum->count].coefficient = coefficient;
	}
	sum->count++;
}

/* What an operation by a constant multiplies with; 0: it is none. */
static uint64_t constant_factor(LLVMValueRef value)
{
	LLVMValueRef right = LLVMGetOperand(value, 1);
	uint64_t amount;

	if (!LLVMIsAConstantInt(right))
		return 0;
	amount = LLVMConstIntGetZExtValue(right);
	if (LLVMGetInstructionOpcode(value) == LLVMMul)
		return amount;
	if (LLVMGetInstructionOpcode(value) == LLVMShl && amount < integer_width(value))
		return UINT64_C(1) << amount;
	return 0;
}

static void add_value(struct affine *sum, LLVMValueRef value, uint64_t coefficient, unsigned depth)
{
	LLVMOpcode opcode = 0;
	uint64_t factor;

	if (LLVMIsAConstantInt(value)) {
		sum->constant += coefficient * (uint64_t)LLVMConstIntGetSExtValue(value);
		return;
	}
	if (depth && LLVMIsAInstruction(value) && LLVMGetNumOperands(value) == 2)
		opcode = LLVMGetInstructionOpcode(value);
	if (opcode == LLVMAdd || opcode == LLVMSub || (opcode == LLVMOr && LLVMGetIsDisjoint(value))) {
		add_value(sum, LLVMGetOperand(value, 0), coefficient, depth - 1);
		add_value(sum, LLVMGetOperand(value, 1), opcode == LLVMSub ? -coefficient : coefficient,
			  depth - 1);
		return;
	}
	factor = opcode == LLVMMul || opcode == LLVMShl ? constant_factor(value) : 0;
	if (factor)
		add_value(sum, LLVMGetOperand(value, 0), coefficient * factor, depth - 1);
	else
		affine_leaf(sum, value, coefficient);
}

void affine_read(struct affine *sum, LLVMValueRef value)
{
	*sum = (struct affine){ 0 };
	affine_add(sum, value, 1);
}

void affine_add(struct affine *sum, LLVMValueRef value, uint64_t coefficient)
{
	add_value(sum, value, coefficient, AFFINE_DEPTH_MAX);
}

bool affine_same_terms(const struct affine *a, const struct affine *b)
{
	if (a->count != b->count || a->count > AFFINE_TERMS_MAX)
		return false;
	for (unsigned i = 0; i < a->count; i++) {
		unsigned width = integer_width(a->terms[i].value), j = 0;
		uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;

		while (j < b->count && b->terms[j].value != a->terms[i].value)
			j++;
		if (j == b->count || (a->terms[i].coefficient - b->terms[j].coefficient) & mask)
			return false;
	}
	return true;
}
