/* Which functions an exception may leave: the others need no unwind tables, and calls of
 * them inside a try_table are ordinary ones. */
#ifndef WALNUT_COMPILER_THROWING_H
#define WALNUT_COMPILER_THROWING_H

#include "parts.h"

/* Fills in plan->may_throw, malloc'd, and plan->exceptions. 0, or -1 and *error. */
int find_throwing(struct part_plan *plan, const struct wasm_module *wasm,
		  const struct walnut_compile_options *options, struct walnut_error *error);

#endif
