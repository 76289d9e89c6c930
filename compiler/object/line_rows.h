/* Reads the line table that LLVM wrote into an object. Its "line numbers" are places as
 * struct walnut_map has them. */
#ifndef WALNUT_COMPILER_LINE_ROWS_H
#define WALNUT_COMPILER_LINE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "app_object.h"
#include "elf_object.h"

struct line_rows {
	struct walnut_map_row *rows; /* sorted; from malloc */
	size_t count, capacity;
};

/* Adds the rows about section `text_index`. 0, or -1: makes no sense, or no memory. */
int line_rows_read(const struct elf_object *elf, uint64_t text_index, const Elf64_Shdr *symbols,
		   struct line_rows *rows);

#endif
