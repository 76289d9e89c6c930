/* The last step to an object: from the line table that LLVM wrote into it to the side
 * tables of abi/app_object.h, and, where wanted, to DWARF about the program's source. */
#ifndef WALNUT_COMPILER_OBJECT_FINISH_H
#define WALNUT_COMPILER_OBJECT_FINISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app_object.h"
#include "error.h"

struct debug_info;
struct wasm_module;

struct object_origin {
	const struct wasm_module *module;
	const struct debug_info *debug; /* or NULL */
	bool keep_lines; /* DWARF for debuggers, too */
	const char *name; /* of the module, for it; NULL: "module.wasm" */
};

/* One of the objects that LLVM wrote for a module. */
struct object_part {
	const uint8_t *bytes;
	size_t size;
	/* What the rows of its line table refer to (translate/locations.h) */
	const struct walnut_map_inline *inlines;
	uint32_t inline_count;
};

/* *out is malloc'd: the parts in one object, with the sections, without what LLVM said
 * for debuggers. 0, or -1 and *error. */
int object_finish(const struct object_part *parts, uint32_t count, const struct object_origin *origin,
		  uint8_t **out, size_t *out_size, struct walnut_error *error);

#endif
