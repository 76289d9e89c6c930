/* Runs code that may trap and comes back from the trap: for programs built into
 * the kernel that check traps (the specification's tests). */
#ifndef WALNUT_RUNTIME_TRY_H
#define WALNUT_RUNTIME_TRY_H

#include <stdbool.h>
#include <stdint.h>

/* Calls function(argument) on the current stack. Returns 0, or the enum
 * walnut_trap_code it trapped with. May be nested. */
uint32_t runtime_try(void (*function)(void *argument), void *argument);

/* Whether a trap now would come back from a runtime_try(). */
bool runtime_try_active(void);

/* Leaves the innermost runtime_try() with `code`. Only while one is active. */
_Noreturn void runtime_try_leave(uint32_t code);

#endif
