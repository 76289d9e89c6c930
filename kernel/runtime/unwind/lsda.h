/* The language-specific data areas that LLVM writes (.gcc_except_table, in the Itanium C++
 * ABI's format): which calls of a function have a handler, and for which tags. */
#ifndef WALNUT_RUNTIME_UNWIND_LSDA_H
#define WALNUT_RUNTIME_UNWIND_LSDA_H

#include <stdbool.h>
#include <stdint.h>

struct lsda_handler {
	uint64_t landing_pad;
	uint32_t selector; /* which of its clauses matches */
};

enum lsda_result { LSDA_HANDLER, LSDA_NONE, LSDA_BROKEN };

/* The handler that the function, which begins at `start`, has for exceptions of this tag
 * thrown by the call at `pc`. */
enum lsda_result lsda_find(const uint8_t *lsda, const uint8_t *end, uint64_t start, uint64_t pc,
			   const void *tag, struct lsda_handler *handler);

#endif
