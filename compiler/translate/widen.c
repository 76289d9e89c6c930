/* Widens the addresses of loops.
 *
 * An access of memory 0 is at the zero extension of an i32 sum, which may wrap, so that
 * LLVM can neither use the processor's addressing modes for it nor tell how far apart
 * two accesses are. Where all sums of a loop are affine in its inductions, whether one
 * wraps is known in front of it: each goes from one end of its range to the other in
 * equal steps. So the loop gets two versions, and the one for ranges that lie below
 * 2^32 has 64-bit inductions instead.
 *
 * Sums that differ by constants only form a stream, with one induction for all and one
 * test: that of its lowest sum, with the span up to the highest. */
#include "widen.h"

#include <stdlib.h>

#include "block_loop.h"
#include "loop_copy.h"
#include "loop_hint.h"

#define ADDRESSES_MAX 64
#define STREAMS_MAX 16

struct stream {
	struct affine sum; /* without its constant */
	int32_t low, high; /* least and greatest constant */
	int32_t step;	   /* by which the sum changes in an iteration */
	LLVMValueRef start; /* the lowest sum in the first iteration, as i64 */
};

struct loop {
	struct block_loop shape;
	struct stream streams[STREAMS_MAX];
	unsigned stream_count;
	struct { LLVMValueRef extension; unsigned stream; int32_t constant; } addresses[ADDRESSES_MAX];
	unsigned address_count;
	LLVMBuilderRef builder;
	LLVMTypeRef i64;
	LLVMValueRef last; /* the number of the last iteration, from 0, as i64 */
};

static LLVMValueRef constant(const struct loop *loop, uint64_t value)
{
	return LLVMConstInt(loop->i64, value, false);
}

static bool is_address(LLVMValueRef extension)
{
	for (LLVMUseRef use = LLVMGetFirstUse(extension); use; use = LLVMGetNextUse(use))
		if (LLVMIsAGetElementPtrInst(LLVMGetUser(use)))
			return true;
	return false;
}

/* Whether the sum is over inductions and values from outside the loop; finds its step. */
static bool is_affine(struct loop *loop, const struct affine *sum, int32_t *step)
{
	uint64_t total = 0;

	if (sum->count > AFFINE_TERMS_MAX)
		return false;
	for (unsigned i = 0; i < sum->count; i++) {
		struct induction *induction = block_loop_induction(&loop->shape, sum->terms[i].value);

		if (induction)
			total += sum->terms[i].coefficient * (uint64_t)induction->step;
		else if (block_loop_contains(&loop->shape, sum->terms[i].value))
			return false;
	}
	*step = (int32_t)total;
	return true;
}

/* The stream that the sum is of; STREAMS_MAX: there are too many. */
static unsigned find_stream(struct loop *loop, const struct affine *sum, int32_t step)
{
	int32_t offset = (int32_t)sum->constant;
	struct stream *stream;

	for (unsigned i = 0; i < loop->stream_count; i++) {
		stream = &loop->streams[i];
		if (!affine_same_terms(&stream->sum, sum))
			continue;
		stream->low = offset < stream->low ? offset : stream->low;
		stream->high = offset > stream->high ? offset : stream->high;
		return i;
	}
	if (loop->stream_count == STREAMS_MAX)
		return STREAMS_MAX;
	loop->streams[loop->stream_count] =
		(struct stream){ .sum = *sum, .low = offset, .high = offset, .step = step };
	return loop->stream_count++;
}

static bool read_address(struct loop *loop, LLVMValueRef extension)
{
	struct affine sum;
	int32_t step;
	unsigned stream;

	affine_read(&sum, LLVMGetOperand(extension, 0));
	if (loop->address_count == ADDRESSES_MAX || !is_affine(loop, &sum, &step))
		return false;
	stream = find_stream(loop, &sum, step);
	if (stream == STREAMS_MAX)
		return false;
	loop->addresses[loop->address_count].extension = extension;
	loop->addresses[loop->address_count].stream = stream;
	loop->addresses[loop->address_count++].constant = (int32_t)sum.constant;
	return true;
}

/* Finds the addresses; false: there are none, or one that could be anything, for which
 * the loop stays slow whatever the others are. */
static bool read_addresses(struct loop *loop)
{
	for (LLVMValueRef i = LLVMGetFirstInstruction(loop->shape.block); i; i = LLVMGetNextInstruction(i))
		if (LLVMIsAZExtInst(i) && integer_width(LLVMGetOperand(i, 0)) == 32 &&
		    integer_width(i) == 64 && is_address(i) && !read_address(loop, i))
			return false;
	return loop->address_count;
}

/* Finds the number of the last iteration; the result is a condition on which it is right. */
static LLVMValueRef build_last(struct loop *loop)
{
	struct induction *induction = loop->shape.controlling;
	LLVMBuilderRef builder = loop->builder;
	LLVMTypeRef type = LLVMTypeOf(induction->phi);
	bool down = induction->step < 0;
	uint64_t size = down ? -(uint64_t)induction->step : (uint64_t)induction->step;
	LLVMValueRef distance = LLVMBuildSub(builder, down ? induction->init : loop->shape.bound,
					     down ? loop->shape.bound : induction->init, "");
	LLVMValueRef rest = LLVMBuildAnd(builder, distance, LLVMConstInt(type, size - 1, false), "");
	LLVMValueRef whole = LLVMBuildICmp(builder, LLVMIntEQ, rest, LLVMConstNull(type), "");
	LLVMValueRef count, ends;

	if (integer_width(distance) == 32)
		distance = LLVMBuildZExt(builder, distance, loop->i64, "");
	count = LLVMBuildLShr(builder, distance, constant(loop, (uint64_t)__builtin_ctzll(size)), "");
	/* No distance at all means once around, which wraps to the greatest number here. */
	loop->last = LLVMBuildSub(builder, count, constant(loop, 1), "");
	ends = LLVMBuildICmp(builder, LLVMIntULT, loop->last, constant(loop, UINT64_C(1) << 32), "");
	return LLVMBuildAnd(builder, whole, ends, "");
}

/* The lowest sum of the stream, in the first iteration. */
static LLVMValueRef build_start(struct loop *loop, const struct stream *stream)
{
	LLVMTypeRef i32 = LLVMInt32TypeInContext(LLVMGetTypeContext(loop->i64));
	LLVMValueRef sum = NULL, low = LLVMConstInt(i32, (uint32_t)stream->low, false);

	for (unsigned i = 0; i < stream->sum.count; i++) {
		LLVMValueRef value = stream->sum.terms[i].value;
		uint32_t coefficient = (uint32_t)stream->sum.terms[i].coefficient;
		struct induction *induction = block_loop_induction(&loop->shape, value);

		value = LLVMBuildMul(loop->builder, induction ? induction->init : value,
				     LLVMConstInt(i32, coefficient, false), "");
		sum = sum ? LLVMBuildAdd(loop->builder, sum, value, "") : value;
	}
	sum = sum ? LLVMBuildAdd(loop->builder, sum, low, "") : low;
	return LLVMBuildZExt(loop->builder, sum, loop->i64, "");
}

/* Whether no sum of the stream wraps. Nothing here does: the last iteration's number is
 * below 2^32, the step's size at most 2^31. */
static LLVMValueRef build_test(struct loop *loop, const struct stream *stream)
{
	LLVMBuilderRef builder = loop->builder;
	uint64_t span = (uint64_t)((int64_t)stream->high - stream->low);
	uint64_t size = (uint64_t)llabs((long long)stream->step);
	LLVMValueRef way = LLVMBuildMul(builder, loop->last, constant(loop, size), "");
	LLVMValueRef top = LLVMBuildAdd(builder, stream->start, constant(loop, span), ""), test;

	if (stream->step >= 0)
		top = LLVMBuildAdd(builder, top, way, "");
	test = LLVMBuildICmp(builder, LLVMIntULT, top, constant(loop, UINT64_C(1) << 32), "");
	if (stream->step >= 0)
		return test;
	return LLVMBuildAnd(builder, test,
			    LLVMBuildICmp(builder, LLVMIntUGE, stream->start, way, ""), "");
}

static LLVMValueRef build_condition(struct loop *loop)
{
	LLVMValueRef condition;

	LLVMPositionBuilderBefore(loop->builder, LLVMGetBasicBlockTerminator(loop->shape.before));
	LLVMSetCurrentDebugLocation2(loop->builder, NULL);
	condition = build_last(loop);
	for (unsigned i = 0; i < loop->stream_count; i++) {
		loop->streams[i].start = build_start(loop, &loop->streams[i]);
		condition = LLVMBuildAnd(loop->builder, condition, build_test(loop, &loop->streams[i]), "");
	}
	return condition;
}

/* What does not wrap unsigned does not wrap signed either: all is below 2^64 by far. */
static LLVMValueRef build_sum(struct loop *loop, LLVMValueRef value, int64_t amount)
{
	LLVMValueRef sum = LLVMBuildAdd(loop->builder, value, constant(loop, (uint64_t)amount), "");

	if (LLVMIsAInstruction(sum)) {
		LLVMSetNSW(sum, true);
		LLVMSetNUW(sum, amount >= 0);
	}
	return sum;
}

static LLVMValueRef build_induction(struct loop *loop, const struct stream *stream)
{
	LLVMBasicBlockRef blocks[] = { loop->shape.before, loop->shape.block };
	LLVMValueRef phi, values[2] = { stream->start };

	LLVMPositionBuilderBefore(loop->builder, LLVMGetFirstInstruction(loop->shape.block));
	phi = LLVMBuildPhi(loop->builder, loop->i64, "");
	LLVMPositionBuilderBefore(loop->builder, loop->shape.exit);
	values[1] = build_sum(loop, phi, stream->step);
	LLVMAddIncoming(phi, values, blocks, 2);
	return phi;
}

static void replace_addresses(struct loop *loop)
{
	LLVMValueRef inductions[STREAMS_MAX];

	for (unsigned i = 0; i < loop->stream_count; i++)
		inductions[i] = build_induction(loop, &loop->streams[i]);
	for (unsigned i = 0; i < loop->address_count; i++) {
		LLVMValueRef extension = loop->addresses[i].extension;
		unsigned stream = loop->addresses[i].stream;
		int64_t offset = (int64_t)loop->addresses[i].constant - loop->streams[stream].low;

		LLVMPositionBuilderBefore(loop->builder, extension);
		LLVMReplaceAllUsesWith(extension, offset ? build_sum(loop, inductions[stream], offset)
							 : inductions[stream]);
		LLVMInstructionEraseFromParent(extension);
	}
}

static bool widen(LLVMBasicBlockRef block, LLVMBuilderRef builder)
{
	struct loop loop = { .builder = builder };
	struct block_loop copy;
	LLVMValueRef condition;

	if (!block_loop_read(&loop.shape, block) || !loop_copy_possible(&loop.shape) ||
	    !read_addresses(&loop))
		return false;
	loop.i64 = LLVMInt64TypeInContext(LLVMGetTypeContext(LLVMTypeOf(loop.shape.controlling->phi)));
	condition = build_condition(&loop);
	if ((!LLVMIsAConstantInt(condition) || LLVMConstIntGetZExtValue(condition) == 0) &&
	    block_loop_read(&copy, loop_copy_unless(&loop.shape, condition)))
		loop_hint_leave_alone(&copy);
	replace_addresses(&loop);
	return true;
}

unsigned widen_loops(LLVMModuleRef module)
{
	LLVMBuilderRef builder = LLVMCreateBuilderInContext(LLVMGetModuleContext(module));
	unsigned count = 0;

	for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
		LLVMBasicBlockRef next;

		/* A copy comes right behind its loop, and is left alone. */
		for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; b = next) {
			next = LLVMGetNextBasicBlock(b);
			count += widen(b, builder);
		}
	}
	LLVMDisposeBuilder(builder);
	return count;
}
