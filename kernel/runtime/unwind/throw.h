/* Between throw.S and unwind.c. */
#ifndef WALNUT_RUNTIME_UNWIND_THROW_H
#define WALNUT_RUNTIME_UNWIND_THROW_H

#include <stdint.h>

#include "exception.h"

/* The registers of a function at a call it has made, as it finds them when the call comes
 * back: rip is the return address. throw.S knows the layout. */
struct unwind_registers {
	uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
};

/* What walnut_throw() goes to, with the registers of its caller. */
_Noreturn void unwind_throw(struct walnut_exception *exception, const struct unwind_registers *thrower);

/* Goes to a landing pad, which is `rip`. */
_Noreturn void unwind_enter(const struct unwind_registers *registers,
			    struct walnut_exception *exception, uint32_t selector);

#endif
