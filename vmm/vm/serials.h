/* A VM's serial ports. COM1 is always there: it tells the log what a guest says that nobody
 * listens to. */
#ifndef WALNUT_VMM_SERIALS_H
#define WALNUT_VMM_SERIALS_H

#include <stdbool.h>

#include "device/serial_port.h"
#include "vm/terminal.h"

struct vm;

#define SERIALS_MAX 4

struct serials {
	struct serial_port ports[SERIALS_MAX];
	unsigned count;
	struct terminal terminal; /* if the first one is one */
	bool left;		  /* Ctrl-A x was typed there */
};

/* Makes those that the configuration names; on a PC they have interrupts. serials_destroy() is
 * due in any case. */
int serials_create(struct vm *vm);
void serials_destroy(struct serials *serials);

/* Whether output waits that the host may still take. On the loop's thread. */
bool serials_busy(struct serials *serials);

#endif
