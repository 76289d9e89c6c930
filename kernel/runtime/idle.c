/* Waiting for the outside world; see idle.h. */
#include "idle.h"

#include "nucleus/nucleus.h"
#include "tsc.h"

static uint64_t halted;

void idle_until(uint64_t deadline)
{
	uint64_t start = tsc_read();

	if (start >= deadline)
		return;
	nucleus_call(NUCLEUS_IDLE, deadline, 0, 0, 0);
	halted += tsc_read() - start;
}

uint64_t idle_ticks(void)
{
	return halted;
}
