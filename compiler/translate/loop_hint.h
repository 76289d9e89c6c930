/* What LLVM's passes are told about a loop. */
#ifndef WALNUT_COMPILER_LOOP_HINT_H
#define WALNUT_COMPILER_LOOP_HINT_H

#include "block_loop.h"

/* Neither vectorise nor unroll it. */
void loop_hint_leave_alone(const struct block_loop *loop);

#endif
