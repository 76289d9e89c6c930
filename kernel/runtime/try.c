/* runtime_try(): remembers the stack pointers to go back to, innermost last. */
#include "try.h"

#include "switch.h"

static uint64_t saved_stack; /* where to return to; 0: none active */

bool runtime_try_active(void)
{
	return saved_stack != 0;
}

uint32_t runtime_try(void (*function)(void *argument), void *argument)
{
	uint64_t outer = saved_stack;
	uint32_t code = switch_protected_call(function, argument, &saved_stack);

	saved_stack = outer;
	return code;
}

void runtime_try_leave(uint32_t code)
{
	switch_unwind(saved_stack, code);
}
