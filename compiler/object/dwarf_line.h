/* Reads DWARF line number programs, versions 4 and 5 (DWARF 5, section 6.2). */
#ifndef WALNUT_COMPILER_DWARF_LINE_H
#define WALNUT_COMPILER_DWARF_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dwarf_line_visitor {
	/* The address that DW_LNE_set_address puts at this offset of .debug_line, which
	 * in a relocatable object is the business of a relocation. False: not in the
	 * section of interest, its rows are left out. */
	bool (*address)(void *opaque, uint64_t section_offset, uint64_t *address);
	/* A row of the table; line 0 where a sequence ends. 0, or -1 to give up. */
	int (*row)(void *opaque, uint64_t address, uint64_t line);
	void *opaque;
};

/* All line programs of the section. 0, or -1 when they make no sense. */
int dwarf_line_read(const uint8_t *section, size_t size, const struct dwarf_line_visitor *visitor);

#endif
