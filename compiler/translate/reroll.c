/* Rerolls loops that the module's producer unrolled.
 *
 * Compilers to WebAssembly unroll small loops. Their copies of the body address
 * memory by i32 additions, p and p + 8, which may wrap, so that LLVM cannot tell that
 * the second access follows the first and does not vectorise. The loop as it was
 * before is no problem: its one address per access is an induction variable, which
 * the vectoriser guards by a check in front of the loop.
 *
 * Considered are loops of one block whose phis are all integers stepped by constants
 * and whose memory accesses fall into 2, 4 or 8 equal runs, in program order. Run j
 * must compute what run 0 does with each phi advanced by j/runs of its step; then
 * only run 0 stays, and the steps become that fraction. The sequence of accesses in
 * the executed program is the same as before. */
#include "reroll.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PHIS_MAX 16
#define ACCESSES_MAX 64
#define TERMS_MAX 8
#define RUNS_MAX 8
#define WORK_MAX 4000 /* comparisons per loop; a body can be a deep graph */

struct induction {
	LLVMValueRef phi, init, next; /* next: phi + step, in the block */
	int64_t step;
};

struct loop {
	LLVMBasicBlockRef block;
	LLVMValueRef exit; /* the conditional branch */
	LLVMValueRef bound; /* the loop ends when the controlling induction's next equals it */
	struct induction *controlling;
	struct induction phis[PHIS_MAX];
	unsigned phi_count;
	LLVMValueRef accesses[ACCESSES_MAX]; /* loads and stores */
	unsigned access_count;
	unsigned runs, run_size;
	unsigned work;
};

/* constant + sum of coefficient * value, in the arithmetic of the integer type. */
struct affine {
	uint64_t constant;
	struct { LLVMValueRef value; uint64_t coefficient; } terms[TERMS_MAX];
	unsigned count;
};

static bool in_loop(const struct loop *loop, LLVMValueRef value)
{
	return LLVMIsAInstruction(value) && LLVMGetInstructionParent(value) == loop->block;
}

static unsigned width(LLVMValueRef value)
{
	LLVMTypeRef type = LLVMTypeOf(value);

	return LLVMGetTypeKind(type) == LLVMIntegerTypeKind ? LLVMGetIntTypeWidth(type) : 0;
}

static struct induction *find_phi(struct loop *loop, LLVMValueRef value)
{
	for (unsigned i = 0; i < loop->phi_count; i++)
		if (loop->phis[i].phi == value)
			return &loop->phis[i];
	return NULL;
}

static bool read_phi(struct loop *loop, LLVMValueRef phi)
{
	struct induction *induction = &loop->phis[loop->phi_count];
	unsigned latch;

	if (loop->phi_count == PHIS_MAX || LLVMCountIncoming(phi) != 2 ||
	    (width(phi) != 32 && width(phi) != 64))
		return false;
	latch = LLVMGetIncomingBlock(phi, 0) == loop->block ? 0 : 1;
	induction->phi = phi;
	induction->init = LLVMGetIncomingValue(phi, 1 - latch);
	induction->next = LLVMGetIncomingValue(phi, latch);
	if (!in_loop(loop, induction->next) || LLVMGetInstructionOpcode(induction->next) != LLVMAdd ||
	    LLVMGetOperand(induction->next, 0) != phi ||
	    !LLVMIsAConstantInt(LLVMGetOperand(induction->next, 1)))
		return false;
	induction->step = LLVMConstIntGetSExtValue(LLVMGetOperand(induction->next, 1));
	loop->phi_count++;
	return true;
}

/* Sorts the block's instructions; false when there is one that cannot be repeated. */
static bool read_body(struct loop *loop)
{
	for (LLVMValueRef i = LLVMGetFirstInstruction(loop->block); i; i = LLVMGetNextInstruction(i)) {
		switch (LLVMGetInstructionOpcode(i)) {
		case LLVMPHI:
			if (!read_phi(loop, i))
				return false;
			break;
		case LLVMLoad:
		case LLVMStore:
			if (LLVMGetVolatile(i) || loop->access_count == ACCESSES_MAX)
				return false;
			loop->accesses[loop->access_count++] = i;
			break;
		case LLVMCall:
		case LLVMFence:
		case LLVMAtomicRMW:
		case LLVMAtomicCmpXchg:
			return false;
		default:
			break;
		}
	}
	return loop->phi_count && loop->access_count;
}

static bool is_power_of_two(int64_t step)
{
	uint64_t size = step < 0 ? -(uint64_t)step : (uint64_t)step;

	return size && !(size & (size - 1));
}

static bool read_exit(struct loop *loop)
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

		for (unsigned i = 0; i < loop->phi_count; i++) {
			if (loop->phis[i].next != next)
				continue;
			loop->controlling = &loop->phis[i];
			loop->bound = LLVMGetOperand(compare, 1 - operand);
			return !in_loop(loop, loop->bound) && width(next) == 32 &&
			       is_power_of_two(loop->phis[i].step);
		}
	}
	return false;
}

/* Only what an iteration's end leaves behind may be seen from outside: the last one
 * of run 0 is not what the last run computed. */
static bool nothing_escapes(struct loop *loop)
{
	for (LLVMValueRef i = LLVMGetFirstInstruction(loop->block); i; i = LLVMGetNextInstruction(i)) {
		bool is_next = false;

		for (unsigned n = 0; n < loop->phi_count; n++)
			is_next |= loop->phis[n].next == i;
		if (is_next)
			continue;
		for (LLVMUseRef use = LLVMGetFirstUse(i); use; use = LLVMGetNextUse(use))
			if (!in_loop(loop, LLVMGetUser(use)))
				return false;
	}
	return true;
}

static void affine_add(struct affine *sum, LLVMValueRef value, uint64_t coefficient, unsigned depth);

static void affine_leaf(struct affine *sum, LLVMValueRef value, uint64_t coefficient)
{
	for (unsigned i = 0; i < sum->count; i++) {
		if (sum->terms[i].value == value) {
			sum->terms[i].coefficient += coefficient;
			return;
		}
	}
	if (sum->count < TERMS_MAX) {
		sum->terms[sum->count].value = value;
		sum->terms[sum->count].coefficient = coefficient;
	}
	sum->count++; /* beyond TERMS_MAX: too many, equal to nothing */
}

static void affine_add(struct affine *sum, LLVMValueRef value, uint64_t coefficient, unsigned depth)
{
	LLVMValueRef right;
	LLVMOpcode opcode;

	if (LLVMIsAConstantInt(value)) {
		sum->constant += coefficient * (uint64_t)LLVMConstIntGetSExtValue(value);
		return;
	}
	if (depth && LLVMIsAInstruction(value) && LLVMGetNumOperands(value) == 2) {
		opcode = LLVMGetInstructionOpcode(value);
		right = LLVMGetOperand(value, 1);
		if (opcode == LLVMAdd) {
			affine_add(sum, LLVMGetOperand(value, 0), coefficient, depth - 1);
			affine_add(sum, right, coefficient, depth - 1);
			return;
		}
		if (opcode == LLVMShl && LLVMIsAConstantInt(right) &&
		    LLVMConstIntGetZExtValue(right) < width(value)) {
			affine_add(sum, LLVMGetOperand(value, 0),
				   coefficient << LLVMConstIntGetZExtValue(right), depth - 1);
			return;
		}
	}
	affine_leaf(sum, value, coefficient);
}

/* Whether b is a with every phi advanced by `run` parts of its step. */
static bool affine_advanced(struct loop *loop, LLVMValueRef a, LLVMValueRef b, unsigned run)
{
	uint64_t mask = width(a) == 64 ? UINT64_MAX : (UINT64_C(1) << width(a)) - 1;
	struct affine first = { 0 }, other = { 0 };
	uint64_t advance = 0;

	affine_add(&first, a, 1, 6);
	affine_add(&other, b, 1, 6);
	if (first.count > TERMS_MAX || first.count != other.count)
		return false;
	for (unsigned i = 0; i < first.count; i++) {
		LLVMValueRef value = first.terms[i].value;
		struct induction *phi = find_phi(loop, value);
		unsigned j = 0;

		while (j < other.count && other.terms[j].value != value)
			j++;
		if (j == other.count ||
		    ((first.terms[i].coefficient - other.terms[j].coefficient) & mask) != 0)
			return false;
		if (phi)
			advance += first.terms[i].coefficient *
				   (uint64_t)(phi->step / (int64_t)loop->runs * (int64_t)run);
		else if (in_loop(loop, value))
			return false;
	}
	return ((other.constant - first.constant - advance) & mask) == 0;
}

static unsigned access_index(const struct loop *loop, LLVMValueRef access)
{
	unsigned i = 0;

	while (i < loop->access_count && loop->accesses[i] != access)
		i++;
	return i;
}

static bool same_operation(LLVMValueRef a, LLVMValueRef b)
{
	LLVMOpcode opcode = LLVMGetInstructionOpcode(a);

	if (opcode != LLVMGetInstructionOpcode(b) || LLVMTypeOf(a) != LLVMTypeOf(b) ||
	    LLVMGetNumOperands(a) != LLVMGetNumOperands(b))
		return false;
	switch (opcode) {
	case LLVMICmp:
		return LLVMGetICmpPredicate(a) == LLVMGetICmpPredicate(b);
	case LLVMFCmp:
		return LLVMGetFCmpPredicate(a) == LLVMGetFCmpPredicate(b);
	case LLVMGetElementPtr:
		return LLVMGetGEPSourceElementType(a) == LLVMGetGEPSourceElementType(b);
	case LLVMLoad:
	case LLVMStore:
		return LLVMGetAlignment(a) == LLVMGetAlignment(b);
	case LLVMPHI:
	case LLVMAlloca:
	case LLVMExtractValue:
	case LLVMInsertValue:
	case LLVMShuffleVector:
		return false;
	default:
		return true;
	}
}

static bool advanced(struct loop *loop, LLVMValueRef a, LLVMValueRef b, unsigned run)
{
	if (loop->work++ > WORK_MAX || LLVMTypeOf(a) != LLVMTypeOf(b))
		return false;
	if (!in_loop(loop, a))
		return a == b;
	if (width(a) >= 32 && affine_advanced(loop, a, b, run))
		return true;
	if (!in_loop(loop, b) || !same_operation(a, b))
		return false;
	if (LLVMIsALoadInst(a) || LLVMIsAStoreInst(a)) {
		unsigned index = access_index(loop, a);

		if (index >= loop->run_size || access_index(loop, b) != index + run * loop->run_size)
			return false;
	}
	for (unsigned i = 0; i < (unsigned)LLVMGetNumOperands(a); i++)
		if (!advanced(loop, LLVMGetOperand(a, i), LLVMGetOperand(b, i), run))
			return false;
	return true;
}

static bool splits_into(struct loop *loop, unsigned runs)
{
	if (loop->access_count % runs)
		return false;
	for (unsigned i = 0; i < loop->phi_count; i++)
		if (loop->phis[i].step % (int64_t)runs)
			return false;
	loop->runs = runs;
	loop->run_size = loop->access_count / runs;
	for (unsigned run = 1; run < runs; run++)
		for (unsigned i = 0; i < loop->run_size; i++)
			if (!advanced(loop, loop->accesses[i], loop->accesses[run * loop->run_size + i], run))
				return false;
	return true;
}

/* What held for run 0 need not hold for all. */
static void clear_flags(LLVMValueRef instruction)
{
	switch (LLVMGetInstructionOpcode(instruction)) {
	case LLVMAdd:
	case LLVMSub:
	case LLVMMul:
	case LLVMShl:
		LLVMSetNUW(instruction, false);
		LLVMSetNSW(instruction, false);
		break;
	case LLVMUDiv:
	case LLVMSDiv:
	case LLVMLShr:
	case LLVMAShr:
		LLVMSetExact(instruction, false);
		break;
	case LLVMZExt:
	case LLVMUIToFP:
		LLVMSetNNeg(instruction, false);
		break;
	case LLVMOr:
		LLVMSetIsDisjoint(instruction, false);
		break;
	default:
		break;
	}
}

static void replace_outside_uses(const struct loop *loop, LLVMValueRef from, LLVMValueRef to)
{
	LLVMUseRef use = LLVMGetFirstUse(from);

	while (use) {
		LLVMValueRef user = LLVMGetUser(use);
		LLVMUseRef following = LLVMGetNextUse(use);

		if (!in_loop(loop, user))
			for (unsigned i = 0; i < (unsigned)LLVMGetNumOperands(user); i++)
				if (LLVMGetOperand(user, i) == from)
					LLVMSetOperand(user, i, to);
		use = following;
	}
}

/* How often the new loop runs, computed in front of it, as i64. The loop as written
 * ends when its controlling induction, stepped by a power of two, meets the bound; if
 * the step does not divide the distance that is never, which UINT64_MAX is close
 * enough to. No distance at all means once around all 2^32 values. */
static LLVMValueRef build_trip_count(struct loop *loop, LLVMBuilderRef builder)
{
	struct induction *induction = loop->controlling;
	unsigned outside = LLVMGetIncomingBlock(induction->phi, 0) == loop->block ? 1 : 0;
	LLVMBasicBlockRef before = LLVMGetIncomingBlock(induction->phi, outside);
	LLVMTypeRef i32 = LLVMTypeOf(induction->phi);
	LLVMTypeRef i64 = LLVMInt64TypeInContext(LLVMGetTypeContext(i32));
	LLVMValueRef zero = LLVMConstNull(i32), distance, rest, wide, whole;
	bool down = induction->step < 0;
	uint64_t size = down ? -(uint64_t)induction->step : (uint64_t)induction->step;
	/* Times runs over step: powers of two both, the first divides the second. */
	uint64_t shift = (uint64_t)(__builtin_ctzll(size) - __builtin_ctz(loop->runs));
	LLVMValueRef around = LLVMConstInt(i64, UINT64_C(1) << 32, false);

	LLVMPositionBuilderBefore(builder, LLVMGetBasicBlockTerminator(before));
	LLVMSetCurrentDebugLocation2(builder, NULL);
	distance = LLVMBuildSub(builder, down ? induction->init : loop->bound,
				down ? loop->bound : induction->init, "");
	rest = LLVMBuildAnd(builder, distance, LLVMConstInt(i32, size - 1, false), "");
	wide = LLVMBuildZExt(builder, distance, i64, "");
	wide = LLVMBuildSelect(builder, LLVMBuildICmp(builder, LLVMIntEQ, distance, zero, ""), around,
			       wide, "");
	wide = LLVMBuildLShr(builder, wide, LLVMConstInt(i64, shift, false), "");
	whole = LLVMBuildICmp(builder, LLVMIntEQ, rest, zero, "");
	return LLVMBuildSelect(builder, whole, wide, LLVMConstAllOnes(i64), "");
}

static void build_exit(struct loop *loop, LLVMBuilderRef builder, LLVMValueRef trip_count)
{
	LLVMTypeRef i64 = LLVMTypeOf(trip_count);
	LLVMValueRef first = LLVMGetFirstInstruction(loop->block), left, next;
	LLVMBasicBlockRef blocks[2] = { loop->block, LLVMGetIncomingBlock(loop->controlling->phi, 0) };
	LLVMValueRef values[2];
	LLVMIntPredicate predicate = LLVMGetSuccessor(loop->exit, 0) == loop->block ? LLVMIntNE
										    : LLVMIntEQ;

	if (blocks[1] == loop->block)
		blocks[1] = LLVMGetIncomingBlock(loop->controlling->phi, 1);
	LLVMPositionBuilderBefore(builder, first);
	left = LLVMBuildPhi(builder, i64, "");
	LLVMPositionBuilderBefore(builder, loop->exit);
	next = LLVMBuildSub(builder, left, LLVMConstInt(i64, 1, false), "");
	values[0] = next;
	values[1] = trip_count;
	LLVMAddIncoming(left, values, blocks, 2);
	LLVMSetCondition(loop->exit, LLVMBuildICmp(builder, predicate, next, LLVMConstNull(i64), ""));
}

static void keep_first_run(struct loop *loop, LLVMBuilderRef builder)
{
	LLVMValueRef trip_count = build_trip_count(loop, builder);

	for (LLVMValueRef i = LLVMGetFirstInstruction(loop->block); i; i = LLVMGetNextInstruction(i))
		clear_flags(i);
	LLVMPositionBuilderBefore(builder, loop->exit);
	for (unsigned i = 0; i < loop->phi_count; i++) {
		struct induction *induction = &loop->phis[i];
		int64_t step = induction->step / (int64_t)loop->runs;
		LLVMValueRef amount = LLVMConstInt(LLVMTypeOf(induction->phi), (uint64_t)step, true);
		LLVMValueRef next = LLVMBuildAdd(builder, induction->phi, amount, "");
		unsigned latch = LLVMGetIncomingBlock(induction->phi, 0) == loop->block ? 0 : 1;

		replace_outside_uses(loop, induction->next, next);
		LLVMSetOperand(induction->phi, latch, next);
	}
	build_exit(loop, builder, trip_count);
	for (unsigned i = loop->run_size; i < loop->access_count; i++)
		if (LLVMIsAStoreInst(loop->accesses[i]))
			LLVMInstructionEraseFromParent(loop->accesses[i]);
}

static bool is_single_block_loop(LLVMBasicBlockRef block, LLVMValueRef exit)
{
	if (!exit || !LLVMIsABranchInst(exit) || !LLVMIsConditional(exit))
		return false;
	return (LLVMGetSuccessor(exit, 0) == block) != (LLVMGetSuccessor(exit, 1) == block);
}

static bool reroll(LLVMBasicBlockRef block, LLVMBuilderRef builder)
{
	struct loop loop = { .block = block, .exit = LLVMGetBasicBlockTerminator(block) };

	if (!is_single_block_loop(block, loop.exit) || !read_body(&loop) || !read_exit(&loop) ||
	    !nothing_escapes(&loop))
		return false;
	for (unsigned runs = RUNS_MAX; runs > 1; runs /= 2) {
		if (splits_into(&loop, runs)) {
			keep_first_run(&loop, builder);
			return true;
		}
	}
	return false;
}

unsigned reroll_loops(LLVMModuleRef module)
{
	LLVMBuilderRef builder = LLVMCreateBuilderInContext(LLVMGetModuleContext(module));
	unsigned count = 0;

	for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f))
		for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; b = LLVMGetNextBasicBlock(b))
			count += reroll(b, builder);
	LLVMDisposeBuilder(builder);
	return count;
}
