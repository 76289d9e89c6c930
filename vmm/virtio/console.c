/* virtio-console, multiport. Theory of operation:
 *
 * Each port has a receive and a transmit queue, and is connected to the host in one direction or
 * in both. Output takes a chain off the transmit
 * queue and writes it to the host; what the host does not take now stays in flight
 * until its descriptor is writable. Input reads straight into the buffers that the
 * driver posted, and only then: a program that reads nothing takes nothing from a
 * stdin it may share with the commands after it.
 *
 * Open and closed: PORT_OPEN with value 0 tells the driver that a stream ended: end of
 * file on input (after the data before it), nobody reading on output. A port without a
 * partner counts as ended from the start. These messages go out as soon as there is a
 * buffer on the control queue, whether or not the driver asked for the list of ports,
 * so that a driver that knows the ports (walnut.ports= on its command line) may leave
 * the handshake out.
 *
 * Control messages to the driver are kept as flags for each port, not as a queue: state
 * to report, bounded whatever the driver does. */
#include "virtio/console.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "failure.h"
#include "log.h"
#include "virtio/iov.h"

#include "virtio_console.h"
#include "virtio_mmio.h"

#define QUEUE_SIZE 64
#define CHAINS_AT_ONCE 64
/* A chain may name all of RAM many times over: after so much others have their turn. */
#define BYTES_AT_ONCE (1u << 20)
#define CONTROL_MESSAGE_MAX 64

/* In the order they are sent. */
#define PENDING_ADD 0x1
#define PENDING_CONSOLE 0x2
#define PENDING_NAME 0x4
#define PENDING_OPEN 0x8
#define PENDING_SIZE 0x10

static struct console *console_of(struct virtio_device *device)
{
	return (struct console *)device;
}

/* The half of a port that messages about it are kept with; NULL: there is no such port. */
static struct console_port *first_of(struct console *console, unsigned index)
{
	for (unsigned i = 0; i < console->port_count; i++)
		if (console->ports[i].index == index)
			return &console->ports[i];
	return NULL;
}

/* A port ends with its input. While it is closed Linux makes writers wait, so one that has output,
 * too, opens again when the guest has seen the end. */
static bool is_open(const struct console_port *first)
{
	const struct console *console = first->console;
	const struct console_port *last = first;

	if (first + 1 < console->ports + console->port_count && first[1].index == first->index)
		last = first + 1;
	return !first->ended || (first->end_seen && !last->ended);
}

/* A host's terminal is the guest's input. */
static bool has_size(const struct console_port *first)
{
	return first->config.terminal && first->config.direction == CONSOLE_INPUT && first->config.fd >= 0 &&
	       isatty(first->config.fd);
}

static struct virtio_console_size terminal_size(const struct console_port *first)
{
	struct winsize size = { 0 };

	ioctl(first->config.fd, TIOCGWINSZ, &size);
	return (struct virtio_console_size){ .cols = size.ws_col, .rows = size.ws_row };
}

/* Stops when a reply would not fit: the flag stays, the next buffer gets it. */
static size_t control_message(struct console_port *port, uint8_t what, uint8_t *to)
{
	struct virtio_console_control control = { .id = port->index, .value = 1 };
	struct virtio_console_size size;
	size_t rest = 0;

	switch (what) {
	case PENDING_ADD:
		control.event = VIRTIO_CONSOLE_DEVICE_ADD;
		break;
	case PENDING_CONSOLE:
		control.event = VIRTIO_CONSOLE_CONSOLE_PORT;
		break;
	case PENDING_NAME:
		control.event = VIRTIO_CONSOLE_PORT_NAME;
		rest = strlen(port->config.name);
		memcpy(to + sizeof(control), port->config.name, rest);
		break;
	case PENDING_SIZE:
		control.event = VIRTIO_CONSOLE_RESIZE;
		size = terminal_size(port);
		rest = sizeof(size);
		memcpy(to + sizeof(control), &size, rest);
		break;
	default:
		control.event = VIRTIO_CONSOLE_PORT_OPEN;
		control.value = is_open(port);
	}
	memcpy(to, &control, sizeof(control));
	return sizeof(control) + rest;
}

/* Sends one flag's message. 1: sent, 0: no buffer, negative: broken driver. */
static int control_send(struct console *console, struct console_port *port, uint8_t what)
{
	struct virtq *vq = &console->device.queues[VIRTIO_CONSOLE_CONTROL_RX];
	uint8_t message[CONTROL_MESSAGE_MAX];
	struct virtq_chain chain;
	size_t size;
	int got = virtq_next_chain(vq, &chain);

	if (got <= 0)
		return got;
	size = control_message(port, what, message);
	if (chain.write_size < size) /* too small for it: the driver gets it back empty */
		size = 0;
	else
		port->pending &= (uint8_t)~what;
	iov_scatter(virtq_chain_writable(&chain), chain.write_count, message, size);
	virtq_complete(vq, chain.head, (uint32_t)size);
	return 1;
}

static void control_flush(struct console *console)
{
	struct virtq *vq = virtio_device_queue(&console->device, VIRTIO_CONSOLE_CONTROL_RX);
	int got = 1;

	if (!vq)
		return;
	for (unsigned i = 0; i < console->guest_port_count && got > 0; i++) {
		struct console_port *port = first_of(console, i);

		for (uint8_t what = PENDING_ADD; what <= PENDING_SIZE && got > 0; what <<= 1)
			if (port->pending & what)
				got = control_send(console, port, what);
	}
	if (got < 0)
		virtio_device_broken(&console->device, "bad control buffer");
	else
		virtio_device_leave(&console->device, vq, false);
}

/* Input is always a port's first direction. Linux throws away what arrives while nobody has the port open. */
static void port_opened(struct console_port *first, bool opened)
{
	struct console *console = first->console;

	if (!opened && first->opened && !is_open(first)) {
		first->end_seen = true;
		first->pending |= PENDING_OPEN;
	}
	first->opened = opened;
	virtio_device_revisit(&console->device);
}

static void control_receive(struct console *console, const struct virtio_console_control *control)
{
	struct console_port *port;

	if (control->event == VIRTIO_CONSOLE_DEVICE_READY) {
		for (unsigned i = 0; control->value == 1 && i < console->guest_port_count; i++)
			first_of(console, i)->pending |= PENDING_ADD;
		return;
	}
	port = first_of(console, control->id);
	if (port && control->event == VIRTIO_CONSOLE_PORT_OPEN)
		port_opened(port, control->value == 1);
	if (port && control->event == VIRTIO_CONSOLE_PORT_READY && control->value == 1)
		port->pending |= PENDING_OPEN | (port->config.name ? PENDING_NAME : 0) |
				 (port->config.terminal ? PENDING_CONSOLE : 0) | (has_size(port) ? PENDING_SIZE : 0);
}

static void control_queue(struct console *console)
{
	struct virtq *vq = &console->device.queues[VIRTIO_CONSOLE_CONTROL_TX];
	struct virtq_chain chain;
	int got = 0;

	for (unsigned i = 0; i < CHAINS_AT_ONCE && (got = virtq_next_chain(vq, &chain)) > 0; i++) {
		struct virtio_console_control control;

		if (iov_gather(virtq_chain_readable(&chain), chain.read_count, (uint8_t *)&control,
			   sizeof(control)) == sizeof(control))
			control_receive(console, &control);
		virtq_complete(vq, chain.head, 0);
	}
	if (got < 0) {
		virtio_device_broken(&console->device, "bad control message");
		return;
	}
	virtio_device_leave(&console->device, vq, true);
	control_flush(console);
}

static void port_ended(struct console_port *port)
{
	port->ended = true;
	first_of(port->console, port->index)->pending |= PENDING_OPEN;
	control_flush(port->console);
}

static void port_wait(struct console_port *port)
{
	uint32_t events = port->config.direction == CONSOLE_INPUT ? EPOLLIN : EPOLLOUT;

	event_loop_modify(port->console->device.loop, &port->ready, events | EPOLLONESHOT);
	port->waits = true;
}

/* Reads into one chain of the driver's, at most `budget` bytes. False: nothing was read. */
static bool port_input_chain(struct console_port *port, struct virtq *vq, struct virtq_chain *chain,
			     size_t *budget)
{
	ssize_t n = 0;

	if (chain->write_size > 0) {
		unsigned count = iov_limit(virtq_chain_writable(chain), chain->write_count, *budget);

		n = stream_read(&port->stream, virtq_chain_writable(chain), (int)count);
		if (n <= 0)
			virtq_undo_next(vq);
		if (n == -EAGAIN) {
			port_wait(port);
			return false;
		}
		if (n < 0)
			log_line(LOG_LEVEL_WARN, "%s: cannot read: %s", port->config.name, strerror((int)-n));
		if (n <= 0) {
			port_ended(port);
			return false;
		}
		*budget -= (size_t)n;
	}
	virtq_complete(vq, chain->head, (uint32_t)n);
	return true;
}

static bool may_read(const struct console_port *port)
{
	return !port->waits && !port->ended && !port->console->finishing &&
	       (port->opened || !port->config.when_open);
}

static void port_input(struct console_port *port, struct virtq *vq)
{
	size_t budget = BYTES_AT_ONCE;
	struct virtq_chain chain;
	int got = 0;

	for (unsigned i = 0; i < CHAINS_AT_ONCE && budget > 0; i++) {
		if (!may_read(port))
			break;
		got = virtq_next_chain(vq, &chain);
		if (got <= 0 || !port_input_chain(port, vq, &chain, &budget))
			break;
	}
	if (got < 0)
		virtio_device_broken(&port->console->device, "bad receive buffer");
	else
		virtio_device_leave(&port->console->device, vq, may_read(port));
}

/* Writes on with the chain in flight, at most `budget` bytes. False: it is not done. */
static bool port_output_chain(struct console_port *port, size_t *budget)
{
	struct iovec rest[VIRTQ_DEVICE_SIZE_MAX];

	while (port->chain_done < port->chain.read_size && !port->ended) {
		unsigned count = iov_skip(rest, virtq_chain_readable(&port->chain), port->chain.read_count,
				      port->chain_done);
		ssize_t n;

		if (*budget == 0) {
			virtio_device_revisit(&port->console->device);
			return false;
		}
		count = iov_limit(rest, count, *budget);
		if (port->config.output) {
			port->config.output(port->config.opaque, rest[0].iov_base, rest[0].iov_len);
			n = (ssize_t)rest[0].iov_len;
		} else {
			n = stream_write(&port->stream, rest, (int)count);
		}
		if (n == -EAGAIN) {
			port_wait(port);
			return false;
		}
		if (n < 0) {
			log_line(LOG_LEVEL_INFO, "%s: cannot write: %s", port->config.name, strerror((int)-n));
			port->error = (int)n;
			port_ended(port); /* the rest, and what follows, is dropped */
		} else {
			port->chain_done += (uint64_t)n;
			*budget -= (size_t)n;
		}
	}
	return true;
}

static void port_output(struct console_port *port, struct virtq *vq)
{
	size_t budget = BYTES_AT_ONCE;
	int got = 0;

	for (unsigned i = 0; i < CHAINS_AT_ONCE && !port->waits; i++) {
		if (!port->in_flight) {
			got = virtq_next_chain(vq, &port->chain);
			if (got <= 0)
				break;
			port->in_flight = true;
			port->chain_done = 0;
		}
		if (!port_output_chain(port, &budget))
			break;
		port->in_flight = false;
		virtq_complete(vq, port->chain.head, 0);
	}
	if (got < 0)
		virtio_device_broken(&port->console->device, "bad transmit buffer");
	else
		virtio_device_leave(&port->console->device, vq, !port->waits);
}

static void port_serve(struct console_port *port)
{
	bool input = port->config.direction == CONSOLE_INPUT;
	unsigned queue = input ? VIRTIO_CONSOLE_PORT_RX(port->index) : VIRTIO_CONSOLE_PORT_TX(port->index);
	struct virtq *vq = virtio_device_queue(&port->console->device, queue);

	if (vq && input)
		port_input(port, vq);
	else if (vq)
		port_output(port, vq);
}

/* The direction of a port that a queue is for. NULL: a control queue, or a direction that the port
 * has not, whose queue is never served: the driver's buffers stay with us. */
static struct console_port *port_of(struct console *console, unsigned queue)
{
	unsigned index = queue < VIRTIO_CONSOLE_CONTROL_RX ? 0 : queue / 2 - 1;
	enum console_direction direction = queue % 2 ? CONSOLE_OUTPUT : CONSOLE_INPUT;

	if (queue == VIRTIO_CONSOLE_CONTROL_RX || queue == VIRTIO_CONSOLE_CONTROL_TX)
		return NULL;
	for (unsigned i = 0; i < console->port_count; i++)
		if (console->ports[i].index == index && console->ports[i].config.direction == direction)
			return &console->ports[i];
	return NULL;
}

static void console_queue_ready(struct virtio_device *device, unsigned queue)
{
	struct console *console = console_of(device);
	struct console_port *port = port_of(console, queue);

	if (port)
		port_serve(port);
	else if (queue == VIRTIO_CONSOLE_CONTROL_RX)
		control_flush(console);
	else if (queue == VIRTIO_CONSOLE_CONTROL_TX)
		control_queue(console);
}

/* What was in flight belongs to rings that are gone. */
static void console_queue_stopped(struct virtio_device *device, unsigned queue)
{
	struct console_port *port = port_of(console_of(device), queue);

	if (port)
		port->in_flight = false;
}

static void stream_ready(struct event_source *source, uint32_t events)
{
	struct console_port *port = (struct console_port *)((char *)source -
							    offsetof(struct console_port, ready));
	struct virtio_device *device = &port->console->device;

	pthread_mutex_lock(&device->lock);
	port->waits = false;
	port_serve(port);
	pthread_mutex_unlock(&device->lock);
}

static void console_reset(struct virtio_device *device)
{
	struct console *console = console_of(device);

	for (unsigned i = 0; i < console->port_count; i++) {
		struct console_port *port = &console->ports[i];

		port->in_flight = false;
		port->opened = port->end_seen = false;
		port->pending = 0;
		if (port == first_of(console, port->index) && !is_open(port))
			port->pending = PENDING_OPEN;
	}
}

static void console_config_read(struct virtio_device *device, uint64_t offset, void *data, unsigned size)
{
	struct virtio_console_config config = { .max_nr_ports = console_of(device)->guest_port_count };

	virtio_config_copy(&config, sizeof(config), offset, data, size);
}

static void console_close(struct virtio_device *device)
{
	struct console *console = console_of(device);

	for (unsigned i = 0; i < console->port_count; i++) {
		struct console_port *port = &console->ports[i];

		event_loop_remove(device->loop, &port->ready);
		stream_close(&port->stream);
	}
	console->port_count = console->guest_port_count = 0;
}

const struct virtio_device_ops console_ops = {
	.name = "console",
	.id = VIRTIO_ID_CONSOLE,
	.features = 1ull << VIRTIO_CONSOLE_F_MULTIPORT,
	.queue_count = VIRTIO_QUEUES_MAX,
	.queue_size_max = QUEUE_SIZE,
	.config_read = console_config_read,
	.queue_ready = console_queue_ready,
	.queue_stopped = console_queue_stopped,
	.reset = console_reset,
	.close = console_close,
};

static int port_connect(struct console_port *port, struct failure *failure)
{
	const struct console_port_config *config = &port->config;
	int error;

	port->ended = !config->output && config->fd < 0;
	if (port->ended)
		first_of(port->console, port->index)->pending = PENDING_OPEN;
	if (config->output || config->fd < 0)
		return 0;
	error = stream_open(&port->stream, config->fd, config->direction == CONSOLE_OUTPUT);
	if (error)
		return failure_errno(failure, error, "%s: descriptor %d", config->name, config->fd);
	port->ready.fd = port->stream.fd;
	port->ready.ready = stream_ready;
	error = event_loop_add(port->console->device.loop, &port->ready, EPOLLONESHOT);
	if (port->stream.kind == STREAM_FILE) {
		/* What epoll refuses never waits. A device that it takes may. */
		if (!error)
			port->stream.kind = STREAM_CAREFUL;
		return 0;
	}
	if (error)
		return failure_errno(failure, error, "%s: cannot wait for descriptor %d", config->name, config->fd);
	return 0;
}

int console_open(struct console *console, const struct console_port_config *ports, unsigned count,
		 struct failure *failure)
{
	int error = 0;

	for (unsigned i = 0; i < count && !error; i++) {
		struct console_port *port = &console->ports[i];

		port->console = console;
		port->index = console->guest_port_count - ports[i].joined;
		port->config = ports[i];
		console->port_count++;
		console->guest_port_count = port->index + 1;
		if (has_size(port))
			console->device.features |= 1ull << VIRTIO_CONSOLE_F_SIZE;
		error = port_connect(port, failure);
	}
	return error;
}

void console_resized(struct console *console)
{
	pthread_mutex_lock(&console->device.lock);
	for (unsigned i = 0; i < console->guest_port_count; i++) {
		struct console_port *port = first_of(console, i);

		if (port->opened && has_size(port))
			port->pending |= PENDING_SIZE;
	}
	control_flush(console);
	pthread_mutex_unlock(&console->device.lock);
}

void console_finish(struct console *console)
{
	pthread_mutex_lock(&console->device.lock);
	console->finishing = true;
	pthread_mutex_unlock(&console->device.lock);
}

int console_lost(const struct console *console, unsigned *index)
{
	for (unsigned i = 0; i < console->port_count; i++) {
		const struct console_port *port = &console->ports[i];

		/* Who closes a pipe wants no more. */
		if (port->error && port->error != -EPIPE) {
			*index = port->index;
			return port->error;
		}
	}
	return 0;
}

bool console_busy(struct console *console)
{
	for (unsigned i = 0; i < console->port_count; i++) {
		const struct console_port *port = &console->ports[i];
		struct virtq *tx = virtio_device_queue(&console->device, VIRTIO_CONSOLE_PORT_TX(port->index));

		if (port->config.direction == CONSOLE_OUTPUT && tx && (port->in_flight || virtq_has_next(tx)))
			return true;
	}
	return false;
}
