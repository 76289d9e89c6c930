/* Joins the objects of a module's parts into one relocatable object, as `ld -r` would,
 * with two differences: what only the parts share among themselves becomes local to the
 * result, and a part finds another's internal functions by name (rules: elf_join.c). */
#ifndef WALNUT_COMPILER_ELF_JOIN_H
#define WALNUT_COMPILER_ELF_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct elf_part {
	const uint8_t *bytes;
	size_t size;
	uint64_t base; /* set: where its section `based` begins in the joined one */
};

/* *out is malloc'd; debug information is left out, or not. 0, or -1 and *error. */
int elf_join(struct elf_part *parts, size_t count, const char *based, bool keep_debug, uint8_t **out,
	     size_t *out_size, struct walnut_error *error);

#endif
