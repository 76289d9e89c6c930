/* The console device with several ports: virtio 1.2, section 5.3. Carries the
 * program's standard streams, each on a port of its own, and the guest's status. */
#ifndef WALNUT_VMM_VIRTIO_CONSOLE_H
#define WALNUT_VMM_VIRTIO_CONSOLE_H

#include "config.h"
#include "virtio/device.h"
#include "virtio/stream.h"

struct failure;
struct console;

enum console_direction {
	CONSOLE_INPUT,	/* from the host to the guest */
	CONSOLE_OUTPUT, /* from the guest */
};

/* What a port is connected to, for one direction of it. */
struct console_port_config {
	const char *name; /* NULL: it has none */
	bool terminal;	  /* a console for the guest; else a stream of bytes */
	bool joined;	  /* output of the port before, which is input */
	bool when_open;	  /* input begins when the driver says that the port was opened */
	enum console_direction direction;
	int fd; /* the caller's, stays open; -1: none, the stream has ended */
	/* Output goes to this function instead of fd, on the I/O thread. */
	void (*output)(void *opaque, const void *data, size_t size);
	void *opaque;
};

/* One direction of a port. What is said to the driver about a port is kept with the first. */
struct console_port {
	struct console *console;
	unsigned index; /* the guest's number of the port */
	struct console_port_config config;
	struct stream stream;
	struct event_source ready;
	bool waits;	 /* `ready` is armed */
	bool opened;	 /* by the guest */
	bool end_seen;	 /* and closed again, after we had told it of the end of input */
	bool ended;	 /* end of file, or nobody takes output any more */
	int error;	 /* why output was dropped, a negative errno; 0: it was not */
	uint8_t pending; /* control messages to send, a set of PENDING_* */
	bool in_flight;	 /* `chain` was taken from the transmit queue and is not done */
	uint64_t chain_done; /* bytes of it already written */
	struct virtq_chain chain;
};

struct console {
	struct virtio_device device; /* first: ops get a pointer to it */
	unsigned port_count;	   /* directions */
	unsigned guest_port_count; /* what the guest counts */
	bool finishing;
	struct console_port ports[2 * CONSOLE_PORTS_MAX];
};

/* Connects the ports, at most 2 * CONSOLE_PORTS_MAX directions. The device itself is created by
 * virtio_mmio_create(&console->device, &console_ops, ...) before. */
int console_open(struct console *console, const struct console_port_config *ports, unsigned count,
		 struct failure *failure);

/* The size of a terminal has changed: tells the guest of those that it uses. */
void console_resized(struct console *console);

/* The guest has stopped: no more input. From now on console_busy() tells whether output
 * still waits for the host's side; turn the loop until it does not. */
void console_finish(struct console *console);
bool console_busy(struct console *console);

/* Whether output was dropped for another reason than a reader that went away: the
 * negative errno, and which port; 0: no. For when nothing runs any more. */
int console_lost(const struct console *console, unsigned *index);

extern const struct virtio_device_ops console_ops;

#endif
