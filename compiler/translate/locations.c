/* From chains of inlined debug locations to the entries of struct walnut_map. */
#include "locations.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/DebugInfo.h>

#define DEPTH_MAX 1000 /* inlined into each other: the rest is left out */

struct location_slot {
	LLVMMetadataRef location; /* NULL: free */
	uint32_t number;
};

static struct location_slot *find_slot(const struct locations *locations, LLVMMetadataRef location)
{
	uint64_t hash = (uint64_t)location * UINT64_C(0x9e3779b97f4a7c15);
	uint32_t at = (uint32_t)(hash >> 32) & (locations->slot_count - 1);

	while (locations->slots[at].location && locations->slots[at].location != location)
		at = (at + 1) & (locations->slot_count - 1);
	return &locations->slots[at];
}

static int grow_slots(struct locations *locations)
{
	struct locations larger = *locations;

	larger.slot_count = locations->slot_count ? locations->slot_count * 2 : 1024;
	larger.slots = calloc(larger.slot_count, sizeof(*larger.slots));
	if (!larger.slots)
		return -1;
	for (uint32_t i = 0; i < locations->slot_count; i++)
		if (locations->slots[i].location)
			*find_slot(&larger, locations->slots[i].location) = locations->slots[i];
	free(locations->slots);
	*locations = larger;
	return 0;
}

static int grow_entries(struct locations *locations)
{
	uint32_t capacity = locations->capacity ? locations->capacity * 2 : 512;
	struct walnut_map_inline *entries = reallocarray(locations->entries, capacity, sizeof(*entries));

	if (!entries)
		return -1;
	locations->entries = entries;
	locations->capacity = capacity;
	return 0;
}

/* What stands for the location in a row of the map. 0, or -1 without memory. */
static int number_of(struct locations *locations, LLVMMetadataRef location, unsigned depth,
		     uint32_t *number)
{
	LLVMMetadataRef call = LLVMDILocationGetInlinedAt(location);
	uint32_t offset = LLVMDILocationGetLine(location), caller;
	struct location_slot *slot;

	*number = offset;
	if (!call || offset == 0 || depth == DEPTH_MAX)
		return 0;
	if (locations->slot_count) {
		slot = find_slot(locations, location);
		if (slot->location) {
			*number = slot->number;
			return 0;
		}
	}
	if (number_of(locations, call, depth + 1, &caller))
		return -1;
	if (locations->slot_count < 2 * (locations->count + 1) && grow_slots(locations))
		return -1;
	if (locations->count == locations->capacity && grow_entries(locations))
		return -1;
	locations->entries[locations->count] = (struct walnut_map_inline){ offset, caller };
	*number = WALNUT_MAP_INLINED | locations->count++;
	*find_slot(locations, location) = (struct location_slot){ location, *number };
	return 0;
}

static int number_function(struct locations *locations, LLVMContextRef context, LLVMValueRef function,
			   LLVMMetadataRef scope)
{
	for (LLVMBasicBlockRef block = LLVMGetFirstBasicBlock(function); block;
	     block = LLVMGetNextBasicBlock(block)) {
		for (LLVMValueRef instruction = LLVMGetFirstInstruction(block); instruction;
		     instruction = LLVMGetNextInstruction(instruction)) {
			LLVMMetadataRef location = LLVMInstructionGetDebugLoc(instruction);
			uint32_t number;

			if (!location || !LLVMDILocationGetInlinedAt(location))
				continue;
			if (number_of(locations, location, 0, &number))
				return -1;
			LLVMInstructionSetDebugLoc(instruction,
						   LLVMDIBuilderCreateDebugLocation(context, number, 0,
										    scope, NULL));
		}
	}
	return 0;
}

int locations_number(struct locations *locations, LLVMModuleRef module)
{
	LLVMContextRef context = LLVMGetModuleContext(module);

	for (LLVMValueRef function = LLVMGetFirstFunction(module); function;
	     function = LLVMGetNextFunction(function)) {
		LLVMMetadataRef scope = LLVMGetSubprogram(function);

		if (scope && number_function(locations, context, function, scope))
			return -1;
	}
	return 0;
}

void locations_free(struct locations *locations)
{
	free(locations->entries);
	free(locations->slots);
	*locations = (struct locations){ 0 };
}
