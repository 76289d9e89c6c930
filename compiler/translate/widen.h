/* Addresses of 64 bits for loops whose 32-bit ones do not wrap. */
#ifndef WALNUT_COMPILER_WIDEN_H
#define WALNUT_COMPILER_WIDEN_H

#include <llvm-c/Core.h>

/* Widens what it can in the whole module, whose loops should be rotated, simplified
 * and in LCSSA form. Returns the number of loops changed. */
unsigned widen_loops(LLVMModuleRef module);

#endif
