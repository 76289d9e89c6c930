/* Keeps LLVM's vectoriser from some loops of few iterations.
 *
 * LLVM 19 takes two accesses for independent if they are further apart than the way from
 * the first iteration to the last. Then the last iteration's access may still overlap the
 * first one's by some of its bytes, if the distance is no multiple of the step, which
 * aligned data never make and WebAssembly allows. It matters where the first and the
 * last iteration become lanes of one vector: in loops of few iterations. Seen are loops of
 * one block with a constant number of iterations and a constant distance. */
#include "short_loop.h"

#include <llvm-c/Target.h>
#include <stdlib.h>

#include "block_loop.h"
#include "loop_hint.h"

#define ITERATIONS_MAX 1024 /* above: no vector has that many lanes, unrolled or not */
#define ACCESSES_MAX 64

struct access {
	LLVMValueRef base;	/* pointer */
	struct affine start;	/* what is added to it in the first iteration */
	int64_t step;
	uint64_t size;
	bool writes;
};

/* 0: unknown. */
static uint64_t trip_count(const struct block_loop *loop)
{
	const struct induction *induction = loop->controlling;
	unsigned width = integer_width(induction->phi);
	uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
	uint64_t init, bound, distance, size;

	if (!LLVMIsAConstantInt(induction->init) || !LLVMIsAConstantInt(loop->bound))
		return 0;
	init = LLVMConstIntGetZExtValue(induction->init);
	bound = LLVMConstIntGetZExtValue(loop->bound);
	distance = (induction->step < 0 ? init - bound : bound - init) & mask;
	size = induction->step < 0 ? -(uint64_t)induction->step : (uint64_t)induction->step;
	return distance % size ? 0 : distance / size;
}

/* The pointer's base; adds what is added to it. */
static LLVMValueRef read_pointer(LLVMValueRef pointer, struct affine *sum)
{
	while ((LLVMIsAGetElementPtrInst(pointer) ||
		(LLVMIsAConstantExpr(pointer) && LLVMGetConstOpcode(pointer) == LLVMGetElementPtr)) &&
	       LLVMGetNumOperands(pointer) == 2 && integer_width(LLVMGetOperand(pointer, 1)) == 64) {
		LLVMTypeRef element = LLVMGetGEPSourceElementType(pointer);

		if (LLVMGetTypeKind(element) != LLVMIntegerTypeKind || LLVMGetIntTypeWidth(element) != 8)
			break;
		affine_add(sum, LLVMGetOperand(pointer, 1), 1);
		pointer = LLVMGetOperand(pointer, 0);
	}
	return pointer;
}

/* False: its address is no sum over inductions and values from outside. */
static bool read_access(struct block_loop *loop, LLVMValueRef instruction, LLVMTargetDataRef layout,
			struct access *access)
{
	LLVMTypeRef type;
	struct affine sum = { 0 };

	*access = (struct access){ .writes = LLVMIsAStoreInst(instruction) };
	type = access->writes ? LLVMTypeOf(LLVMGetOperand(instruction, 0)) : LLVMTypeOf(instruction);
	access->size = LLVMStoreSizeOfType(layout, type);
	access->base = read_pointer(LLVMGetOperand(instruction, access->writes ? 1 : 0), &sum);
	if (sum.count > AFFINE_TERMS_MAX || block_loop_contains(loop, access->base))
		return false;
	access->start.constant = sum.constant;
	for (unsigned i = 0; i < sum.count; i++) {
		LLVMValueRef value = sum.terms[i].value;
		struct induction *induction = block_loop_induction(loop, value);

		if (!induction && block_loop_contains(loop, value))
			return false;
		if (induction)
			access->step += (int64_t)sum.terms[i].coefficient * induction->step;
		affine_add(&access->start, induction ? induction->init : value, sum.terms[i].coefficient);
	}
	return access->start.count <= AFFINE_TERMS_MAX;
}

/* Whether b's first address is a constant distance from a's, and less than an access
 * beyond where a has come to in the last iteration. */
static bool overlaps_at_the_end(const struct access *a, const struct access *b, uint64_t iterations)
{
	uint64_t step = (uint64_t)llabs(a->step), way = step * (iterations - 1), distance;
	uint64_t size = a->size > b->size ? a->size : b->size;

	if (a->base != b->base || a->step != b->step || !affine_same_terms(&a->start, &b->start))
		return false;
	distance = (uint64_t)llabs((int64_t)(b->start.constant - a->start.constant));
	return distance > way && distance < way + size;
}

static bool is_in_danger(struct block_loop *loop, LLVMTargetDataRef layout)
{
	uint64_t iterations = trip_count(loop);
	struct access accesses[ACCESSES_MAX];
	unsigned count = 0;

	if (!iterations || iterations > ITERATIONS_MAX)
		return false;
	for (LLVMValueRef i = LLVMGetFirstInstruction(loop->block); i; i = LLVMGetNextInstruction(i)) {
		struct access *access = &accesses[count];

		if (!LLVMIsALoadInst(i) && !LLVMIsAStoreInst(i))
			continue;
		if (count == ACCESSES_MAX)
			return true;
		if (!read_access(loop, i, layout, access))
			continue;
		for (unsigned n = 0; n < count; n++)
			if ((access->writes || accesses[n].writes) &&
			    overlaps_at_the_end(&accesses[n], access, iterations))
				return true;
		count++;
	}
	return false;
}

unsigned protect_short_loops(LLVMModuleRef module)
{
	LLVMTargetDataRef layout = LLVMGetModuleDataLayout(module);
	struct block_loop loop;
	unsigned count = 0;

	for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
		for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; b = LLVMGetNextBasicBlock(b)) {
			if (!block_loop_read(&loop, b) || !is_in_danger(&loop, layout))
				continue;
			loop_hint_leave_alone(&loop);
			count++;
		}
	}
	return count;
}
