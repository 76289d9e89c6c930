/* Loops of one block, as the passes of our own on loops see them: inductions, the
 * condition that ends the loop, and integers that are sums over them. */
#ifndef WALNUT_COMPILER_BLOCK_LOOP_H
#define WALNUT_COMPILER_BLOCK_LOOP_H

#include <llvm-c/Core.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_LOOP_INDUCTIONS_MAX 16
#define AFFINE_TERMS_MAX 8

/* An integer of 32 or 64 bits that a constant is added to in each iteration. */
struct induction {
	LLVMValueRef phi, init, next; /* next: phi + step, in the block */
	int64_t step;
};

struct block_loop {
	LLVMBasicBlockRef block, before; /* before: where it is entered from, for the first time */
	LLVMValueRef exit; /* the conditional branch */
	LLVMValueRef bound; /* the loop ends when the controlling induction's next equals it */
	struct induction *controlling;
	struct induction inductions[BLOCK_LOOP_INDUCTIONS_MAX];
	unsigned induction_count;
	unsigned other_phis; /* that are no inductions */
};

/* constant + sum of coefficient * value, in the arithmetic of the integer type. */
struct affine {
	uint64_t constant;
	struct { LLVMValueRef value; uint64_t coefficient; } terms[AFFINE_TERMS_MAX];
	unsigned count; /* above AFFINE_TERMS_MAX: too many, equal to nothing */
};

/* Whether the block is a loop that ends where an induction stepped by a power of two
 * (either sign) meets a value from outside. */
bool block_loop_read(struct block_loop *loop, LLVMBasicBlockRef block);

bool block_loop_contains(const struct block_loop *loop, LLVMValueRef value);
/* NULL: it is none. */
struct induction *block_loop_induction(struct block_loop *loop, LLVMValueRef phi);

/* The width of an integer type, 0 for others. */
unsigned integer_width(LLVMValueRef value);

void affine_read(struct affine *sum, LLVMValueRef value);
/* Adds coefficient * value. */
void affine_add(struct affine *sum, LLVMValueRef value, uint64_t coefficient);
/* Whether two sums of the same type differ by a constant at most. */
bool affine_same_terms(const struct affine *a, const struct affine *b);

#endif
