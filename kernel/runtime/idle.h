/* Waiting for the outside world. */
#ifndef WALNUT_RUNTIME_IDLE_H
#define WALNUT_RUNTIME_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#define IDLE_FOREVER UINT64_MAX

/* Halts until an interrupt or until the TSC reaches `deadline`; may come back
 * early. */
void idle_until(uint64_t deadline);

/* From now on it comes back every millisecond or so: there is a device that cannot interrupt. Whether it
 * did so before. */
bool idle_in_naps(void);

/* TSC ticks spent halted so far. */
uint64_t idle_ticks(void);

#endif
