/* Drops from i8x16.swizzle what known bits make superfluous. */
#ifndef WALNUT_COMPILER_SWIZZLE_H
#define WALNUT_COMPILER_SWIZZLE_H

#include <llvm-c/Core.h>

/* For a module that LLVM has combined instructions in. */
void simplify_swizzles(LLVMModuleRef module);

#endif
