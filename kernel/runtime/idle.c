/* Waiting for the outside world; see idle.h. */
#include "idle.h"

#include "nucleus/nucleus.h"
#include "tsc.h"

#define NAP_TICKS 2000000 /* a millisecond or less */

static uint64_t halted;
static bool naps;

bool idle_in_naps(void)
{
	bool before = naps;

	naps = true;
	return before;
}

void idle_until(uint64_t deadline)
{
	uint64_t start = tsc_read();

	if (start >= deadline)
		return;
	if (naps && deadline > start + NAP_TICKS)
		deadline = start + NAP_TICKS;
	nucleus_call(NUCLEUS_IDLE, deadline, 0, 0, 0);
	halted += tsc_read() - start;
}

uint64_t idle_ticks(void)
{
	return halted;
}
