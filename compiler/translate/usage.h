/* What a module does with its tables and in tail calls, found by reading all of its code
 * once. */
#ifndef WALNUT_COMPILER_USAGE_H
#define WALNUT_COMPILER_USAGE_H

#include <stdbool.h>

#include "compiler.h"
#include "wasm/module.h"

struct module_usage {
	/* By table: code reads references from it or changes it. */
	bool *accessed_tables;
	/* By function: it has to be of the uniform type, for its tail calls. */
	bool *uniform;
	bool tail_calls; /* some function is */
};

/* 0, or -1 and *error; release it either way. */
int usage_find(struct module_usage *usage, const struct wasm_module *wasm, struct walnut_error *error);
void usage_release(struct module_usage *usage);

#endif
