/* The streams of a serial port. */
#include "device/serial_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "device/guest_log.h"
#include "failure.h"
#include "log.h"

#define CTRL_A 0x01

static struct serial_port *port_of(struct serial *serial)
{
	return (struct serial_port *)serial;
}

static void kick(struct serial_port *port)
{
	const uint64_t one = 1;

	(void)!write(port->kick.fd, &one, sizeof(one));
}

/* --- Output ---------------------------------------------------------------------------- */

/* False: it is full now. */
static bool put(struct serial_port *port, uint8_t byte)
{
	if (port->out_count < SERIAL_PORT_OUTPUT_SIZE) {
		port->out[(port->out_first + port->out_count) % SERIAL_PORT_OUTPUT_SIZE] = byte;
		port->out_count++;
	}
	return port->out_count < SERIAL_PORT_OUTPUT_SIZE;
}

static bool port_transmit(struct serial *serial, uint8_t byte)
{
	struct serial_port *port = port_of(serial);
	bool was_idle = port->out_count == 0;

	if (!port->connected) {
		guest_log_write(port->log, &byte, 1);
		return true;
	}
	if (port->output.kind == STREAM_NONE)
		return true;
	if (was_idle)
		kick(port);
	return put(port, byte);
}

/* The longest run of bytes in the ring, in one or two pieces. */
static int pieces(const struct serial_port *port, struct iovec iov[2])
{
	uint32_t to_end = SERIAL_PORT_OUTPUT_SIZE - port->out_first;
	uint32_t first = port->out_count < to_end ? port->out_count : to_end;

	iov[0] = (struct iovec){ port->out + port->out_first, first };
	iov[1] = (struct iovec){ port->out, port->out_count - first };
	return iov[1].iov_len ? 2 : 1;
}

/* Nobody will read this any more: the guest's words are dropped from here on. */
static void output_failed(struct serial_port *port, int error)
{
	if (error != -EPIPE)
		log_line(LOG_LEVEL_ERROR, "serial port: cannot write: %s", strerror(-error));
	event_loop_remove(port->loop, &port->output_ready);
	stream_close(&port->output);
	port->out_count = 0;
}

static void flush(struct serial_port *port)
{
	while (port->out_count > 0 && !port->output_waits) {
		struct iovec iov[2];
		ssize_t n = stream_write(&port->output, iov, pieces(port, iov));

		if (n == -EAGAIN) {
			port->output_waits = true;
			event_loop_modify(port->loop, &port->output_ready, EPOLLOUT | EPOLLONESHOT);
		} else if (n < 0) {
			output_failed(port, (int)n);
		} else {
			port->out_first = (port->out_first + (uint32_t)n) % SERIAL_PORT_OUTPUT_SIZE;
			port->out_count -= (uint32_t)n;
		}
	}
	if (port->out_count < SERIAL_PORT_OUTPUT_SIZE / 2)
		serial_drained(&port->serial);
}

static void output_ready(struct event_source *source, uint32_t events)
{
	struct serial_port *port =
		(struct serial_port *)((char *)source - offsetof(struct serial_port, output_ready));

	pthread_mutex_lock(&port->serial.lock);
	port->output_waits = false;
	flush(port);
	pthread_mutex_unlock(&port->serial.lock);
}

/* --- Input ----------------------------------------------------------------------------- */

static void say(struct serial_port *port, const char *text)
{
	if (port->output.kind == STREAM_NONE)
		return;
	for (; *text; text++)
		put(port, (uint8_t)*text);
	flush(port);
}

/* What is typed after Ctrl-A. True: the guest gets the byte. */
static bool command(struct serial_port *port, uint8_t byte)
{
	switch (byte) {
	case CTRL_A:
		return true;
	case 'x':
	case 'X':
		say(port, "\r\n");
		port->leave(port->opaque);
		return false;
	case 'h':
	case 'H':
	case '?':
		say(port, "\r\nCtrl-A x  end the machine\r\nCtrl-A a  send Ctrl-A\r\nCtrl-A h  this text\r\n");
		return false;
	default:
		return false;
	}
}

/* Takes commands out of what was read. */
static uint32_t filter(struct serial_port *port, uint8_t *bytes, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; port->leave && i < count; i++) {
		bool escaped = port->escaped;
		uint8_t byte = bytes[i];

		port->escaped = !escaped && byte == CTRL_A;
		if (port->escaped)
			continue;
		if (escaped && (byte == 'a' || byte == 'A'))
			byte = CTRL_A;
		if (!escaped || command(port, byte))
			bytes[kept++] = byte;
	}
	return port->leave ? kept : count;
}

static void feed(struct serial_port *port)
{
	while (port->in_count > 0 && serial_receiver_room(&port->serial) > 0) {
		uint8_t byte = port->in[port->in_first];

		port->in_first++;
		port->in_count--;
		serial_receive(&port->serial, byte);
	}
}

/* What is not wanted yet stays with the host. But keys of ours have to be seen, also by a machine
 * that takes nothing any more. */
static bool wants_input(const struct serial_port *port)
{
	if (port->input_waits || port->input_ended)
		return false;
	return port->in_count == 0 || (port->leave && port->in_count < sizeof(port->in));
}

/* Adds what the host has to the buffer; as read(). */
static ssize_t read_input(struct serial_port *port)
{
	struct iovec iov;
	ssize_t n;

	memmove(port->in, port->in + port->in_first, port->in_count);
	port->in_first = 0;
	iov = (struct iovec){ port->in + port->in_count, sizeof(port->in) - port->in_count };
	n = stream_read(&port->input, &iov, 1);
	if (n > 0)
		port->in_count += filter(port, iov.iov_base, (uint32_t)n);
	return n;
}

/* On the loop's thread. */
static void read_more(struct serial_port *port)
{
	while (wants_input(port)) {
		ssize_t n = read_input(port);

		if (n == -EAGAIN) {
			port->input_waits = true;
			event_loop_modify(port->loop, &port->input_ready, EPOLLIN | EPOLLONESHOT);
		} else if (n <= 0) {
			port->input_ended = true; /* the guest goes on without */
		}
		feed(port);
	}
}

static void input_ready(struct event_source *source, uint32_t events)
{
	struct serial_port *port =
		(struct serial_port *)((char *)source - offsetof(struct serial_port, input_ready));

	pthread_mutex_lock(&port->serial.lock);
	port->input_waits = false;
	read_more(port);
	pthread_mutex_unlock(&port->serial.lock);
}

static void port_room(struct serial *serial)
{
	struct serial_port *port = port_of(serial);

	feed(port);
	if (port->connected && wants_input(port))
		kick(port);
}

/* --- Both ------------------------------------------------------------------------------- */

static void port_interrupt(struct serial *serial)
{
	const uint64_t one = 1;

	if (port_of(serial)->irq_fd >= 0)
		(void)!write(port_of(serial)->irq_fd, &one, sizeof(one));
}

static void kicked(struct event_source *source, uint32_t events)
{
	struct serial_port *port = (struct serial_port *)((char *)source - offsetof(struct serial_port, kick));
	uint64_t count;

	(void)!read(source->fd, &count, sizeof(count));
	pthread_mutex_lock(&port->serial.lock);
	flush(port);
	read_more(port);
	pthread_mutex_unlock(&port->serial.lock);
}

static const struct serial_ops port_ops = {
	.transmit = port_transmit,
	.room = port_room,
	.interrupt = port_interrupt,
};

void serial_port_add(struct serial_port *port, struct bus *ports, uint64_t base, struct guest_log *log)
{
	*port = (struct serial_port){
		.log = log, .irq_fd = -1,
		.output_ready = { .fd = -1, .ready = output_ready },
		.input_ready = { .fd = -1, .ready = input_ready },
		.kick = { .fd = -1, .ready = kicked },
	};
	serial_add(&port->serial, ports, base, &port_ops);
}

/* Opens a stream, which shows itself when `waits` is set and it could go on. */
static int open_stream(struct serial_port *port, struct stream *stream, struct event_source *source, int fd,
		       bool output, struct failure *failure)
{
	int error = stream_open(stream, fd, output);

	if (!error && stream->kind != STREAM_NONE) {
		source->fd = stream->fd;
		error = event_loop_add(port->loop, source, EPOLLONESHOT);
		if (stream->kind == STREAM_FILE) { /* what epoll refuses never waits */
			stream->kind = error ? STREAM_FILE : STREAM_CAREFUL;
			error = 0;
		}
	}
	return error ? failure_errno(failure, error, "serial port: descriptor %d", fd) : 0;
}

int serial_port_connect(struct serial_port *port, int input_fd, int output_fd, struct event_loop *loop,
			struct failure *failure)
{
	int error;

	port->loop = loop;
	port->connected = true;
	port->out = malloc(SERIAL_PORT_OUTPUT_SIZE);
	if (!port->out)
		return failure_set(failure, -ENOMEM, "serial port: out of memory");
	port->kick.fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK); /* set: begins to read */
	if (port->kick.fd < 0)
		return failure_errno(failure, -errno, "serial port: eventfd");
	error = open_stream(port, &port->output, &port->output_ready, output_fd, true, failure);
	if (!error)
		error = open_stream(port, &port->input, &port->input_ready, input_fd, false, failure);
	port->input_ended = port->input.kind == STREAM_NONE;
	if (error)
		return error;
	error = event_loop_add(loop, &port->kick, EPOLLIN);
	return error ? failure_errno(failure, error, "serial port: cannot wait") : 0;
}

void serial_port_set_escape(struct serial_port *port, void (*leave)(void *opaque), void *opaque)
{
	port->opaque = opaque;
	port->leave = leave;
}

bool serial_port_busy(struct serial_port *port)
{
	bool busy;

	pthread_mutex_lock(&port->serial.lock);
	busy = port->out_count > 0;
	pthread_mutex_unlock(&port->serial.lock);
	return busy;
}

void serial_port_close(struct serial_port *port)
{
	if (port->loop) {
		event_loop_remove(port->loop, &port->kick);
		event_loop_remove(port->loop, &port->output_ready);
		event_loop_remove(port->loop, &port->input_ready);
	}
	stream_close(&port->output);
	stream_close(&port->input);
	if (port->kick.fd >= 0)
		close(port->kick.fd);
	if (port->irq_fd >= 0)
		close(port->irq_fd);
	free(port->out);
	port->out = NULL;
	port->irq_fd = port->kick.fd = -1;
	serial_destroy(&port->serial);
}
