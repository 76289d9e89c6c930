/* libFuzzer on a serial port: accesses to its registers, bytes and ends on its streams, which
 * stall as pipes do, in any order. */
#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "device/bus.h"
#include "device/guest_log.h"
#include "device/serial_port.h"
#include "failure.h"

enum { OP_WRITE = 0, OP_READ = 8, OP_TYPE = 16, OP_DRAIN, OP_TURN, OP_FLOOD, OP_END_INPUT, OP_END_OUTPUT, OP_COUNT };

#define TURNS_MAX 20

struct world {
	struct bus ports;
	struct guest_log log;
	struct event_loop loop;
	struct serial_port port;
	int host_in, host_out;
	unsigned left;
};

static void leave(void *opaque)
{
	((struct world *)opaque)->left++;
}

static void turn(struct world *w)
{
	struct pollfd p = { .fd = w->loop.epoll_fd, .events = POLLIN };

	for (unsigned i = 0; i < TURNS_MAX && poll(&p, 1, 0) > 0; i++)
		event_loop_turn(&w->loop);
}

static void end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static size_t host_step(struct world *w, uint8_t op, const uint8_t *data, size_t size)
{
	uint8_t bytes[256], count = size ? data[0] : 0;

	switch (op) {
	case OP_TYPE:
		if (count > size)
			count = (uint8_t)size;
		if (w->host_in >= 0 && count > 1)
			(void)!write(w->host_in, data + 1, count - 1u);
		return count;
	case OP_DRAIN:
		if (w->host_out >= 0)
			(void)!read(w->host_out, bytes, count);
		return size ? 1 : 0;
	case OP_FLOOD:
		for (unsigned i = 0; i < count * 300u; i++)
			bus_write(&w->ports, SERIAL_COM1, "x", 1);
		return size ? 1 : 0;
	case OP_END_INPUT:
		end(&w->host_in);
		return 0;
	case OP_END_OUTPUT:
		end(&w->host_out);
		return 0;
	default:
		turn(w);
		return 0;
	}
}

static void open_world(struct world *w)
{
	struct failure failure;
	int in[2], out[2];

	*w = (struct world){ .log = { .source = "fuzz" } };
	assert(event_loop_create(&w->loop) == 0);
	assert(pipe2(in, O_NONBLOCK) == 0 && pipe2(out, O_NONBLOCK) == 0);
	fcntl(out[1], F_SETPIPE_SZ, 4096);
	serial_port_add(&w->port, &w->ports, SERIAL_COM1, &w->log);
	w->port.irq_fd = eventfd(0, EFD_NONBLOCK);
	serial_port_set_escape(&w->port, leave, w);
	assert(serial_port_connect(&w->port, in[0], out[1], &w->loop, &failure) == 0);
	close(in[0]);
	close(out[1]);
	w->host_in = in[1];
	w->host_out = out[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;

	signal(SIGPIPE, SIG_IGN);
	open_world(&w);
	while (size > 0) {
		uint8_t op = *data % OP_COUNT, width = *data & 0x40 ? 4 : 1;
		uint8_t wide[8] = { 0 };
		size_t used;

		data++;
		size--;
		if (op < OP_READ) {
			memcpy(wide, data, size < width ? size : width);
			bus_write(&w.ports, SERIAL_COM1 + op, wide, width);
			used = size < width ? size : width;
		} else if (op < OP_TYPE) {
			bus_read(&w.ports, SERIAL_COM1 + op - OP_READ, wide, width);
			used = 0;
		} else {
			used = host_step(&w, op, data, size);
		}
		data += used;
		size -= used;
		assert(w.port.serial.received_count <= SERIAL_FIFO_SIZE);
		assert(w.port.out_count <= SERIAL_PORT_OUTPUT_SIZE);
	}
	turn(&w);
	serial_port_busy(&w.port);
	serial_port_close(&w.port);
	event_loop_destroy(&w.loop);
	end(&w.host_in);
	end(&w.host_out);
	return 0;
}
