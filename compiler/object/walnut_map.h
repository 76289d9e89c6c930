/* Adds section walnut_map (abi/app_object.h, struct walnut_map) to an object that
 * LLVM wrote with a line table in it. */
#ifndef WALNUT_COMPILER_WALNUT_MAP_H
#define WALNUT_COMPILER_WALNUT_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* *out is a malloc'd copy with the section. 0, or -1 and *error. */
int walnut_map_append(const uint8_t *object, size_t size, uint8_t **out, size_t *out_size,
		      struct walnut_error *error);

#endif
