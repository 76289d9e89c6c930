/* vmm/device/serial.c and serial_port.c: registers as a driver uses them, streams that stall, keys
 * of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
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

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCRATCH };

#define FCR IIR
#define IER_RECEIVED 0x01
#define IER_EMPTY 0x02
#define IER_MODEM 0x08
#define MCR_RTS 0x02
#define NONE 0x01

struct world {
	struct bus ports;
	struct guest_log log;
	struct event_loop loop;
	struct serial_port port;
	int host_in, host_out; /* the host's ends; -1: none */
	bool left;
};

static void put(struct world *w, uint16_t offset, uint8_t value)
{
	bus_write(&w->ports, SERIAL_COM1 + offset, &value, 1);
}

static uint8_t get(struct world *w, uint16_t offset)
{
	uint8_t value;

	bus_read(&w->ports, SERIAL_COM1 + offset, &value, 1);
	return value;
}

/* What the I/O thread does, as long as there is something. */
static void turn(struct world *w)
{
	struct pollfd p = { .fd = w->loop.epoll_fd, .events = POLLIN };

	while (poll(&p, 1, 0) > 0)
		event_loop_turn(&w->loop);
}

static uint64_t pulses(struct world *w)
{
	uint64_t count = 0;

	return read(w->port.irq_fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

static void leave(void *opaque)
{
	((struct world *)opaque)->left = true;
}

static void open_world(struct world *w)
{
	*w = (struct world){ .log = { .source = "serial" }, .host_in = -1, .host_out = -1 };
	assert_int_equal(event_loop_create(&w->loop), 0);
	serial_port_add(&w->port, &w->ports, SERIAL_COM1, &w->log);
	w->port.irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static void connect_world(struct world *w)
{
	struct failure failure;
	int in[2], out[2];

	open_world(w);
	assert_int_equal(pipe2(in, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(fcntl(out[1], F_SETPIPE_SZ, 4096) >= 4096);
	assert_int_equal(serial_port_connect(&w->port, in[0], out[1], &w->loop, &failure), 0);
	close(in[0]);
	close(out[1]);
	w->host_in = in[1];
	w->host_out = out[0];
	turn(w);
}

static void close_world(struct world *w)
{
	serial_port_close(&w->port);
	event_loop_destroy(&w->loop);
	if (w->host_in >= 0)
		close(w->host_in);
	if (w->host_out >= 0)
		close(w->host_out);
}

static void type(struct world *w, const char *text)
{
	assert_int_equal(write(w->host_in, text, strlen(text)), (ssize_t)strlen(text));
	turn(w);
}

/* All that the guest can read now. */
static const char *received(struct world *w)
{
	static char text[8192];
	size_t size = 0;

	while (size + 1 < sizeof(text)) {
		if (!(get(w, LSR) & 1)) {
			turn(w);
			if (!(get(w, LSR) & 1))
				break;
		}
		text[size++] = (char)get(w, DATA);
	}
	text[size] = '\0';
	return text;
}

static void output_becomes_lines(void **state)
{
	struct world w;

	open_world(&w);
	assert_int_equal(get(&w, LSR), 0x60); /* ready for output */
	assert_int_equal(get(&w, IIR), NONE);
	for (const char *c = "panic: \x1b[1mno\x1b[0m way\r\n\r\n"; *c; c++)
		put(&w, DATA, (uint8_t)*c);
	assert_string_equal(guest_log_last(&w.log), "panic: [1mno[0m way");
	close_world(&w);
}

static void divisor_is_not_output(void **state)
{
	struct world w;

	open_world(&w);
	put(&w, LCR, 0x83);
	put(&w, DATA, 'x');
	put(&w, IER, 'y');
	assert_int_equal(get(&w, DATA), 'x');
	assert_int_equal(get(&w, IER), 'y');
	put(&w, LCR, 0x03);
	put(&w, SCRATCH, 0xa5);
	assert_int_equal(get(&w, SCRATCH), 0xa5);
	assert_int_equal(get(&w, DATA), 0);
	assert_int_equal(get(&w, IER), 0);
	assert_string_equal(guest_log_last(&w.log), "");
	close_world(&w);
}

/* Linux's 8250 driver: scratch register aside, IER keeps four bits, loopback shows the modem's
 * lines, the FIFOs show themselves in IIR. */
static void looks_like_a_16550a(void **state)
{
	struct world w;

	open_world(&w);
	put(&w, IER, 0);
	assert_int_equal(get(&w, IER) & 0x0f, 0);
	put(&w, IER, 0xff);
	assert_int_equal(get(&w, IER), 0x0f);
	put(&w, IER, 0);
	put(&w, MCR, 0x1a); /* loopback, OUT2, RTS */
	assert_int_equal(get(&w, MSR) & 0xf0, 0x90);
	put(&w, MCR, 0x08);
	put(&w, FCR, 0x01);
	assert_int_equal(get(&w, IIR) & 0xc0, 0xc0);
	put(&w, FCR, 0x00);
	assert_int_equal(get(&w, IIR) & 0xc0, 0x00);
	assert_int_equal(get(&w, MSR) & 0xf0, 0xb0); /* somebody is there */
	close_world(&w);
}

static void loopback_goes_in_a_circle(void **state)
{
	struct world w;

	connect_world(&w);
	put(&w, FCR, 0x01);
	put(&w, MCR, 0x10);
	type(&w, "outside");
	for (char c = 'a'; c < 'a' + 17; c++)
		put(&w, DATA, (uint8_t)c);
	assert_int_equal(get(&w, LSR), 0x63); /* one was too many */
	assert_int_equal(get(&w, LSR), 0x61);
	for (char c = 'a'; c < 'a' + 16; c++)
		assert_int_equal(get(&w, DATA), c);
	assert_int_equal(get(&w, LSR), 0x60);
	put(&w, MCR, MCR_RTS);
	turn(&w);
	assert_string_equal(received(&w), "outside");
	close_world(&w);
}

static void transmitter_interrupts(void **state)
{
	struct world w;

	connect_world(&w);
	put(&w, IER, IER_EMPTY);
	assert_int_equal(pulses(&w), 1); /* it is empty from the start */
	assert_int_equal(get(&w, IIR), 0x02);
	assert_int_equal(get(&w, IIR), NONE); /* told once */
	put(&w, DATA, 'x');
	assert_int_equal(pulses(&w), 1);
	put(&w, DATA, 'y');
	assert_int_equal(pulses(&w), 1);
	assert_int_equal(get(&w, IIR), 0x02);
	put(&w, IER, 0);
	put(&w, DATA, 'z');
	assert_int_equal(pulses(&w), 0);
	close_world(&w);
}

static void receiver_interrupts(void **state)
{
	struct world w;

	connect_world(&w);
	put(&w, FCR, 0x81); /* from 8 bytes on */
	put(&w, IER, IER_RECEIVED);
	put(&w, MCR, MCR_RTS);
	assert_int_equal(pulses(&w), 0);
	type(&w, "abc");
	assert_int_equal(pulses(&w), 1);
	assert_int_equal(get(&w, IIR), 0xcc); /* a time-out, as there are few */
	type(&w, "defghij");
	assert_true(pulses(&w) >= 1);
	assert_int_equal(get(&w, IIR), 0xc4);
	assert_string_equal(received(&w), "abcdefghij");
	assert_int_equal(get(&w, IIR), 0xc1);
	pulses(&w);
	type(&w, "k");
	assert_int_equal(pulses(&w), 1);
	close_world(&w);
}

static void modem_deltas_are_told_once(void **state)
{
	struct world w;

	open_world(&w);
	put(&w, MCR, 0x10);
	get(&w, MSR);
	put(&w, IER, IER_MODEM);
	put(&w, MCR, 0x13); /* DTR, RTS */
	assert_int_equal(pulses(&w), 1);
	assert_int_equal(get(&w, IIR), 0x00);
	assert_int_equal(get(&w, MSR), 0x33);
	assert_int_equal(get(&w, MSR), 0x30);
	assert_int_equal(get(&w, IIR), NONE);
	close_world(&w);
}

static void no_byte_of_much_input_is_lost(void **state)
{
	struct world w;
	char sent[4001];

	connect_world(&w);
	put(&w, FCR, 0x01);
	put(&w, MCR, MCR_RTS);
	for (size_t i = 0; i < sizeof(sent) - 1; i++)
		sent[i] = (char)('!' + i % 90);
	sent[sizeof(sent) - 1] = '\0';
	type(&w, sent);
	assert_string_equal(received(&w), sent);
	close_world(&w);
}

/* As Linux does: looks for the chip, clears what it finds, and asks for input when the port is open. */
static void input_waits_until_the_driver_asks_for_it(void **state)
{
	struct world w;

	connect_world(&w);
	type(&w, "a script");
	put(&w, IER, 0x0f);
	put(&w, IER, 0);
	pulses(&w);
	put(&w, FCR, 0x01);
	put(&w, FCR, 0x07);
	put(&w, FCR, 0x00);
	assert_int_equal(get(&w, LSR), 0x60);
	assert_int_equal(get(&w, DATA), 0);
	put(&w, IER, IER_RECEIVED);
	put(&w, FCR, 0x01);
	put(&w, FCR, 0x81);
	turn(&w);
	assert_int_equal(pulses(&w), 0);
	put(&w, MCR, MCR_RTS);
	turn(&w);
	assert_true(pulses(&w) >= 1);
	assert_string_equal(received(&w), "a script");
	put(&w, IER, 0); /* the last one closes it */
	put(&w, MCR, 0);
	type(&w, "more");
	put(&w, FCR, 0x07);
	assert_int_equal(get(&w, LSR), 0x60);
	put(&w, MCR, MCR_RTS);
	assert_string_equal(received(&w), "more");
	close_world(&w);
}

/* It enables the interrupt and goes on with something else. */
static void driver_without_rts_gets_input(void **state)
{
	struct world w;

	connect_world(&w);
	type(&w, "text");
	put(&w, IER, IER_RECEIVED);
	assert_int_equal(pulses(&w), 0);
	assert_int_equal(get(&w, LSR), 0x61);
	assert_true(pulses(&w) >= 1);
	assert_string_equal(received(&w), "text");
	close_world(&w);
}

/* It has set up nothing, and waits by looking. */
static void polling_driver_gets_input(void **state)
{
	struct world w;
	unsigned looks = 0;

	connect_world(&w);
	type(&w, "ok");
	for (char c = '0'; c < '9'; c++) { /* a console's output looks, too */
		assert_int_equal(get(&w, LSR), 0x60);
		put(&w, DATA, (uint8_t)c);
	}
	while (!(get(&w, LSR) & 1))
		assert_true(++looks < 100);
	assert_string_equal(received(&w), "ok");
	close_world(&w);
}

static void end_of_input_is_not_the_end(void **state)
{
	struct world w;
	char text[4];

	connect_world(&w);
	put(&w, MCR, MCR_RTS);
	type(&w, "bye");
	close(w.host_in);
	w.host_in = -1;
	turn(&w);
	assert_string_equal(received(&w), "bye");
	put(&w, DATA, '!');
	turn(&w);
	assert_int_equal(read(w.host_out, text, sizeof(text)), 1);
	assert_int_equal(text[0], '!');
	close_world(&w);
}

/* A driver that looks at the line status loses nothing, however slow the host. */
static void slow_host_makes_the_driver_wait(void **state)
{
	struct world w;
	uint32_t sent = 0, seen = 0;
	uint8_t bytes[4096];

	connect_world(&w);
	put(&w, IER, IER_EMPTY);
	while (get(&w, LSR) & 0x20) {
		put(&w, DATA, (uint8_t)(sent++ % 251));
		if (sent % 1000 == 0)
			turn(&w);
	}
	assert_true(sent >= SERIAL_PORT_OUTPUT_SIZE);
	turn(&w);
	pulses(&w);
	put(&w, DATA, 255); /* has no place */
	assert_true(serial_port_busy(&w.port));
	while (seen < sent) {
		ssize_t n = read(w.host_out, bytes, sizeof(bytes));

		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(bytes[i], (seen + (uint32_t)i) % 251);
		seen += (uint32_t)n;
		turn(&w);
	}
	assert_int_equal(pulses(&w), 1); /* empty again */
	assert_int_equal(get(&w, LSR), 0x60);
	assert_false(serial_port_busy(&w.port));
	close_world(&w);
}

static void output_goes_on_without_a_reader(void **state)
{
	struct world w;

	connect_world(&w);
	close(w.host_out);
	w.host_out = -1;
	for (unsigned i = 0; i < 3 * SERIAL_PORT_OUTPUT_SIZE; i++) {
		put(&w, DATA, 'x');
		if (i % 1000 == 0)
			turn(&w);
	}
	turn(&w);
	assert_false(serial_port_busy(&w.port));
	assert_int_equal(get(&w, LSR), 0x60);
	close_world(&w);
}

static void keys_of_our_own(void **state)
{
	struct world w;
	char text[256] = "";

	connect_world(&w);
	serial_port_set_escape(&w.port, leave, &w);
	put(&w, FCR, 0x01);
	put(&w, MCR, MCR_RTS);
	type(&w, "a\1ab\1");
	type(&w, "\1c\1qd");
	assert_string_equal(received(&w), "a\1b\1cd");
	assert_false(w.left);
	type(&w, "\1h");
	turn(&w);
	assert_true(read(w.host_out, text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "Ctrl-A x"));
	type(&w, "e\1x");
	assert_true(w.left);
	assert_string_equal(received(&w), "e");
	close_world(&w);
}

static void keys_are_seen_while_the_guest_takes_nothing(void **state)
{
	struct world w;

	connect_world(&w);
	serial_port_set_escape(&w.port, leave, &w);
	type(&w, "is anybody there?");
	type(&w, "\1");
	assert_false(w.left);
	type(&w, "x");
	assert_true(w.left);
	put(&w, MCR, MCR_RTS);
	assert_string_equal(received(&w), "is anybody there?");
	close_world(&w);
}

static void without_them_all_is_input(void **state)
{
	struct world w;

	connect_world(&w);
	put(&w, FCR, 0x01);
	put(&w, MCR, MCR_RTS);
	type(&w, "a\1xb");
	assert_string_equal(received(&w), "a\1xb");
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_becomes_lines),
		cmocka_unit_test(divisor_is_not_output),
		cmocka_unit_test(looks_like_a_16550a),
		cmocka_unit_test(loopback_goes_in_a_circle),
		cmocka_unit_test(transmitter_interrupts),
		cmocka_unit_test(receiver_interrupts),
		cmocka_unit_test(modem_deltas_are_told_once),
		cmocka_unit_test(no_byte_of_much_input_is_lost),
		cmocka_unit_test(input_waits_until_the_driver_asks_for_it),
		cmocka_unit_test(driver_without_rts_gets_input),
		cmocka_unit_test(polling_driver_gets_input),
		cmocka_unit_test(end_of_input_is_not_the_end),
		cmocka_unit_test(slow_host_makes_the_driver_wait),
		cmocka_unit_test(output_goes_on_without_a_reader),
		cmocka_unit_test(keys_of_our_own),
		cmocka_unit_test(keys_are_seen_while_the_guest_takes_nothing),
		cmocka_unit_test(without_them_all_is_input),
	};

	signal(SIGPIPE, SIG_IGN); /* as on the thread that does this */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
