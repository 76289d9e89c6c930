/* Waiting on shared memory. A program has one thread, so nobody ever notifies it: a
 * wait ends by its timeout. */
#include "app_object.h"
#include "clock.h"
#include "idle.h"

static uint64_t read_place(const volatile void *place, uint32_t size)
{
	return size == 4 ? *(const volatile uint32_t *)place : *(const volatile uint64_t *)place;
}

uint32_t walnut_atomic_wait(const void *place, uint64_t expected, int64_t timeout_ns, uint32_t size)
{
	uint64_t now = clock_monotonic_ns(), end;

	if (read_place(place, size) != expected)
		return WALNUT_WAIT_NOT_EQUAL;
	if (timeout_ns < 0)
		walnut_trap(WALNUT_TRAP_DEADLOCK);
	end = now + (uint64_t)timeout_ns;
	while (clock_monotonic_ns() < end)
		idle_until(clock_deadline(end));
	return WALNUT_WAIT_TIMED_OUT;
}

uint32_t walnut_atomic_notify(const void *place, uint32_t count)
{
	return 0;
}
