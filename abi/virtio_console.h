/* The console device: virtio 1.2, section 5.3. */
#ifndef WALNUT_ABI_VIRTIO_CONSOLE_H
#define WALNUT_ABI_VIRTIO_CONSOLE_H

#include <stdint.h>

#define VIRTIO_CONSOLE_F_SIZE 0
#define VIRTIO_CONSOLE_F_MULTIPORT 1
#define VIRTIO_CONSOLE_F_EMERG_WRITE 2

struct virtio_console_config {
	uint16_t cols;
	uint16_t rows;
	uint32_t max_nr_ports;
	uint32_t emerg_wr;
};

/* Queues: 0/1 receive and transmit of port 0, 2/3 control receive and transmit,
 * then two for each further port. */
#define VIRTIO_CONSOLE_CONTROL_RX 2u
#define VIRTIO_CONSOLE_CONTROL_TX 3u
#define VIRTIO_CONSOLE_PORT_RX(port) ((port) == 0 ? 0u : 2u + 2u * (port))
#define VIRTIO_CONSOLE_PORT_TX(port) (VIRTIO_CONSOLE_PORT_RX(port) + 1u)

struct virtio_console_control {
	uint32_t id; /* port */
	uint16_t event;
	uint16_t value;
}; /* PORT_NAME: followed by the name */

/* Follows the header of RESIZE. Some versions of Linux read it the other way round; others, among
 * them Debian's, as the standard has it. */
struct virtio_console_size {
	uint16_t cols;
	uint16_t rows;
};

enum virtio_console_event {
	VIRTIO_CONSOLE_DEVICE_READY = 0,
	VIRTIO_CONSOLE_DEVICE_ADD = 1,
	VIRTIO_CONSOLE_DEVICE_REMOVE = 2,
	VIRTIO_CONSOLE_PORT_READY = 3,
	VIRTIO_CONSOLE_CONSOLE_PORT = 4,
	VIRTIO_CONSOLE_RESIZE = 5,
	VIRTIO_CONSOLE_PORT_OPEN = 6,
	VIRTIO_CONSOLE_PORT_NAME = 7,
};

_Static_assert(sizeof(struct virtio_console_config) == 12, "config");
_Static_assert(sizeof(struct virtio_console_control) == 8, "control");

#endif
