/* The program's stack; see stack.h. Below it lies a gibibyte that nothing else
 * uses: compiled code touches every page of a large frame, so an overflow ends
 * there. */
#include "stack.h"

#include "mem/space.h"
#include "switch.h"

#define STACK_SIZE UINT64_C(0x800000)
#define STACK_GUARD_SIZE UINT64_C(0x40000000)

static uint64_t stack_size;

static uint64_t stack_low(void)
{
	return VA_STACK_TOP - stack_size;
}

bool stack_init(void)
{
	/* A small machine needs its RAM for linear memory. */
	stack_size = STACK_SIZE;
	while (stack_size > FRAME_SIZE && stack_size > space_ram_total() / 8)
		stack_size /= 2;
	return space_back(stack_low(), stack_size);
}

void stack_run(void (*function)(void *argument), void *argument)
{
	switch_call_on(function, argument, (void *)VA_STACK_TOP);
}

bool stack_contains(uint64_t address, uint64_t size)
{
	return address >= stack_low() && address <= VA_STACK_TOP && size <= VA_STACK_TOP - address;
}

bool stack_is_guard(uint64_t address)
{
	return address < stack_low() && address >= VA_STACK_TOP - STACK_GUARD_SIZE;
}
