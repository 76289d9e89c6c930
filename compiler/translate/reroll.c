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

#include "block_loop.h"

#define ACCESSES_MAX 64
#define RUNS_MAX 8
#define WORK_MAX 4000 /* comparisons per loop; a body can be a deep graph */

struct loop {
	struct block_loop shape;
	LLVMValueRef accesses[ACCESSES_MAX]; /* loads and stores */
	unsigned access_count;
	unsigned runs, run_size;
	unsigned work;
};

/* Sorts the block's instructions; false when there is one that cannot be repeated. */
static bool read_body(struct loop *loop)
{
	for (LLVMValueRef i = LLVMGetFirstInstruction(loop->shape.block); i;
	     i = LLVMGetNextInstruction(i)) {
		switch (LLVMGetInstructionOpcode(i)) {
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
	return loop->access_count;
}

/* Only what an iteration's end leaves behind may be seen from outside: the last one
 * of run 0 is not what the last run computed. */
static bool nothing_escapes(struct loop *loop)
{
	for (LLVMValueRef i = LLVMGetFirstInstruction(loop->shape.block); i;
	     i = LLVMGetNextInstruction(i)) {
		bool is_next = false;

		for (unsigned n = 0; n < loop->shape.induction_count; n++)
			is_next |= loop->shape.inductions[n].next == i;
		if (is_next)
			continue;
		for (LLVMUseRef use = LLVMGetFirstUse(i); use; use = LLVMGetNextUse(use))
			if (!block_loop_contains(&loop->shape, LLVMGetUser(use)))
				return false;
	}
	return true;
}

/* Whether b is a with every phi advanced by `run` parts of its step. */
static bool affine_advanced(struct loop *loop, LLVMValueRef a, LLVMValueRef b, unsigned run)
{
	uint64_t mask = integer_width(a) == 64 ? UINT64_MAX : (UINT64_C(1) << integer_width(a)) - 1;
	struct affine first, other;
	uint64_t advance = 0;

	affine_read(&first, a);
	affine_read(&other, b);
	if (first.count > AFFINE_TERMS_MAX || first.count != other.count)
		return false;
	for (unsigned i = 0; i < first.count; i++) {
		LLVMValueRef value = first.terms[i].value;
		struct induction *phi = block_loop_induction(&loop->shape, value);
		unsigned j = 0;

		while (j < other.count && other.terms[j].value != value)
			j++;
		if (j == other.count ||
		    ((first.terms[i].coefficient - other.terms[j].coefficient) & mask) != 0)
			return false;
		if (phi)
			advance += first.terms[i].coefficient *
				   (uint64_t)(phi->step / (int64_t)loop->runs * (int64_t)run);
		else if (block_loop_contains(&loop->shape, value))
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
	if (!block_loop_contains(&loop->shape, a))
		return a == b;
	if (integer_width(a) >= 32 && affine_advanced(loop, a, b, run))
		return true;
	if (!block_loop_contains(&loop->shape, b) || !same_operation(a, b))
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
	for (unsigned i = 0; i < loop->shape.induction_count; i++)
		if (loop->shape.inductions[i].step % (int64_t)runs)
			return false;
	loop->runs = runs;
	loop->run_size = loop->access_count / runs;
	for (unsigned run = 1; run < runs; run++)
		for (unsigned i = 0; i < loop->run_size; i++)
			if (!advanced(loop, loop->accesses[i],
				      loop->accesses[run * loop->run_size + i], run))
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

		if (!block_loop_contains(&loop->shape, user))
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
	struct induction *induction = loop->shape.controlling;
	LLVMTypeRef i32 = LLVMTypeOf(induction->phi);
	LLVMTypeRef i64 = LLVMInt64TypeInContext(LLVMGetTypeContext(i32));
	LLVMValueRef zero = LLVMConstNull(i32), distance, rest, wide, whole;
	bool down = induction->step < 0;
	uint64_t size = down ? -(uint64_t)induction->step : (uint64_t)induction->step;
	/* Times runs over step: powers of two both, the first divides the second. */
	uint64_t shift = (uint64_t)(__builtin_ctzll(size) - __builtin_ctz(loop->runs));
	LLVMValueRef around = LLVMConstInt(i64, UINT64_C(1) << 32, false);

	LLVMPositionBuilderBefore(builder, LLVMGetBasicBlockTerminator(loop->shape.before));
	LLVMSetCurrentDebugLocation2(builder, NULL);
	distance = LLVMBuildSub(builder, down ? induction->init : loop->shape.bound,
				down ? loop->shape.bound : induction->init, "");
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
	LLVMValueRef first = LLVMGetFirstInstruction(loop->shape.block), left, next;
	LLVMBasicBlockRef blocks[2] = { loop->shape.block, loop->shape.before };
	LLVMValueRef values[2];
	bool stays_if_true = LLVMGetSuccessor(loop->shape.exit, 0) == loop->shape.block;
	LLVMValueRef zero = LLVMConstNull(i64);

	LLVMPositionBuilderBefore(builder, first);
	left = LLVMBuildPhi(builder, i64, "");
	LLVMPositionBuilderBefore(builder, loop->shape.exit);
	next = LLVMBuildSub(builder, left, LLVMConstInt(i64, 1, false), "");
	values[0] = next;
	values[1] = trip_count;
	LLVMAddIncoming(left, values, blocks, 2);
	LLVMSetCondition(loop->shape.exit,
			 LLVMBuildICmp(builder, stays_if_true ? LLVMIntNE : LLVMIntEQ, next, zero, ""));
}

static void keep_first_run(struct loop *loop, LLVMBuilderRef builder)
{
	LLVMValueRef trip_count = build_trip_count(loop, builder);

	for (LLVMValueRef i = LLVMGetFirstInstruction(loop->shape.block); i; i = LLVMGetNextInstruction(i))
		clear_flags(i);
	LLVMPositionBuilderBefore(builder, loop->shape.exit);
	for (unsigned i = 0; i < loop->shape.induction_count; i++) {
		struct induction *induction = &loop->shape.inductions[i];
		int64_t step = induction->step / (int64_t)loop->runs;
		LLVMValueRef amount = LLVMConstInt(LLVMTypeOf(induction->phi), (uint64_t)step, true);
		LLVMValueRef next = LLVMBuildAdd(builder, induction->phi, amount, "");
		unsigned latch = LLVMGetIncomingBlock(induction->phi, 0) == loop->shape.block ? 0 : 1;

		replace_outside_uses(loop, induction->next, next);
		LLVMSetOperand(induction->phi, latch, next);
	}
	build_exit(loop, builder, trip_count);
	for (unsigned i = loop->run_size; i < loop->access_count; i++)
		if (LLVMIsAStoreInst(loop->accesses[i]))
			LLVMInstructionEraseFromParent(loop->accesses[i]);
}

static bool reroll(LLVMBasicBlockRef block, LLVMBuilderRef builder)
{
	struct loop loop = { 0 };

	if (!block_loop_read(&loop.shape, block) || loop.shape.other_phis ||
	    integer_width(loop.shape.controlling->phi) != 32 || !read_body(&loop) ||
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
