/* The program's stack, at the top of its own part of the address space. */
#ifndef WALNUT_RUNTIME_STACK_H
#define WALNUT_RUNTIME_STACK_H

#include <stdbool.h>
#include <stdint.h>

/* Address space for it and RAM behind, which is touched as the stack grows. False:
 * not enough RAM. */
bool stack_init(void);

/* Calls function(argument) on the program's stack. */
void stack_run(void (*function)(void *argument), void *argument);

/* Whether a frame pointer could be one of the program's. */
bool stack_contains(uint64_t address, uint64_t size);

/* Whether an access to this address means that the stack is used up. */
bool stack_is_guard(uint64_t address);

#endif
