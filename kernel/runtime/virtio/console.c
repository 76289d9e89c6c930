/* The console device's driver; see console.h. Without a hint from the VMM, which
 * port is which stream has to be asked for on the control queues (section 5.3.6.2):
 * DEVICE_READY brings a DEVICE_ADD for each port, PORT_READY its name. With the
 * hint, nothing is said before there is a reason, and each queue is set up when it
 * is first used. */
#include "virtio/console.h"

#include "exit.h"
#include "idle.h"
#include "lib/string.h"
#include "nucleus/nucleus.h"
#include "serial.h"
#include "status.h"
#include "tsc.h"
#include "virtio/device.h"
#include "virtio/port.h"
#include "virtio_console.h"
#include "virtio_mmio.h"

#define PORTS_MAX 16
#define CONTROL_MESSAGE_MAX 64
#define SPIN_TICKS 200000	 /* the host often answers sooner than a halt takes */
#define HANDSHAKE_TICKS 60000000 /* 20 ms or so of silence: that was all */
#define PATIENCE_TICKS 3000000000u /* a second or so: an interrupt that did not come by then was lost */
#define FINISH_TICKS 6000000000	 /* a host that takes no output for so long is gone */

static struct virtio_device device;
static struct port ports[PORTS_MAX];
static uint32_t port_count;
static struct port control;
static bool hinted;
static bool control_tried;
static bool on_serial;

/* By stream; NULL: leads nowhere. */
static struct port *streams[CONSOLE_STREAMS];

static uint8_t output_buffers[16][4096] __attribute__((aligned(4096)));
static uint8_t error_buffers[4][4096] __attribute__((aligned(4096)));
static uint8_t input_buffers[2][32768] __attribute__((aligned(4096)));
static uint8_t status_buffers[2][1024] __attribute__((aligned(1024)));
static uint8_t control_in[VIRTQ_SIZE][CONTROL_MESSAGE_MAX] __attribute__((aligned(1024)));
static uint8_t control_out[VIRTQ_SIZE][sizeof(struct virtio_console_control)];

#define BUFFERS(array) \
	((struct port_buffers){ array[0], sizeof(array[0]), sizeof(array) / sizeof(array[0]) })

static void assign(enum console_stream stream, struct port *port)
{
	streams[stream] = port;
	switch (stream) {
	case CONSOLE_INPUT:
		port->in = BUFFERS(input_buffers);
		break;
	case CONSOLE_OUTPUT:
		port->out = BUFFERS(output_buffers);
		break;
	case CONSOLE_ERROR:
		port->out = BUFFERS(error_buffers);
		break;
	default:
		port->out = BUFFERS(status_buffers);
		break;
	}
}

static bool set_up_queue(struct virtq *queue, uint32_t number)
{
	return queue->rings || device_queue(&device, queue, (uint16_t)number);
}

static bool can_receive(struct port *port)
{
	return set_up_queue(&port->receive, VIRTIO_CONSOLE_PORT_RX((uint32_t)(port - ports)));
}

static bool can_transmit(struct port *port)
{
	return set_up_queue(&port->transmit, VIRTIO_CONSOLE_PORT_TX((uint32_t)(port - ports)));
}

static void say(uint32_t id, uint16_t event, uint16_t value)
{
	struct virtio_console_control message = { id, event, value };

	/* Never more than a few are under way: one for each that the device sent. */
	while (!port_send(&control, &message, sizeof(message)))
		;
}

/* What a port's name makes of it. */
static void name_port(uint32_t id, const char *name, size_t size)
{
	static const char *const names[CONSOLE_STREAMS] = {
		WALNUT_STDIN_PORT, WALNUT_STDOUT_PORT, WALNUT_STDERR_PORT, WALNUT_STATUS_PORT
	};

	while (size && !name[size - 1])
		size--;
	for (int stream = 0; stream < CONSOLE_STREAMS; stream++) {
		if (size == strlen(names[stream]) && !memcmp(name, names[stream], size)) {
			assign(stream, &ports[id]);
			say(id, VIRTIO_CONSOLE_PORT_OPEN, 1);
		}
	}
}

static void handle(const struct virtio_console_control *message, const char *rest, size_t rest_size)
{
	if (message->id >= port_count)
		return;
	switch (message->event) {
	case VIRTIO_CONSOLE_DEVICE_ADD:
		say(message->id, VIRTIO_CONSOLE_PORT_READY, 1);
		break;
	case VIRTIO_CONSOLE_PORT_OPEN:
		ports[message->id].closed = message->value == 0;
		break;
	case VIRTIO_CONSOLE_PORT_NAME:
		name_port(message->id, rest, rest_size);
		break;
	default:
		break;
	}
}

/* Handles what the device has said meanwhile; false: nothing. */
static bool handle_messages(void)
{
	struct {
		struct virtio_console_control header;
		char rest[CONTROL_MESSAGE_MAX];
	} message;
	bool any = false;
	size_t size;

	if (!control.receive.rings)
		return false;
	while ((size = port_receive(&control, &message, CONTROL_MESSAGE_MAX))) {
		any = true;
		if (size >= sizeof(message.header))
			handle(&message.header, message.rest, size - sizeof(message.header));
	}
	return any;
}

/* Has the device's messages come in, from the time they matter. */
static void listen(void)
{
	if (!hinted || control_tried)
		return;
	control_tried = true;
	if (set_up_queue(&control.receive, VIRTIO_CONSOLE_CONTROL_RX))
		handle_messages();
}

static void handshake(void)
{
	uint64_t deadline;

	for (uint32_t i = 0; i < port_count; i++) {
		if (!can_receive(&ports[i]) || !can_transmit(&ports[i]))
			port_count = i;
	}
	set_up_queue(&control.receive, VIRTIO_CONSOLE_CONTROL_RX);
	set_up_queue(&control.transmit, VIRTIO_CONSOLE_CONTROL_TX);
	device_driver_ok(&device);
	handle_messages();
	say(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	deadline = tsc_read() + HANDSHAKE_TICKS;
	while (tsc_read() < deadline) {
		if (handle_messages())
			deadline = tsc_read() + HANDSHAKE_TICKS;
		if (streams[CONSOLE_INPUT] && streams[CONSOLE_OUTPUT] && streams[CONSOLE_ERROR] &&
		    streams[CONSOLE_STATUS])
			break;
	}
}

/* One port for everything. */
static void use_port_zero(void)
{
	assign(CONSOLE_INPUT, &ports[0]);
	assign(CONSOLE_OUTPUT, &ports[0]);
	streams[CONSOLE_ERROR] = &ports[0];
}

static void use_hint(const struct cmdline_ports *hint)
{
	const uint32_t numbers[CONSOLE_STREAMS] = {
		[CONSOLE_INPUT] = hint->input,
		[CONSOLE_OUTPUT] = hint->output,
		[CONSOLE_ERROR] = hint->error,
		[CONSOLE_STATUS] = hint->status,
	};

	port_count = PORTS_MAX;
	for (int stream = 0; stream < CONSOLE_STREAMS; stream++) {
		if (numbers[stream] && numbers[stream] < PORTS_MAX)
			assign(stream, &ports[numbers[stream]]);
	}
	device_driver_ok(&device);
}

void console_start(const struct cmdline_ports *hint)
{
	uint32_t features;

	if (!device_find(&device, VIRTIO_ID_CONSOLE)) {
		on_serial = serial_start();
		return;
	}
	features = device_start(&device, 1u << VIRTIO_CONSOLE_F_MULTIPORT);
	for (int i = 0; i < PORTS_MAX; i++)
		ports[i].device = &device;
	control.device = &device;
	control.in = BUFFERS(control_in);
	control.out = BUFFERS(control_out);
	if (!(features & 1u << VIRTIO_CONSOLE_F_MULTIPORT)) {
		use_port_zero();
		can_receive(&ports[0]);
		can_transmit(&ports[0]);
		device_driver_ok(&device);
	} else if (hint->known) {
		hinted = true;
		use_hint(hint);
	} else {
		port_count = device_config(&device, offsetof(struct virtio_console_config, max_nr_ports));
		if (port_count > PORTS_MAX)
			port_count = PORTS_MAX;
		handshake();
		if (!streams[CONSOLE_INPUT] && !streams[CONSOLE_OUTPUT] && !streams[CONSOLE_ERROR]) {
			use_port_zero();
			say(0, VIRTIO_CONSOLE_PORT_OPEN, 1);
		}
	}
}

bool console_has(enum console_stream stream)
{
	return on_serial ? stream != CONSOLE_STATUS : streams[stream] != NULL;
}

static enum console_state serial_state(enum console_stream stream)
{
	bool ended = false;

	if (stream == CONSOLE_INPUT && !serial_available(&ended))
		return ended ? CONSOLE_CLOSED : CONSOLE_BLOCKED;
	return console_has(stream) ? CONSOLE_READY : CONSOLE_CLOSED;
}

/* The two outputs may lead to one terminal or file: what was written to the other one
 * before comes first. So each waits for the other to be delivered, which costs a program
 * nothing that uses one. */
static bool other_is_delivered(enum console_stream stream)
{
	struct port *other = NULL;

	if (stream == CONSOLE_OUTPUT)
		other = streams[CONSOLE_ERROR];
	else if (stream == CONSOLE_ERROR)
		other = streams[CONSOLE_OUTPUT];
	return !other || other == streams[stream] || !other->transmit.rings || other->closed ||
	       port_is_idle(other);
}

static enum console_state input_state(struct port *port)
{
	if (port_received(port))
		return CONSOLE_READY;
	listen();
	handle_messages();
	if (!port->closed)
		return CONSOLE_BLOCKED;
	/* What was sent before the end was said has arrived by now. */
	return port_received(port) ? CONSOLE_READY : CONSOLE_CLOSED;
}

enum console_state console_state(enum console_stream stream)
{
	struct port *port = streams[stream];

	if (on_serial)
		return serial_state(stream);
	if (!port)
		return CONSOLE_CLOSED;
	if (stream == CONSOLE_INPUT)
		return can_receive(port) ? input_state(port) : CONSOLE_CLOSED;
	if (!can_transmit(port))
		return CONSOLE_CLOSED;
	handle_messages();
	if (port->closed)
		return CONSOLE_CLOSED;
	return other_is_delivered(stream) && port_can_send(port) ? CONSOLE_READY : CONSOLE_BLOCKED;
}

size_t console_available(void)
{
	struct port *port = streams[CONSOLE_INPUT];
	bool ended;

	if (on_serial)
		return serial_available(&ended);
	return port && can_receive(port) ? port_received(port) : 0;
}

size_t console_read(void *data, size_t size)
{
	struct port *port = streams[CONSOLE_INPUT];

	if (on_serial)
		return serial_read(data, size);
	return port && can_receive(port) ? port_receive(port, data, size) : 0;
}

static bool any_ready(uint32_t mask)
{
	for (int stream = 0; stream < CONSOLE_STREAMS; stream++) {
		if (mask >> stream & 1 && console_state(stream) != CONSOLE_BLOCKED)
			return true;
	}
	return false;
}

static void want_interrupts(uint32_t mask, bool wanted)
{
	const uint32_t outputs = 1u << CONSOLE_OUTPUT | 1u << CONSOLE_ERROR;

	/* Either may be waiting for the other. */
	if (mask & outputs)
		mask |= outputs;
	if (control.receive.rings)
		virtq_want_interrupt(&control.receive, wanted);
	for (int stream = 0; stream < CONSOLE_STREAMS; stream++) {
		struct port *port = streams[stream];
		struct virtq *queue;

		if (!port || !(mask >> stream & 1))
			continue;
		queue = stream == CONSOLE_INPUT ? &port->receive : &port->transmit;
		if (queue->rings)
			virtq_want_interrupt(queue, wanted);
	}
}

static const struct wait_source *other_source;

void console_wait_also(const struct wait_source *source)
{
	other_source = source;
}

void console_take_news(void)
{
	if (other_source)
		other_source->news();
}

static bool over(bool (*done)(uint32_t mask), uint32_t mask, const struct wait_source *source)
{
	return (source && source->news()) || done(mask);
}

static void want_all_interrupts(uint32_t mask, const struct wait_source *source, bool wanted)
{
	if (mask)
		want_interrupts(mask, wanted);
	if (source)
		source->listen(wanted);
}

static uint64_t earlier(const struct wait_source *source, uint64_t deadline)
{
	uint64_t other = source && source->deadline ? source->deadline() : IDLE_FOREVER;

	return other < deadline ? other : deadline;
}

/* Where VMMs have interrupts in their own way; ours has them as it says. */
static void idle_watchfully(bool (*done)(uint32_t mask), uint32_t mask, const struct wait_source *source, uint64_t deadline)
{
	static const char lost[] = "walnut: interrupts of a device do not come: it is looked at every millisecond\r\n";
	uint64_t patience = tsc_read() + PATIENCE_TICKS;

	idle_until(deadline < patience ? deadline : patience);
	if (deadline <= patience || tsc_read() < patience || !over(done, mask, source))
		return;
	if (!idle_in_naps())
		nucleus_call(NUCLEUS_SERIAL_WRITE, (uint64_t)lost, sizeof(lost) - 1, 0, 0);
}

static void wait_until(bool (*done)(uint32_t mask), uint32_t mask, const struct wait_source *source,
		       uint64_t deadline)
{
	uint64_t now = tsc_read(), spin_end = now + SPIN_TICKS;

	if (mask && !on_serial)
		listen();
	/* With nothing to look at, only time passes. */
	for (; (mask || source) && now < spin_end && now < deadline; now = tsc_read()) {
		if (over(done, mask, source))
			return;
		__builtin_ia32_pause();
	}
	if (mask && !on_serial)
		device_enable_irq(&device);
	want_all_interrupts(mask, source, true);
	if (!over(done, mask, source)) {
		if (hinted)
			idle_until(earlier(source, deadline));
		else
			idle_watchfully(done, mask, source, earlier(source, deadline));
		if (mask && !on_serial)
			device_acknowledge(&device);
	}
	want_all_interrupts(mask, source, false);
}

void console_wait(uint32_t mask, uint64_t deadline)
{
	wait_until(any_ready, mask, other_source, deadline);
}

/* Whether the host has all output of these streams, or wants none any more. */
static bool delivered(uint32_t mask)
{
	handle_messages();
	for (int stream = CONSOLE_OUTPUT; stream < CONSOLE_STREAMS; stream++) {
		struct port *port = streams[stream];

		if (mask >> stream & 1 && port && port->transmit.rings && !port->closed && !port_is_idle(port))
			return false;
	}
	return true;
}

size_t console_write(enum console_stream stream, const void *data, size_t size)
{
	struct port *port = streams[stream];
	size_t sent;

	if (console_state(stream) != CONSOLE_READY)
		return 0;
	if (on_serial) {
		serial_write(data, size);
		return size;
	}
	if (stream == CONSOLE_STATUS || port->proven)
		return port_send(port, data, size);
	/* The first time the host's answer is waited for: a stream that leads nowhere, to
	 * a full disk or to a pipe that nobody reads mostly shows at once, and a program
	 * that writes once should see it. Later errors show in the write after. */
	listen();
	sent = port_send(port, data, size);
	while (!delivered(1u << stream))
		wait_until(delivered, 1u << stream, NULL, IDLE_FOREVER);
	port->proven = sent && !port->closed;
	return port->closed ? 0 : sent;
}

bool console_write_all(enum console_stream stream, const void *data, size_t size)
{
	const uint8_t *from = data;

	while (size) {
		size_t sent = console_write(stream, from, size);

		from += sent;
		size -= sent;
		if (sent)
			continue;
		if (console_state(stream) == CONSOLE_CLOSED)
			return false;
		console_wait(1u << stream, IDLE_FOREVER);
	}
	return true;
}

void console_finish(const void *records, size_t size)
{
	uint64_t deadline;

	if (streams[CONSOLE_STATUS])
		console_write_all(CONSOLE_STATUS, records, size);
	/* A VMM that gives hints empties the queues itself after the reset. */
	if (hinted)
		return;
	deadline = tsc_read() + FINISH_TICKS;
	while (!delivered(UINT32_MAX) && tsc_read() < deadline)
		__builtin_ia32_pause();
}
