/* The real-time clock and CMOS memory of a PC (MC146818): the time of day in UTC, and how
 * much memory there is. The guest cannot set the clock, and there are no alarms. */
#ifndef WALNUT_VMM_CMOS_H
#define WALNUT_VMM_CMOS_H

#include <stdint.h>

struct bus;

#define CMOS_PORT 0x70 /* index, data */
#define CMOS_PORTS 2
#define CMOS_IRQ 8
#define CMOS_CENTURY 0x32 /* the register with the year's first two digits */

struct cmos {
	uint64_t low_ram;  /* bytes below the device gap */
	uint64_t high_ram; /* and above */
	uint8_t index;
};

void cmos_add(struct cmos *cmos, uint64_t low_ram, uint64_t high_ram, struct bus *ports);

#endif
