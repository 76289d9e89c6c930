/* COM1, a 16550 as far as output needs it: the guest's early words and its last ones. There
 * is no input. */
#ifndef WALNUT_VMM_SERIAL_H
#define WALNUT_VMM_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

struct bus;
struct guest_log;

#define SERIAL_COM1 0x3f8
#define SERIAL_PORTS 8
#define SERIAL_IRQ 4

struct serial {
	struct guest_log *log;
	uint8_t ier, lcr, mcr, scratch;
	uint8_t divisor[2];
	int irq_fd;   /* eventfd that raises SERIAL_IRQ; -1: it has no interrupt */
	bool written; /* "transmitter empty" is to be told, or was not heard yet */
};

void serial_add(struct serial *serial, struct bus *ports, struct guest_log *log);

#endif
