/* Short loops that LLVM's vectoriser would get wrong. */
#ifndef WALNUT_COMPILER_SHORT_LOOP_H
#define WALNUT_COMPILER_SHORT_LOOP_H

#include <llvm-c/Core.h>

/* Marks them in the whole module as not to be vectorised. Returns their number. */
unsigned protect_short_loops(LLVMModuleRef module);

#endif
