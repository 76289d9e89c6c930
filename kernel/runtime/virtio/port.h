/* One port of the console device: two virtqueues and their buffers. Buffers are
 * static, 4 KiB apart or more, and the lowest free one is taken first: a program that
 * writes little touches one page of them. */
#ifndef WALNUT_RUNTIME_PORT_H
#define WALNUT_RUNTIME_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/device.h"
#include "virtio/virtq.h"

struct port_buffers {
	uint8_t *base;
	uint32_t size;	/* of one */
	uint16_t count; /* at most VIRTQ_SIZE */
};

struct port {
	struct virtio_device *device;
	struct virtq receive, transmit; /* rings NULL: not set up */
	struct port_buffers in, out;
	bool closed;	     /* by the host */
	bool proven;	     /* the host has taken output */
	uint16_t current;    /* received buffer that is being read */
	uint32_t current_at; /* read so far */
	uint32_t current_size; /* 0: none is being read */
};

/* Hands to the device as much as there are free buffers for. */
size_t port_send(struct port *port, const void *data, size_t size);

/* Whether port_send() would take anything. */
bool port_can_send(struct port *port);

/* Whether the device is done with everything that was sent. */
bool port_is_idle(struct port *port);

/* Copies out what has arrived; 0: nothing yet, and the device has all buffers. */
size_t port_receive(struct port *port, void *data, size_t size);

/* Bytes that port_receive() would return at once. */
size_t port_received(struct port *port);

#endif
