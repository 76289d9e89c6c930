/* The stack: one for the runtime and the program, which it calls. The nucleus starts
 * ring 3 on it. */
#ifndef WALNUT_RUNTIME_STACK_H
#define WALNUT_RUNTIME_STACK_H

#include <stdbool.h>
#include <stdint.h>

/* Whether these bytes are on the stack. */
bool stack_contains(uint64_t address, uint64_t size);

/* Whether a write to this address means that the stack is used up. */
bool stack_is_guard(uint64_t address);

/* The end of the stack: what lies below was pushed. */
const void *stack_top(void);

#endif
