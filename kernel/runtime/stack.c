/* The stack; see stack.h. walnut.ld puts it right behind the image's constants, which
 * nobody can write to, in slots of 2 MiB: an overflow ends there, because compiled
 * code touches every page of a large frame. So it costs no page tables of its own. */
#include "stack.h"

#define GUARD_SIZE UINT64_C(0x200000)

extern const char walnut_image_data[], walnut_stack_top[];

bool stack_contains(uint64_t address, uint64_t size)
{
	uint64_t top = (uint64_t)walnut_stack_top;

	return address >= (uint64_t)walnut_image_data && address <= top && size <= top - address;
}

bool stack_is_guard(uint64_t address)
{
	uint64_t bottom = (uint64_t)walnut_image_data;

	return address < bottom && bottom - address <= GUARD_SIZE;
}

const void *stack_top(void)
{
	return walnut_stack_top;
}
