/* --stats: where the time of a run went, and what it cost. */
#ifndef WALNUT_CLI_STATS_H
#define WALNUT_CLI_STATS_H

#include <stdio.h>

#include "toolchain.h"
#include "walnut.h"

/* What the kernel tells of this process, opened early: after a confined run nothing can be. NULL where
 * that fails; stats_print() takes it and closes it. */
FILE *stats_open(void);

/* Prints the timeline and the counters to stderr. `start_ns` is when the command
 * began (CLOCK_MONOTONIC). */
void stats_print(FILE *process, uint64_t start_ns, const struct toolchain_times *times,
		 const struct krun_walnut_stats *stats);

#endif
