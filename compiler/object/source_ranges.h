/* Which bytes of an object's code come from which functions and lines of the source: what
 * source_dwarf.c writes as DWARF for debuggers. */
#ifndef WALNUT_COMPILER_SOURCE_RANGES_H
#define WALNUT_COMPILER_SOURCE_RANGES_H

#include "debug/records.h"
#include "debug/strings.h"
#include "line_rows.h"
#include "object_finish.h"
#include "wasm/module.h"

/* A function's native code, in order of `start`. */
struct native_function {
	uint64_t start, size;
	uint32_t index; /* of the Wasm function, or NATIVE_NO_INDEX: made by the compiler */
};
#define NATIVE_NO_INDEX UINT32_MAX

/* A function that was inlined to one place of another, in one native function. */
struct inlined_node {
	uint32_t native;	/* ordinal of the native function */
	uint32_t parent;	/* index + 1 of the node it was inlined to; 0: the function */
	uint32_t name;		/* string */
	uint32_t file, line, column; /* of the call; file: string */
};

struct code_range {
	uint32_t node; /* index */
	uint32_t low, high; /* offsets in the text section */
};

/* Innermost place in the source from this offset on; line 0: none. */
struct code_line {
	uint32_t address;
	uint32_t file; /* string */
	uint32_t line, column;
};

struct source_ranges {
	const struct object_origin *origin;
	const char *module_file; /* whose bytes are the lines where no others are known */
	bool has_lines;		 /* the module has DWARF */
	struct string_table strings;
	struct record_table nodes; /* struct inlined_node */
	struct code_range *ranges; /* in order of low, for each node */
	uint32_t range_count, range_capacity;
	uint32_t *last_range; /* of each node: index + 1 */
	uint32_t last_range_capacity;
	struct code_line *lines;
	uint32_t line_count, line_capacity;
};

/* 0, or -1 without memory; source_ranges_free() in both cases. */
int source_ranges_build(struct source_ranges *ranges, const struct object_origin *origin,
			const struct native_function *functions, uint32_t function_count,
			const struct line_rows *rows);
void source_ranges_free(struct source_ranges *ranges);

/* The name a Wasm function has in the source; a string of ranges->strings. */
uint32_t source_function_name(struct source_ranges *ranges, uint32_t function);

#endif
