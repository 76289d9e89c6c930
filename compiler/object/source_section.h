/* Builds struct walnut_source (abi/app_object.h). */
#ifndef WALNUT_COMPILER_SOURCE_SECTION_H
#define WALNUT_COMPILER_SOURCE_SECTION_H

#include "line_rows.h"
#include "object_finish.h"

/* For all offsets that the rows and what they were inlined to name; text_base stays for a
 * relocation. *section: malloc'd, NULL where no source is known. 0, or -1 without memory. */
int source_section_build(const struct object_origin *origin, const struct line_rows *rows,
			 uint64_t text_size, struct walnut_source **section, size_t *size);

#endif
