/* COM1, a 16550 as far as polled output needs it: the guest's early words and its
 * last ones. There is no input, and there are no interrupts. */
#ifndef WALNUT_VMM_SERIAL_H
#define WALNUT_VMM_SERIAL_H

#include <stdint.h>

struct bus;
struct guest_log;

#define SERIAL_COM1 0x3f8
#define SERIAL_PORTS 8

struct serial {
	struct guest_log *log;
	uint8_t ier, lcr, mcr, scratch;
	uint8_t divisor[2];
};

void serial_add(struct serial *serial, struct bus *ports, struct guest_log *log);

#endif
