#ifndef WALNUT_RUNTIME_TSC_H
#define WALNUT_RUNTIME_TSC_H

#include <stdint.h>

/* The time stamp counter. */
static inline uint64_t tsc_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

#endif
