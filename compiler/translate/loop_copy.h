/* A second version of a loop of one block, for when the first one may not run. */
#ifndef WALNUT_COMPILER_LOOP_COPY_H
#define WALNUT_COMPILER_LOOP_COPY_H

#include <llvm-c/Core.h>
#include <stdbool.h>

#include "block_loop.h"

/* Whether the loop can have a copy: it is short, calls no function, is entered by an
 * unconditional branch, and what it computes leaves by phis of the block behind it. */
bool loop_copy_possible(const struct block_loop *loop);

/* Copies the loop. Where it is entered the condition, available there, now decides
 * between it (true, expected) and the copy, which is returned. */
LLVMBasicBlockRef loop_copy_unless(const struct block_loop *loop, LLVMValueRef condition);

#endif
