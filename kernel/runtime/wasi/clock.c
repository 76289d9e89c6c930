/* clock_*. */
#include "clock.h"

#include "wasi/guest.h"

WASI_EXPORT(clock_res_get, uint32_t id, uint32_t resolution);
WASI_EXPORT(clock_time_get, uint32_t id, uint64_t precision, uint32_t time);

uint32_t wasi_clock_res_get(uint32_t id, uint32_t resolution)
{
	if (id > WASI_CLOCK_THREAD_CPUTIME)
		return WASI_EINVAL;
	return guest_write_u64(resolution, 1) ? WASI_SUCCESS : WASI_EFAULT;
}

uint32_t wasi_clock_time_get(uint32_t id, uint64_t precision, uint32_t time)
{
	uint64_t now;

	switch (id) {
	case WASI_CLOCK_REALTIME:
		now = clock_realtime_ns();
		break;
	case WASI_CLOCK_MONOTONIC:
		now = clock_monotonic_ns();
		break;
	case WASI_CLOCK_PROCESS_CPUTIME:
	case WASI_CLOCK_THREAD_CPUTIME:
		now = clock_cpu_ns();
		break;
	default:
		return WASI_EINVAL;
	}
	return guest_write_u64(time, now) ? WASI_SUCCESS : WASI_EFAULT;
}
