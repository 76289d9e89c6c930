/* What a module's debug information says, in tables that can be searched: readable
 * names of its functions, and for each byte of its code the place in the source. The
 * tables come from a process that has parsed hostile bytes (worker.h), so they are
 * checked before use. */
#ifndef WALNUT_COMPILER_DEBUG_INFO_H
#define WALNUT_COMPILER_DEBUG_INFO_H

#include <stddef.h>
#include <stdint.h>

#include "wasm/module.h"

/* Addresses are offsets in the content of the code section, as in DWARF for WebAssembly.
 * Strings are offsets into `strings`; 0 is the empty one. */
struct debug_line { /* holds up to the next one's address */
	uint32_t address;
	uint32_t file;
	uint32_t line; /* 0: no place in the source */
	uint32_t column;
};

/* A function's code, or that of one inlined into it. Sorted by `low`, outer before inner;
 * those of one parent do not overlap. */
#define DEBUG_NO_PARENT UINT32_MAX
struct debug_scope {
	uint32_t low, high; /* bytes low … high - 1 */
	uint32_t parent;    /* index of the scope around it, smaller than its own */
	uint32_t name;
	uint32_t call_file, call_line, call_column; /* inlined ones: where to */
};

struct debug_tables {
	struct debug_line *lines;
	struct debug_scope *scopes;
	char *strings;
	uint32_t line_count, scope_count, string_size;
};

/* 0, or -1 when an index, an order or a string is not what the above says. */
int debug_tables_check(const struct debug_tables *tables);

struct debug_info {
	struct debug_tables tables; /* all empty: the module has none */
	uint32_t code_offset;	    /* of the code section's content in the module */
	/* Readable names by function index; 0: as in the module */
	uint32_t *names;
	char *name_strings;
	uint32_t name_count, name_string_size;
	void *memory; /* what the pointers above point into */
};

/* A function's readable name. */
struct wasm_bytes debug_info_name(const struct debug_info *info, const struct wasm_module *module,
				  uint32_t function);

struct debug_frame {
	const char *function; /* an inlined function's name; NULL: the Wasm function itself */
	const char *file;     /* "": not known */
	uint32_t line, column; /* 0: not known */
};
#define DEBUG_FRAMES_MAX 64

/* The place of a byte of the module, innermost function first. Returns how many, 0: not
 * known. */
unsigned debug_info_frames(const struct debug_info *info, uint32_t wasm_offset,
			   struct debug_frame frames[DEBUG_FRAMES_MAX]);

void debug_info_free(struct debug_info *info);

#endif
