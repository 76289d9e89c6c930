/* A 16550A UART: the registers, as its data sheet and Linux's driver know them. Where bytes
 * go to and come from is another's: serial_port.h.
 *
 * Time is not modelled: a byte is sent when it is written, and a character time-out is over at
 * once. The modem's lines say that somebody is there. */
#ifndef WALNUT_VMM_SERIAL_H
#define WALNUT_VMM_SERIAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct bus;

#define SERIAL_COM1 0x3f8
#define SERIAL_PORTS 8
#define SERIAL_IRQ 4 /* COM1's */
#define SERIAL_FIFO_SIZE 16

struct serial;

/* Called with the lock held. */
struct serial_ops {
	/* A byte left the transmitter. False: that was the last for now, until serial_drained(). */
	bool (*transmit)(struct serial *serial, uint8_t byte);
	/* The receiver has room again. */
	void (*room)(struct serial *serial);
	/* A pulse on the interrupt line. */
	void (*interrupt)(struct serial *serial);
};

struct serial {
	pthread_mutex_t lock; /* of all that follows */
	const struct serial_ops *ops;

	uint8_t ier, fcr, lcr, mcr, scratch;
	uint8_t divisor[2];
	uint8_t line_errors;  /* LSR's, until it is read */
	uint8_t modem_deltas; /* MSR's, until it is read */
	uint8_t cause;	      /* of the last pulse; as in IIR */
	bool busy;	      /* the transmitter takes nothing */
	bool empty_untold;    /* "transmitter empty" waits to be told */
	bool receives;	      /* the driver wants what comes from outside */
	unsigned looks;	      /* at LSR, one after the other, while the transmitter is empty */

	uint8_t received[SERIAL_FIFO_SIZE];
	unsigned received_first, received_count;
};

/* The device's ports begin at `base`. ops outlive it. */
void serial_add(struct serial *serial, struct bus *ports, uint64_t base, const struct serial_ops *ops);
void serial_destroy(struct serial *serial);

/* With the lock held: how many bytes the receiver takes now; giving it one of them; telling
 * that the transmitter takes bytes again. */
unsigned serial_receiver_room(const struct serial *serial);
void serial_receive(struct serial *serial, uint8_t byte);
void serial_drained(struct serial *serial);

#endif
