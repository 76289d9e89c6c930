/* The few control transfers that C has no words for; switch.S. */
#ifndef WALNUT_RUNTIME_SWITCH_H
#define WALNUT_RUNTIME_SWITCH_H

#include <stdint.h>

/* Calls function(argument) and returns 0; meanwhile *saved holds what
 * switch_unwind() needs to make this call return a code instead. */
uint32_t switch_protected_call(void (*function)(void *argument), void *argument, uint64_t *saved);
_Noreturn void switch_unwind(uint64_t saved, uint32_t code);

#endif
