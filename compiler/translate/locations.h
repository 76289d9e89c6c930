/* Where optimised code came from, through what was inlined into what. A debug location
 * of LLVM's says it as a chain of metadata; the line table that the code generator
 * writes has room for a number only. So, after the optimiser, each inlined location is
 * entered in a table, and its number in the table becomes the line. */
#ifndef WALNUT_COMPILER_LOCATIONS_H
#define WALNUT_COMPILER_LOCATIONS_H

#include <stdint.h>

#include <llvm-c/Core.h>

#include "app_object.h"

struct locations {
	struct walnut_map_inline *entries;
	uint32_t count, capacity;
	/* Metadata to the number it was given: open addressing, a power of two in size */
	struct location_slot *slots;
	uint32_t slot_count;
};

/* Goes through all instructions of an optimised module, or of a part of one. Accepts a
 * zeroed table; 0, or -1 without memory. */
int locations_number(struct locations *locations, LLVMModuleRef module);
void locations_free(struct locations *locations);

#endif
