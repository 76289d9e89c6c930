/* DWARF 4 about the app's own source: for each function its name and code, what was
 * inlined into it, and the lines. No variables and no types. */
#ifndef WALNUT_COMPILER_SOURCE_DWARF_H
#define WALNUT_COMPILER_SOURCE_DWARF_H

#include "section_buffer.h"
#include "source_ranges.h"

/* Symbols that stand for the beginning of sections. */
struct dwarf_symbols {
	uint32_t text; /* with the offset to subtract */
	int64_t text_addend;
	uint32_t abbrev, line, ranges;
};

struct source_dwarf {
	struct section_buffer abbrev, info, line, ranges;
};

/* 0, or -1 without memory or where a section would grow past 4 GiB; source_dwarf_free() in
 * both cases. */
int source_dwarf_write(struct source_dwarf *dwarf, const struct object_origin *origin,
		       const struct native_function *functions, uint32_t function_count,
		       const struct line_rows *rows, uint64_t text_size, const struct dwarf_symbols *symbols);
void source_dwarf_free(struct source_dwarf *dwarf);

#endif
