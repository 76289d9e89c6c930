/* Time, from the TSC and what kvmclock says about it. */
#ifndef WALNUT_RUNTIME_CLOCK_H
#define WALNUT_RUNTIME_CLOCK_H

#include <stdint.h>

#include "cmdline.h"
#include "nucleus/nucleus.h"

void clock_init(const struct nucleus_info *info, const struct cmdline *line);

uint64_t clock_monotonic_ns(void);
uint64_t clock_realtime_ns(void); /* since 1970 */
uint64_t clock_cpu_ns(void);	  /* not halted since the start */

/* The TSC value when clock_monotonic_ns() will be `ns`; UINT64_MAX: too far away. */
uint64_t clock_deadline(uint64_t ns);

#endif
