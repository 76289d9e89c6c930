/* Reads the line tables that LLVM wrote into the objects of a module's parts. Their "line
 * numbers" are places as struct walnut_map has them. */
#ifndef WALNUT_COMPILER_LINE_ROWS_H
#define WALNUT_COMPILER_LINE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "app_object.h"
#include "object_finish.h"

struct line_rows {
	struct walnut_map_row *rows; /* sorted; from malloc */
	size_t count, capacity;
	struct walnut_map_inline *inlines; /* that the rows refer to; from malloc */
	uint32_t inline_count;
};

/* Adds what a part's object says about its code. That begins at `text_base` of the code of
 * the whole: parts come in this order. 0, or -1: makes no sense, or no memory. */
int line_rows_add(struct line_rows *rows, const struct object_part *part, uint64_t text_base);
void line_rows_free(struct line_rows *rows);

#endif
