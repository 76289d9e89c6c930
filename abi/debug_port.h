/* How a kernel lets a debugger in the VMM look at its ring 3. For every exception, before
 * anything else, its handler runs
 *
 *	out %al, $WALNUT_DEBUG_PORT
 *	jmp 1f			two bytes
 *	(back to ring 3 by iretq)
 *	1: (what it does without a debugger)
 *
 * with all general registers as ring 3 had them, and on the stack struct
 * walnut_debug_frame. The VMM may change registers and frame while it has the vCPU, and
 * lets it go on behind the jump where the exception was the debugger's own.
 *
 * A breakpoint is the instruction hlt, which is an exception in ring 3 on every host
 * (int3 is the kernel's calls); a single step is the trap flag. The port is the one of a
 * PC's diagnostics: without a debugger writes go nowhere. */
#ifndef WALNUT_ABI_DEBUG_PORT_H
#define WALNUT_ABI_DEBUG_PORT_H

#define WALNUT_DEBUG_PORT 0x80
#define WALNUT_DEBUG_JUMP_SIZE 2

#ifndef __ASSEMBLER__
#include <stdint.h>

struct walnut_debug_frame {
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
};
_Static_assert(sizeof(struct walnut_debug_frame) == 56, "debug frame");
#endif

#endif
