/* Compiles the parts of a module, several at a time. */
#ifndef WALNUT_COMPILER_SCHEDULE_H
#define WALNUT_COMPILER_SCHEDULE_H

#include "backend.h"
#include "debug/worker.h"
#include "locations.h"
#include "parts.h"

struct compilation {
	const struct wasm_module *wasm;
	const struct walnut_compile_options *options;
	const struct target *target;
	struct part_plan *plan;
	struct debug_worker *worker;
	struct debug_info *debug; /* set when the root part is compiled; the caller's to free */
};

/* A part's code; zeroed, it is none. */
struct compiled_part {
	LLVMMemoryBufferRef object;
	struct locations locations; /* what its line table refers to */
};

/* Fills in compiled[i] for part i; the caller releases all of them, also after an error.
 * 0, or -1 and *error. */
int compile_parts(struct compilation *compilation, struct compiled_part *compiled,
		  struct walnut_error *error);
void compiled_part_release(struct compiled_part *compiled);
/* The text of a module that is one part; LLVMDisposeMessage() it. NULL and *error. */
char *compile_to_text(struct compilation *compilation, struct walnut_error *error);

#endif
