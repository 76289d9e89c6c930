/* The line number program of source_dwarf.c. */
#ifndef WALNUT_COMPILER_SOURCE_LINE_H
#define WALNUT_COMPILER_SOURCE_LINE_H

#include "debug/records.h"
#include "section_buffer.h"
#include "source_ranges.h"

struct dwarf_symbols;

/* The numbers of files: 1 and up, by their names' strings. */
struct source_files {
	struct record_table strings;
};

/* 0: none. Known are those of all lines and calls once source_line_write() is done. */
uint32_t source_file_number(struct source_files *files, uint32_t string);
void source_files_free(struct source_files *files);

/* 0, or -1 without memory. */
int source_line_write(struct section_buffer *line, const struct source_ranges *source, uint64_t text_size,
		      const struct dwarf_symbols *symbols, struct source_files *files);

#endif
