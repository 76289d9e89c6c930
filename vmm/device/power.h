/* What the guest wants done with its machine: a device sets it, the vCPU that touched the
 * device leaves the guest. */
#ifndef WALNUT_VMM_POWER_H
#define WALNUT_VMM_POWER_H

#include <stdatomic.h>

enum power_wish {
	POWER_STAY,
	POWER_RESET,
	POWER_OFF,
};

struct power {
	_Atomic enum power_wish wish;
};

/* The first wish counts. */
static inline void power_request(struct power *power, enum power_wish wish)
{
	enum power_wish stay = POWER_STAY;

	atomic_compare_exchange_strong(&power->wish, &stay, wish);
}

#endif
