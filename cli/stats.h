/* --stats: where the time of a run went, and what it cost. */
#ifndef WALNUT_CLI_STATS_H
#define WALNUT_CLI_STATS_H

#include "toolchain.h"
#include "walnut.h"

/* Prints the timeline and the counters to stderr. `start_ns` is when the command
 * began (CLOCK_MONOTONIC). */
void stats_print(uint64_t start_ns, const struct toolchain_times *times,
		 const struct krun_walnut_stats *stats);

#endif
