/* The clocks: monotonic time for the statistics, Unix time for the guest. */
#ifndef WALNUT_VMM_CLOCK_H
#define WALNUT_VMM_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_now_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

static inline uint64_t clock_epoch_ns(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}

#endif
