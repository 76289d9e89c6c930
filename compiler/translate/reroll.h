/* Undoes loop unrolling that was done before the module was written. */
#ifndef WALNUT_COMPILER_REROLL_H
#define WALNUT_COMPILER_REROLL_H

#include <llvm-c/Core.h>

/* Rerolls what it can in the whole module, which should have its locals in SSA form
 * and be free of common subexpressions. Returns the number of loops changed. */
unsigned reroll_loops(LLVMModuleRef module);

#endif
