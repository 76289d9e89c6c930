/* Which functions an address of compiled code is in, as far as the side tables know. */
#ifndef WALNUT_RUNTIME_FRAMES_H
#define WALNUT_RUNTIME_FRAMES_H

#include <stdint.h>

#include "app_object.h"

struct frame {
	/* The Wasm function, NULL: not known; and the byte offset in the module's file that
	 * the code came from, 0: not known */
	const struct walnut_function_info *function;
	uint32_t offset;
	/* A function of the source that the module's compiler had inlined into it; NULL: the
	 * Wasm function itself is meant */
	const char *inlined;
	/* In the source; NULL: not known */
	const char *file;
	uint32_t line, column; /* column 0: not known */
};

/* Calls visit() for the innermost one, then for what it was inlined into, and so on. Never,
 * where the address is in no function of a module. */
void frames_at(uint64_t address, void (*visit)(void *opaque, const struct frame *frame), void *opaque);

#endif
