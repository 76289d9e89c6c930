/* A serial port: a UART with two streams of the host's, or with the log of what the guest says.
 *
 * Output goes through a buffer that the loop's thread empties. When the host does not take it
 * and the buffer is full, the transmitter is busy: a driver waits, and loses nothing if it
 * waits. Input is read only when the guest has taken most of what was read before. */
#ifndef WALNUT_VMM_SERIAL_PORT_H
#define WALNUT_VMM_SERIAL_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "device/serial.h"
#include "virtio/stream.h"
#include "vm/event_loop.h"

struct bus;
struct failure;
struct guest_log;

#define SERIAL_PORT_OUTPUT_SIZE (64u << 10)
#define SERIAL_PORT_INPUT_SIZE 256

struct serial_port {
	struct serial serial;
	struct event_loop *loop;
	struct guest_log *log; /* gets the output if there are no streams */
	bool connected;	       /* to streams */
	int irq_fd;	       /* eventfd that raises the interrupt; -1: there is none */

	struct stream output, input;
	struct event_source output_ready, input_ready;
	struct event_source kick; /* eventfd: a vCPU changed something for the loop's thread */

	/* Under the UART's lock. */
	uint8_t *out; /* a ring of SERIAL_PORT_OUTPUT_SIZE */
	uint32_t out_first, out_count;
	bool output_waits; /* output_ready tells when it goes on */
	uint8_t in[SERIAL_PORT_INPUT_SIZE];
	uint32_t in_first, in_count;
	bool input_waits, input_ended;

	/* What typing Ctrl-A x does; NULL: nothing, Ctrl-A is a character like others. */
	void (*leave)(void *opaque);
	void *opaque;
	bool escaped; /* Ctrl-A was typed */
};

/* A port whose output goes to the log, line by line. */
void serial_port_add(struct serial_port *port, struct bus *ports, uint64_t base, struct guest_log *log);

/* Connects it to descriptors of the caller's, which stay his; -1: none. 0 or a negative errno and
 * *failure. serial_port_close() is due in any case. */
int serial_port_connect(struct serial_port *port, int input_fd, int output_fd, struct event_loop *loop,
			struct failure *failure);

/* From now on Ctrl-A begins a command: x calls leave(opaque) on the loop's thread, Ctrl-A or a
 * sends Ctrl-A, h says what there is. Before the loop runs. */
void serial_port_set_escape(struct serial_port *port, void (*leave)(void *opaque), void *opaque);

/* Whether output waits that the host may still take. On the loop's thread. */
bool serial_port_busy(struct serial_port *port);

void serial_port_close(struct serial_port *port);

#endif
