/* Faults of the program become Wasm traps: reported on its standard error, or
 * caught by runtime_try(). */
#ifndef WALNUT_RUNTIME_TRAP_H
#define WALNUT_RUNTIME_TRAP_H

#include <stdint.h>

/* From here on faults of ring 3 come here. */
void trap_init(void);

/* The specification's words for an enum walnut_trap_code. */
const char *trap_text(uint32_t code);

/* Ends the program for the reason `why`, in the code at rip with frame pointer rbp. */
_Noreturn void trap_report(uint32_t code, const char *why, uint64_t rip, uint64_t rbp);

#endif
