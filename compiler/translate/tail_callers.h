/* Functions that make tail calls, while LLVM's own pipeline runs. */
#ifndef WALNUT_COMPILER_TRANSLATE_TAIL_CALLERS_H
#define WALNUT_COMPILER_TRANSLATE_TAIL_CALLERS_H

#include <llvm-c/Core.h>

/* Makes internal ones visible, so that their types stay; hide_tail_callers() takes that
 * back. */
void expose_tail_callers(LLVMModuleRef module);
void hide_tail_callers(LLVMModuleRef module);

#endif
