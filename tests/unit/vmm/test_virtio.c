/* vmm/virtio/: the transport's registers and states, the console and the entropy
 * device, driven as a guest would, without KVM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device/bus.h"
#include "driver.h"
#include "failure.h"
#include "virtio/console.h"
#include "virtio/mmio.h"
#include "virtio/rng.h"

#include "virtio_console.h"
#include "virtio_mmio.h"

#define BASE 0xd0000000
#define QUEUE_SIZE 16
#define ALL_STATUS (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK | \
		    VIRTIO_STATUS_DRIVER_OK)

enum { CONSOLE, IN, OUT, STATUS, PORTS };

struct fixture {
	struct test_ram ram;
	struct event_loop loop;
	struct bus bus;
	struct console console;
	struct virtio_device rng;
	struct failure failure;
	struct test_queue queues[VIRTIO_QUEUES_MAX];
	int in[2], out[2]; /* pipes; the console has in[0] and out[1] */
	char status[256];
	size_t status_size;
};

static void collect(void *opaque, const void *data, size_t size)
{
	struct fixture *f = opaque;

	assert_true(f->status_size + size <= sizeof(f->status));
	memcpy(f->status + f->status_size, data, size);
	f->status_size += size;
}

static void open_console(struct fixture *f, int in, int out)
{
	const struct console_port_config ports[PORTS] = {
		[CONSOLE] = { .terminal = true, .direction = CONSOLE_OUTPUT, .output = collect, .opaque = f },
		[IN] = { .name = "in", .direction = CONSOLE_INPUT, .fd = in },
		[OUT] = { .name = "out", .direction = CONSOLE_OUTPUT, .fd = out },
		[STATUS] = { .name = "status", .direction = CONSOLE_OUTPUT, .output = collect, .opaque = f },
	};

	assert_int_equal(virtio_mmio_create(&f->console.device, &console_ops, &f->ram.mem, &f->loop,
					    BASE, 5, &f->failure), 0);
	assert_int_equal(console_open(&f->console, ports, PORTS, &f->failure), 0);
	virtio_mmio_add(&f->console.device, &f->bus);
}

static int setup_bare(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	test_ram_create(&f->ram);
	assert_int_equal(event_loop_create(&f->loop), 0);
	assert_int_equal(pipe(f->in), 0);
	assert_int_equal(pipe(f->out), 0);
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++)
		f->queues[i] = (struct test_queue){ .ram = &f->ram, .number = i, .size = QUEUE_SIZE };
	*state = f;
	return 0;
}

static int setup(void **state)
{
	struct fixture *f;

	setup_bare(state);
	f = *state;
	open_console(f, f->in[0], f->out[1]);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	console_ops.close(&f->console.device);
	virtio_device_destroy(&f->console.device);
	virtio_device_destroy(&f->rng);
	event_loop_destroy(&f->loop);
	for (int i = 0; i < 2; i++) {
		close(f->in[i]);
		close(f->out[i]);
	}
	test_ram_destroy(&f->ram);
	free(f);
	return 0;
}

static uint32_t get(struct fixture *f, uint64_t offset)
{
	uint32_t value;

	bus_read(&f->bus, BASE + offset, &value, 4);
	return value;
}

static void put(struct fixture *f, uint64_t offset, uint32_t value)
{
	bus_write(&f->bus, BASE + offset, &value, 4);
}

static void put_features(struct fixture *f, uint64_t features)
{
	for (uint32_t half = 0; half < 2; half++) {
		put(f, VIRTIO_MMIO_DRIVER_FEATURES_SEL, half);
		put(f, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32 * half));
	}
}

static void start_queue(struct fixture *f, unsigned queue)
{
	put(f, VIRTIO_MMIO_QUEUE_SEL, queue);
	put(f, VIRTIO_MMIO_QUEUE_NUM, QUEUE_SIZE);
	put(f, VIRTIO_MMIO_QUEUE_DESC_LOW, TEST_DESC(queue));
	put(f, VIRTIO_MMIO_QUEUE_DRIVER_LOW, TEST_AVAIL(queue));
	put(f, VIRTIO_MMIO_QUEUE_DEVICE_LOW, TEST_USED(queue));
	put(f, VIRTIO_MMIO_QUEUE_READY, 1);
}

/* From reset to DRIVER_OK with all queues of the test's ports. */
static void start(struct fixture *f)
{
	put(f, VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	put_features(f, 1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_CONSOLE_F_MULTIPORT);
	put(f, VIRTIO_MMIO_STATUS, ALL_STATUS & ~VIRTIO_STATUS_DRIVER_OK);
	assert_int_equal(get(f, VIRTIO_MMIO_STATUS), ALL_STATUS & ~VIRTIO_STATUS_DRIVER_OK);
	for (unsigned i = 0; i < 2 + 2 * PORTS; i++)
		start_queue(f, i);
	put(f, VIRTIO_MMIO_STATUS, ALL_STATUS);
}

/* Serves what is ready now. */
static void turn(struct fixture *f)
{
	struct pollfd p = { .fd = f->loop.epoll_fd, .events = POLLIN };

	while (poll(&p, 1, 0) > 0)
		event_loop_turn(&f->loop);
}

static void notify(struct fixture *f)
{
	uint64_t one = 1;

	assert_int_equal(write(f->console.device.notify.fd, &one, 8), 8);
	turn(f);
}

static bool interrupted(struct fixture *f)
{
	uint64_t count;

	return read(f->console.device.irq_fd, &count, 8) == 8;
}

static void identity_is_that_of_a_modern_console(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
	assert_int_equal(get(f, VIRTIO_MMIO_VERSION), 2);
	assert_int_equal(get(f, VIRTIO_MMIO_DEVICE_ID), 3);
	assert_int_equal(get(f, VIRTIO_MMIO_QUEUE_NUM_MAX), 64);
	put(f, VIRTIO_MMIO_QUEUE_SEL, 99);
	assert_int_equal(get(f, VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
	put(f, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	assert_int_equal(get(f, VIRTIO_MMIO_DEVICE_FEATURES), 1);
	put(f, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 2);
	assert_int_equal(get(f, VIRTIO_MMIO_DEVICE_FEATURES), 0);
	assert_int_equal(get(f, VIRTIO_MMIO_CONFIG + offsetof(struct virtio_console_config, max_nr_ports)), PORTS);
	assert_int_equal(get(f, VIRTIO_MMIO_CONFIG + 0xef8), 0);
	assert_int_equal(get(f, VIRTIO_MMIO_SHM_LEN_LOW), UINT32_MAX);
}

static void odd_accesses_do_nothing(void **state)
{
	struct fixture *f = *state;
	uint64_t value = UINT64_MAX;

	bus_read(&f->bus, BASE, &value, 8);
	assert_true(value == 0);
	value = ALL_STATUS;
	bus_write(&f->bus, BASE + VIRTIO_MMIO_STATUS, &value, 1);
	bus_write(&f->bus, BASE + VIRTIO_MMIO_STATUS, &value, 8);
	bus_write(&f->bus, BASE + VIRTIO_MMIO_STATUS + 1, &value, 4);
	bus_write(&f->bus, BASE + VIRTIO_MMIO_CONFIG, &value, 4);
	assert_int_equal(get(f, VIRTIO_MMIO_STATUS), 0);
}

static void version_1_is_required(void **state)
{
	struct fixture *f = *state;

	put(f, VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	put_features(f, 1ull << VIRTIO_CONSOLE_F_MULTIPORT);
	put(f, VIRTIO_MMIO_STATUS, ALL_STATUS);
	assert_int_equal(get(f, VIRTIO_MMIO_STATUS), VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
}

static void unknown_features_are_refused(void **state)
{
	struct fixture *f = *state;

	put(f, VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	put_features(f, 1ull << VIRTIO_F_VERSION_1 | 1ull << 40);
	put(f, VIRTIO_MMIO_STATUS, ALL_STATUS);
	assert_false(get(f, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK);
	put_features(f, 1ull << VIRTIO_F_VERSION_1); /* a second try is allowed */
	put(f, VIRTIO_MMIO_STATUS, ALL_STATUS);
	assert_true(get(f, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK);
}

static void features_are_fixed_once_agreed(void **state)
{
	struct fixture *f = *state;

	start(f);
	put_features(f, UINT64_MAX);
	assert_true(f->console.device.driver_features ==
		    (1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_CONSOLE_F_MULTIPORT));
}

static void status_bits_cannot_be_taken_back(void **state)
{
	struct fixture *f = *state;

	start(f);
	put(f, VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
	assert_int_equal(get(f, VIRTIO_MMIO_STATUS), ALL_STATUS);
	put(f, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(get(f, VIRTIO_MMIO_STATUS), 0);
	put(f, VIRTIO_MMIO_QUEUE_SEL, 0);
	assert_int_equal(get(f, VIRTIO_MMIO_QUEUE_READY), 0);
}

static void bad_queue_breaks_the_device(void **state)
{
	struct fixture *f = *state;

	start(f);
	put(f, VIRTIO_MMIO_QUEUE_SEL, 15);
	put(f, VIRTIO_MMIO_QUEUE_NUM, 8);
	put(f, VIRTIO_MMIO_QUEUE_DESC_HIGH, 0xffffffff);
	put(f, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_true(get(f, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	assert_true(get(f, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_INT_CONFIG);
	assert_true(interrupted(f));
}

static void running_queue_cannot_be_moved(void **state)
{
	struct fixture *f = *state;

	start(f);
	put(f, VIRTIO_MMIO_QUEUE_SEL, 0);
	put(f, VIRTIO_MMIO_QUEUE_DESC_LOW, 0x123450);
	put(f, VIRTIO_MMIO_QUEUE_NUM, 1);
	assert_int_equal(f->console.device.queues[0].desc_gpa, TEST_DESC(0));
	assert_int_equal(f->console.device.queues[0].size, QUEUE_SIZE);
}

static const char *text(struct fixture *f, const char *string)
{
	return strcpy(test_ram_at(&f->ram, 0x1000), string);
}

static void output_reaches_the_pipe(void **state)
{
	struct fixture *f = *state;
	struct test_queue *tx = &f->queues[VIRTIO_CONSOLE_PORT_TX(OUT)];
	char buffer[16] = "";

	start(f);
	text(f, "hello world");
	test_set_desc(tx, 0, 0x1000, 6, VIRTQ_DESC_F_NEXT, 1);
	test_set_desc(tx, 1, 0x1006, 5, 0, 0);
	test_offer(tx, 0);
	notify(f);
	assert_int_equal(read(f->out[0], buffer, sizeof(buffer)), 11);
	assert_string_equal(buffer, "hello world");
	assert_int_equal(test_completed(tx)->id, 0);
	assert_true(interrupted(f));
	assert_int_equal(get(f, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_INT_QUEUE);
	put(f, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_INT_QUEUE);
	assert_int_equal(get(f, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
}

static void nothing_happens_before_driver_ok(void **state)
{
	struct fixture *f = *state;
	struct test_queue *tx = &f->queues[VIRTIO_CONSOLE_PORT_TX(STATUS)];

	put(f, VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	put_features(f, 1ull << VIRTIO_F_VERSION_1);
	put(f, VIRTIO_MMIO_STATUS, ALL_STATUS & ~VIRTIO_STATUS_DRIVER_OK);
	start_queue(f, VIRTIO_CONSOLE_PORT_TX(STATUS));
	text(f, "early");
	test_offer_buffer(tx, 0, 0x1000, 5, 0);
	notify(f);
	assert_int_equal(f->status_size, 0);
	put(f, VIRTIO_MMIO_STATUS, ALL_STATUS);
	turn(f);
	assert_memory_equal(f->status, "early", 5);
}

static void full_pipe_holds_output_back_but_loses_none(void **state)
{
	struct fixture *f = *state;
	struct test_queue *tx = &f->queues[VIRTIO_CONSOLE_PORT_TX(OUT)];
	static char buffer[TEST_RAM_SIZE];
	size_t total = 0, expected = 4 * 50000;
	ssize_t n;

	start(f);
	for (size_t i = 0; i < 50000; i++)
		((uint8_t *)test_ram_at(&f->ram, 0x80000))[i] = (uint8_t)(i * 31);
	for (uint16_t i = 0; i < 4; i++)
		test_offer_buffer(tx, i, 0x80000, 50000, 0);
	notify(f);
	assert_true(console_busy(&f->console));
	assert_int_equal(test_used(tx)->idx, 1); /* a pipe takes 64 KiB */
	while (total < expected) {
		n = read(f->out[0], buffer + total, 7777);
		assert_true(n > 0);
		total += (size_t)n;
		turn(f);
	}
	assert_false(console_busy(&f->console));
	assert_int_equal(test_used(tx)->idx, 4);
	for (size_t i = 0; i < expected; i++)
		if ((uint8_t)buffer[i] != (uint8_t)(i % 50000 * 31))
			fail_msg("byte %zu", i);
	assert_int_equal(fcntl(f->out[1], F_GETFL) & O_NONBLOCK, 0); /* the shared flag is not ours */
}

static const struct virtio_console_control *control_message(struct fixture *f, uint16_t index)
{
	return test_ram_at(&f->ram, 0x2000 + 64 * index);
}

static void offer_control_buffers(struct fixture *f, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++)
		test_offer_buffer(&f->queues[VIRTIO_CONSOLE_CONTROL_RX], i, 0x2000 + 64 * i, 64, VIRTQ_DESC_F_WRITE);
}

static void say(struct fixture *f, uint32_t id, uint16_t event, uint16_t value)
{
	struct virtio_console_control *message = test_ram_at(&f->ram, 0x1800);

	*message = (struct virtio_console_control){ id, event, value };
	test_offer_buffer(&f->queues[VIRTIO_CONSOLE_CONTROL_TX], 0, 0x1800, sizeof(*message), 0);
	notify(f);
}

static void closed_reader_is_told_and_output_dropped(void **state)
{
	struct fixture *f = *state;
	struct test_queue *tx = &f->queues[VIRTIO_CONSOLE_PORT_TX(OUT)];
	int reader = f->out[0];

	signal(SIGPIPE, SIG_IGN);
	start(f);
	offer_control_buffers(f, 4);
	close(reader);
	f->out[0] = -1;
	test_offer_buffer(tx, 0, 0x1000, 10, 0);
	test_offer_buffer(tx, 1, 0x1000, 10, 0);
	notify(f);
	assert_int_equal(test_used(tx)->idx, 2);
	assert_int_equal(test_used(&f->queues[VIRTIO_CONSOLE_CONTROL_RX])->idx, 1);
	assert_int_equal(control_message(f, 0)->id, OUT);
	assert_int_equal(control_message(f, 0)->event, VIRTIO_CONSOLE_PORT_OPEN);
	assert_int_equal(control_message(f, 0)->value, 0);
	assert_false(console_busy(&f->console));
}

static void input_waits_for_buffers_and_ends_with_port_closed(void **state)
{
	struct fixture *f = *state;
	struct test_queue *rx = &f->queues[VIRTIO_CONSOLE_PORT_RX(IN)];
	const struct virtq_used_elem *elem;

	start(f);
	offer_control_buffers(f, 4);
	assert_int_equal(write(f->in[1], "abcdef", 6), 6);
	notify(f);
	assert_null(test_completed(rx)); /* no buffer: the data stays in the pipe */
	test_offer_buffer(rx, 0, 0x1000, 4, VIRTQ_DESC_F_WRITE);
	notify(f);
	elem = test_completed(rx);
	assert_int_equal(elem->len, 4);
	assert_memory_equal(test_ram_at(&f->ram, 0x1000), "abcd", 4);
	test_offer_buffer(rx, 1, 0x1100, 100, VIRTQ_DESC_F_WRITE);
	test_offer_buffer(rx, 2, 0x1200, 100, VIRTQ_DESC_F_WRITE);
	notify(f);
	assert_int_equal(test_completed(rx)->len, 2);
	assert_null(test_completed(rx));
	close(f->in[1]);
	f->in[1] = -1;
	turn(f);
	assert_null(test_completed(rx));
	assert_int_equal(control_message(f, 0)->id, IN);
	assert_int_equal(control_message(f, 0)->event, VIRTIO_CONSOLE_PORT_OPEN);
	assert_int_equal(control_message(f, 0)->value, 0);
}

static void handshake_names_the_ports(void **state)
{
	struct fixture *f = *state;
	struct test_queue *rx = &f->queues[VIRTIO_CONSOLE_CONTROL_RX];

	start(f);
	offer_control_buffers(f, 8);
	say(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	assert_int_equal(test_used(rx)->idx, PORTS);
	for (uint16_t i = 0; i < PORTS; i++) {
		assert_int_equal(control_message(f, i)->id, i);
		assert_int_equal(control_message(f, i)->event, VIRTIO_CONSOLE_DEVICE_ADD);
	}
	say(f, CONSOLE, VIRTIO_CONSOLE_PORT_READY, 1);
	assert_int_equal(control_message(f, 4)->event, VIRTIO_CONSOLE_CONSOLE_PORT);
	assert_int_equal(control_message(f, 5)->event, VIRTIO_CONSOLE_PORT_OPEN);
	assert_int_equal(control_message(f, 5)->value, 1);
	say(f, STATUS, VIRTIO_CONSOLE_PORT_READY, 1);
	assert_int_equal(control_message(f, 6)->event, VIRTIO_CONSOLE_PORT_NAME);
	assert_int_equal(test_used(rx)->ring[6].len, sizeof(struct virtio_console_control) + 6);
	assert_memory_equal(control_message(f, 6) + 1, "status", 6);
	assert_int_equal(control_message(f, 7)->event, VIRTIO_CONSOLE_PORT_OPEN);
	say(f, 1000, VIRTIO_CONSOLE_PORT_READY, 1);
	say(f, 0, 1000, 1);
	assert_int_equal(test_used(rx)->idx, 8);
}

static void messages_wait_for_buffers(void **state)
{
	struct fixture *f = *state;

	start(f);
	say(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	say(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 1); /* asked twice: told once */
	offer_control_buffers(f, 8);
	notify(f);
	assert_int_equal(test_used(&f->queues[VIRTIO_CONSOLE_CONTROL_RX])->idx, PORTS);
}

static void streams_that_are_not_there_are_closed(void **state)
{
	struct fixture *f = *state;

	open_console(f, -1, -1);
	start(f);
	offer_control_buffers(f, 8);
	notify(f);
	assert_int_equal(test_used(&f->queues[VIRTIO_CONSOLE_CONTROL_RX])->idx, 2);
	assert_int_equal(control_message(f, 0)->id, IN);
	assert_int_equal(control_message(f, 1)->id, OUT);
	assert_int_equal(control_message(f, 1)->value, 0);
}

static void files_work_as_streams(void **state)
{
	struct fixture *f = *state;
	struct test_queue *rx = &f->queues[VIRTIO_CONSOLE_PORT_RX(IN)];
	struct test_queue *tx = &f->queues[VIRTIO_CONSOLE_PORT_TX(OUT)];
	FILE *in = tmpfile(), *out = tmpfile();
	char buffer[8] = "";

	assert_int_equal(pwrite(fileno(in), "file", 4, 0), 4);
	open_console(f, fileno(in), fileno(out));
	start(f);
	offer_control_buffers(f, 8);
	test_offer_buffer(rx, 0, 0x1000, 100, VIRTQ_DESC_F_WRITE);
	test_offer_buffer(rx, 1, 0x1100, 100, VIRTQ_DESC_F_WRITE);
	notify(f);
	assert_int_equal(test_completed(rx)->len, 4);
	assert_null(test_completed(rx));
	assert_int_equal(control_message(f, 0)->id, IN);
	test_offer_buffer(tx, 0, 0x1000, 4, 0);
	notify(f);
	assert_int_equal(pread(fileno(out), buffer, 8, 0), 4);
	assert_string_equal(buffer, "file");
	assert_int_equal(lseek(fileno(out), 0, SEEK_CUR), 4); /* the caller's offset moves */
	fclose(in);
	fclose(out);
}

/* One that may wait must not keep the I/O thread. */
static void devices_that_may_wait_are_asked_first(void **state)
{
	struct fixture *f = *state;
	struct test_queue *rx = &f->queues[VIRTIO_CONSOLE_PORT_RX(IN)];
	int random = open("/dev/random", O_RDONLY), null = open("/dev/null", O_WRONLY);

	open_console(f, random, null);
	assert_int_equal(f->console.ports[IN].stream.kind, STREAM_CAREFUL);
	assert_int_equal(f->console.ports[OUT].stream.kind, STREAM_FILE);
	start(f);
	test_offer_buffer(rx, 0, 0x1000, 100, VIRTQ_DESC_F_WRITE);
	notify(f);
	assert_int_equal(test_completed(rx)->len, 100);
	close(random);
	close(null);
}

static void sockets_work_as_streams(void **state)
{
	struct fixture *f = *state;
	struct test_queue *rx = &f->queues[VIRTIO_CONSOLE_PORT_RX(IN)];
	struct test_queue *tx = &f->queues[VIRTIO_CONSOLE_PORT_TX(OUT)];
	char buffer[8] = "";
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	open_console(f, ends[0], ends[0]);
	start(f);
	test_offer_buffer(rx, 0, 0x1000, 100, VIRTQ_DESC_F_WRITE);
	notify(f);
	assert_null(test_completed(rx));
	assert_int_equal(write(ends[1], "sock", 4), 4);
	turn(f);
	assert_int_equal(test_completed(rx)->len, 4);
	test_offer_buffer(tx, 0, 0x1000, 4, 0);
	notify(f);
	assert_int_equal(read(ends[1], buffer, 8), 4);
	close(ends[0]);
	close(ends[1]);
}

static void bad_buffers_stop_the_device(void **state)
{
	static const unsigned queues[] = {
		VIRTIO_CONSOLE_PORT_TX(OUT), VIRTIO_CONSOLE_PORT_RX(IN), VIRTIO_CONSOLE_CONTROL_TX,
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++) {
		put(f, VIRTIO_MMIO_STATUS, 0);
		memset(test_avail(&f->queues[queues[i]]), 0, 4);
		start(f);
		test_offer_buffer(&f->queues[queues[i]], 0, UINT64_MAX, 1, VIRTQ_DESC_F_WRITE);
		notify(f);
		assert_true(get(f, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
		test_avail(&f->queues[queues[i]])->idx = 0;
	}
}

static void reset_while_output_waits(void **state)
{
	struct fixture *f = *state;
	struct test_queue *tx = &f->queues[VIRTIO_CONSOLE_PORT_TX(OUT)];
	static char buffer[100000];

	start(f);
	test_offer_buffer(tx, 0, 0x10000, 100000, 0);
	notify(f);
	assert_true(console_busy(&f->console));
	put(f, VIRTIO_MMIO_STATUS, 0);
	assert_false(console_busy(&f->console));
	assert_true(read(f->out[0], buffer, sizeof(buffer)) > 0);
	turn(f);
	assert_int_equal(test_used(tx)->idx, 0);
}

/* The rings that the request came from are gone: it must not be completed in new ones. */
static void queue_stopped_while_output_waits(void **state)
{
	struct fixture *f = *state;
	struct test_queue *tx = &f->queues[VIRTIO_CONSOLE_PORT_TX(OUT)];
	static char buffer[TEST_RAM_SIZE];

	start(f);
	test_offer_buffer(tx, 5, 0x10000, 100000, 0);
	notify(f);
	assert_true(console_busy(&f->console));
	put(f, VIRTIO_MMIO_QUEUE_SEL, tx->number);
	put(f, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(get(f, VIRTIO_MMIO_QUEUE_READY), 0);
	assert_false(console_busy(&f->console));
	memset(test_avail(tx), 0, 0x100);
	start_queue(f, tx->number);
	test_offer_buffer(tx, 1, 0x10000, 3, 0);
	assert_true(read(f->out[0], buffer, sizeof(buffer)) > 3);
	notify(f);
	assert_int_equal(test_completed(tx)->id, 1);
	assert_null(test_completed(tx));
	assert_int_equal(read(f->out[0], buffer, sizeof(buffer)), 3);
}

/* A guest that offers the same memory over and over must not keep the thread from its
 * other duties, signals above all. */
static void endless_requests_leave_others_their_turn(void **state)
{
	struct fixture *f = *state;
	struct test_queue *rx = &f->queues[VIRTIO_CONSOLE_PORT_RX(IN)];
	struct test_queue *tx = &f->queues[VIRTIO_CONSOLE_PORT_TX(OUT)];
	int zero = open("/dev/zero", O_RDONLY);
	FILE *out = tmpfile();
	uint64_t one = 1;

	open_console(f, zero, fileno(out));
	start(f);
	for (uint16_t i = 0; i < QUEUE_SIZE; i++)
		test_set_desc(tx, i, 0, TEST_RAM_SIZE, VIRTQ_DESC_F_NEXT, (uint16_t)(i + 1));
	test_desc(tx, QUEUE_SIZE - 1)->flags = 0;
	test_offer(tx, 0);
	for (uint16_t i = 0; i < 4; i++)
		test_offer_buffer(rx, i, 0x80000, TEST_RAM_SIZE - 0x80000, VIRTQ_DESC_F_WRITE);
	assert_int_equal(write(f->console.device.notify.fd, &one, 8), 8);
	event_loop_turn(&f->loop);
	assert_true(lseek(fileno(out), 0, SEEK_CUR) <= 1 << 20);
	assert_true(test_used(rx)->idx < 4);
	turn(f);
	assert_int_equal(lseek(fileno(out), 0, SEEK_CUR), QUEUE_SIZE * TEST_RAM_SIZE);
	assert_int_equal(test_used(tx)->idx, 1);
	assert_int_equal(test_used(rx)->idx, 4);
	fclose(out);
	close(zero);
}

static void entropy_fills_what_is_offered(void **state)
{
	struct fixture *f = *state;
	struct test_queue *q = &f->queues[0];
	static const uint8_t zeros[64];
	uint64_t one = 1;

	assert_int_equal(virtio_mmio_create(&f->rng, &rng_ops, &f->ram.mem, &f->loop, BASE, 5, &f->failure), 0);
	virtio_mmio_add(&f->rng, &f->bus);
	put(f, VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	put_features(f, 1ull << VIRTIO_F_VERSION_1);
	put(f, VIRTIO_MMIO_STATUS, ALL_STATUS);
	start_queue(f, 0);
	test_offer_buffer(q, 0, 0x1000, 64, VIRTQ_DESC_F_WRITE);
	test_offer_buffer(q, 1, 0x20000, 0x20000, VIRTQ_DESC_F_WRITE);
	test_offer_buffer(q, 2, 0x1000, 64, 0);
	assert_int_equal(write(f->rng.notify.fd, &one, 8), 8);
	turn(f);
	assert_int_equal(test_completed(q)->len, 64);
	assert_memory_not_equal(test_ram_at(&f->ram, 0x1000), zeros, 64);
	assert_int_equal(test_completed(q)->len, 65536);
	assert_int_equal(test_completed(q)->len, 0);
}

/* A terminal in both directions, a stream in both, and one that leads nowhere. */
static int setup_both_ways(void **state)
{
	struct fixture *f;

	setup_bare(state);
	f = *state;
	const struct console_port_config ports[] = {
		{ .name = "tty", .terminal = true, .direction = CONSOLE_INPUT, .fd = f->in[0] },
		{ .name = "tty", .terminal = true, .joined = true, .direction = CONSOLE_OUTPUT, .fd = f->out[1] },
		{ .direction = CONSOLE_OUTPUT, .fd = -1 },
	};

	assert_int_equal(virtio_mmio_create(&f->console.device, &console_ops, &f->ram.mem, &f->loop,
					    BASE, 5, &f->failure), 0);
	assert_int_equal(console_open(&f->console, ports, 3, &f->failure), 0);
	virtio_mmio_add(&f->console.device, &f->bus);
	return 0;
}

static void a_port_goes_both_ways(void **state)
{
	struct fixture *f = *state;
	struct test_queue *rx = &f->queues[VIRTIO_CONSOLE_PORT_RX(0)], *tx = &f->queues[VIRTIO_CONSOLE_PORT_TX(0)];
	uint32_t ports;
	char buffer[16] = "";

	bus_read(&f->bus, BASE + VIRTIO_MMIO_CONFIG + 4, &ports, sizeof(ports));
	assert_int_equal(ports, 2);
	start(f);
	text(f, "out");
	test_offer_buffer(tx, 0, 0x1000, 3, 0);
	test_offer_buffer(rx, 0, 0x3000, 16, VIRTQ_DESC_F_WRITE);
	assert_int_equal(write(f->in[1], "in", 2), 2);
	notify(f);
	assert_int_equal(read(f->out[0], buffer, sizeof(buffer)), 3);
	assert_string_equal(buffer, "out");
	assert_int_equal(test_completed(rx)->len, 2);
	assert_memory_equal(test_ram_at(&f->ram, 0x3000), "in", 2);
}

static void a_port_with_both_ways_is_told_of_once(void **state)
{
	struct fixture *f = *state;
	struct test_queue *rx = &f->queues[VIRTIO_CONSOLE_CONTROL_RX], *tx = &f->queues[VIRTIO_CONSOLE_PORT_TX(0)];
	char buffer[16] = "";

	start(f);
	offer_control_buffers(f, 12);
	notify(f);
	assert_int_equal(control_message(f, 0)->id, 1); /* has no other end */
	assert_int_equal(control_message(f, 0)->event, VIRTIO_CONSOLE_PORT_OPEN);
	assert_int_equal(control_message(f, 0)->value, 0);
	say(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	assert_int_equal(test_used(rx)->idx, 3);
	say(f, 0, VIRTIO_CONSOLE_PORT_READY, 1);
	assert_int_equal(control_message(f, 3)->event, VIRTIO_CONSOLE_CONSOLE_PORT);
	assert_int_equal(control_message(f, 4)->event, VIRTIO_CONSOLE_PORT_NAME);
	assert_int_equal(control_message(f, 5)->value, 1);
	/* The stream without a name is no console. */
	say(f, 1, VIRTIO_CONSOLE_PORT_READY, 1);
	assert_int_equal(control_message(f, 6)->event, VIRTIO_CONSOLE_PORT_OPEN);
	assert_int_equal(test_used(rx)->idx, 7);
	/* The end of input is the port's end, but output goes on. */
	test_offer_buffer(&f->queues[VIRTIO_CONSOLE_PORT_RX(0)], 0, 0x3000, 16, VIRTQ_DESC_F_WRITE);
	close(f->in[1]);
	f->in[1] = -1;
	notify(f);
	assert_int_equal(control_message(f, 7)->id, 0);
	assert_int_equal(control_message(f, 7)->event, VIRTIO_CONSOLE_PORT_OPEN);
	assert_int_equal(control_message(f, 7)->value, 0);
	text(f, "still");
	test_offer_buffer(tx, 0, 0x1000, 5, 0);
	notify(f);
	assert_int_equal(read(f->out[0], buffer, sizeof(buffer)), 5);
	/* It opens again when the guest, which waits with its output, has seen that. */
	say(f, 0, VIRTIO_CONSOLE_PORT_OPEN, 1);
	say(f, 0, VIRTIO_CONSOLE_PORT_OPEN, 0);
	assert_int_equal(control_message(f, 8)->event, VIRTIO_CONSOLE_PORT_OPEN);
	assert_int_equal(control_message(f, 8)->value, 1);
}

static void the_guest_knows_the_terminals_size(void **state)
{
	struct fixture *f = *state;
	struct test_queue *rx = &f->queues[VIRTIO_CONSOLE_CONTROL_RX];
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct virtio_console_size got;
	int host = posix_openpt(O_RDWR | O_NOCTTY), tty = -1;

	if (host < 0 || grantpt(host) || unlockpt(host) || (tty = open(ptsname(host), O_RDWR | O_NOCTTY)) < 0)
		skip();
	assert_int_equal(ioctl(tty, TIOCSWINSZ, &size), 0);
	f->console.ports[0].config.fd = tty;
	start(f);
	offer_control_buffers(f, 12);
	notify(f);
	say(f, 0, VIRTIO_CONSOLE_PORT_READY, 1);
	assert_int_equal(control_message(f, 4)->event, VIRTIO_CONSOLE_RESIZE);
	assert_int_equal(test_used(rx)->ring[4].len, sizeof(struct virtio_console_control) + sizeof(got));
	memcpy(&got, control_message(f, 4) + 1, sizeof(got));
	assert_int_equal(got.rows, 24);
	assert_int_equal(got.cols, 80);
	size.ws_col = 132;
	assert_int_equal(ioctl(tty, TIOCSWINSZ, &size), 0);
	console_resized(&f->console); /* not open: nobody has to know */
	assert_int_equal(test_used(rx)->idx, 5);
	say(f, 0, VIRTIO_CONSOLE_PORT_OPEN, 1);
	console_resized(&f->console);
	assert_int_equal(test_used(rx)->idx, 6);
	memcpy(&got, control_message(f, 5) + 1, sizeof(got));
	assert_int_equal(got.cols, 132);
	close(tty);
	close(host);
}

/* Linux throws away what comes before. */
static void input_waits_until_the_guest_opens_the_port(void **state)
{
	struct fixture *f = *state;
	struct test_queue *rx = &f->queues[VIRTIO_CONSOLE_PORT_RX(0)];

	f->console.ports[0].config.when_open = true;
	start(f);
	test_offer_buffer(rx, 0, 0x3000, 16, VIRTQ_DESC_F_WRITE);
	assert_int_equal(write(f->in[1], "in", 2), 2);
	notify(f);
	assert_null(test_completed(rx));
	say(f, 0, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_int_equal(test_completed(rx)->len, 2);
	say(f, 0, VIRTIO_CONSOLE_PORT_OPEN, 0);
	test_offer_buffer(rx, 0, 0x3000, 16, VIRTQ_DESC_F_WRITE);
	assert_int_equal(write(f->in[1], "in", 2), 2);
	notify(f);
	assert_null(test_completed(rx));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_BARE(name) cmocka_unit_test_setup_teardown(name, setup_bare, teardown)
#define TEST_BOTH(name) cmocka_unit_test_setup_teardown(name, setup_both_ways, teardown)
	const struct CMUnitTest tests[] = {
		TEST_BOTH(a_port_goes_both_ways),
		TEST_BOTH(a_port_with_both_ways_is_told_of_once),
		TEST_BOTH(the_guest_knows_the_terminals_size),
		TEST_BOTH(input_waits_until_the_guest_opens_the_port),
		TEST(identity_is_that_of_a_modern_console),
		TEST(odd_accesses_do_nothing),
		TEST(version_1_is_required),
		TEST(unknown_features_are_refused),
		TEST(features_are_fixed_once_agreed),
		TEST(status_bits_cannot_be_taken_back),
		TEST(bad_queue_breaks_the_device),
		TEST(running_queue_cannot_be_moved),
		TEST(output_reaches_the_pipe),
		TEST(nothing_happens_before_driver_ok),
		TEST(full_pipe_holds_output_back_but_loses_none),
		TEST(closed_reader_is_told_and_output_dropped),
		TEST(input_waits_for_buffers_and_ends_with_port_closed),
		TEST(handshake_names_the_ports),
		TEST(messages_wait_for_buffers),
		TEST_BARE(streams_that_are_not_there_are_closed),
		TEST_BARE(files_work_as_streams),
		TEST_BARE(devices_that_may_wait_are_asked_first),
		TEST_BARE(sockets_work_as_streams),
		TEST(bad_buffers_stop_the_device),
		TEST(reset_while_output_waits),
		TEST(queue_stopped_while_output_waits),
		TEST_BARE(endless_requests_leave_others_their_turn),
		TEST_BARE(entropy_fills_what_is_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
