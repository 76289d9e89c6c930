/* libFuzzer on all devices that a guest reaches: the input is what a guest and its host do,
 * in any order and with any values: accesses to registers and ports of any width, memory
 * writes, notifications, resets, queues stopped and set up anew; bytes and ends on the
 * host's streams, which stall as pipes do. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/bus.h"
#include "device/guest_log.h"
#include "device/i8042.h"
#include "device/power.h"
#include "device/serial_port.h"
#include "failure.h"
#include "reader.h"
#include "status_decoder.h"
#include "virtio/console.h"
#include "virtio/mmio.h"
#include "virtio/rng.h"
#include "vm/guest_mem.h"

#include "walnut.h"

#define RAM_SIZE (64u << 10)
#define TURNS_MAX 50
#define CONSOLE_BASE 0xd0000000u
#define RNG_BASE 0xd0001000u
#define QUEUES 12

enum {
	OP_WRITE, OP_READ, OP_MEMORY, OP_NOTIFY, OP_START, OP_ODD_WRITE, OP_STOP_QUEUE, OP_START_QUEUE,
	OP_PORT, OP_INPUT, OP_END_INPUT, OP_DRAIN, OP_CLOSE_OUTPUT, OP_RNG, OP_OFFER, OP_COUNT
};

struct machine {
	struct guest_mem mem;
	struct event_loop loop;
	struct bus bus, ports;
	struct console console;
	struct virtio_device rng;
	struct status_decoder status;
	struct guest_log log, serial_log;
	struct serial_port serial;
	struct power power;
	int in[2], out[2]; /* pipes; the devices have in[0] and out[1] */
};

static void status_output(void *opaque, const void *data, size_t size)
{
	status_decoder_feed(opaque, data, size);
}

static void log_output(void *opaque, const void *data, size_t size)
{
	guest_log_write(opaque, data, size);
}

static void write_register(struct machine *m, uint64_t offset, uint32_t value)
{
	bus_write(&m->bus, CONSOLE_BASE + offset, &value, sizeof(value));
}

static void turn(struct machine *m)
{
	struct pollfd p = { .fd = m->loop.epoll_fd, .events = POLLIN };

	for (int i = 0; i < TURNS_MAX && poll(&p, 1, 0) > 0; i++)
		event_loop_turn(&m->loop);
}

static void notify(struct machine *m, struct virtio_device *device)
{
	uint64_t one = 1;

	assert(write(device->notify.fd, &one, sizeof(one)) == sizeof(one));
	turn(m);
}

static void start_queue(struct machine *m, uint64_t base, uint32_t queue)
{
	const uint32_t values[][2] = {
		{ 0x30, queue }, { 0x38, 8 }, { 0x80, 0x400 * queue }, { 0x90, 0x400 * queue + 0x100 },
		{ 0xa0, 0x400 * queue + 0x200 }, { 0x44, 1 },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		bus_write(&m->bus, base + values[i][0], &values[i][1], 4);
}

/* The dull part of a good driver, so that the input need not find it: all queues of 8
 * at fixed places, features agreed, running. */
static void start(struct machine *m, uint64_t base, uint32_t features, uint32_t queues)
{
	const uint32_t before[][2] = {
		{ 0x70, 0 }, { 0x70, 3 }, { 0x24, 0 }, { 0x20, features }, { 0x24, 1 }, { 0x20, 1 }, { 0x70, 11 },
	};
	const uint32_t running = 15;

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		bus_write(&m->bus, base + before[i][0], &before[i][1], 4);
	for (uint32_t i = 0; i < queues; i++)
		start_queue(m, base, i);
	bus_write(&m->bus, base + 0x70, &running, 4);
}

/* One buffer of a queue as start_queue() sets it up. */
static void offer(struct machine *m, struct reader *r)
{
	uint8_t *queue = m->mem.regions[0].hva + 0x400 * (take(r, 1) % QUEUES);
	struct virtq_desc desc = { .addr = take(r, 2), .len = take(r, 2), .flags = take(r, 1) & 7 };
	uint16_t head = take(r, 1) & 7, idx;

	desc.next = take(r, 1) & 7;
	memcpy(queue + 16 * head, &desc, sizeof(desc));
	memcpy(&idx, queue + 0x102, sizeof(idx));
	memcpy(queue + 0x104 + 2 * (idx & 7), &head, sizeof(head));
	idx++;
	memcpy(queue + 0x102, &idx, sizeof(idx));
}

static void memory(struct machine *m, struct reader *r)
{
	size_t offset = take(r, 2), size = take(r, 1);
	const uint8_t *bytes = take_bytes(r, &size);

	if (offset + size <= RAM_SIZE)
		memcpy(m->mem.regions[0].hva + offset, bytes, size);
}

/* Reads and writes of 1 to 8 bytes anywhere on the two buses. */
static void odd_access(struct machine *m, struct reader *r, bool port)
{
	uint32_t what = take(r, 2);
	unsigned size = 1u << (what & 3);
	uint64_t value = take(r, 4) | (uint64_t)take(r, 1) << 32;
	uint64_t at = port ? 0x20 + (what >> 3) % 0x400 : CONSOLE_BASE + (what >> 2) % 0x2100;

	if (port && size == 8)
		size = 4;
	if (port && (what & 4))
		bus_read(&m->ports, at, &value, size);
	else
		bus_write(port ? &m->ports : &m->bus, at, &value, size);
}

static void host_step(struct machine *m, struct reader *r, unsigned op)
{
	char drained[4096];
	const uint8_t *bytes;
	size_t size;

	switch (op) {
	case OP_INPUT:
		size = take(r, 1);
		bytes = take_bytes(r, &size);
		if (m->in[1] >= 0)
			(void)!write(m->in[1], bytes, size);
		turn(m);
		break;
	case OP_END_INPUT:
		if (m->in[1] >= 0)
			close(m->in[1]);
		m->in[1] = -1;
		turn(m);
		break;
	case OP_DRAIN:
		if (m->out[0] >= 0)
			(void)!read(m->out[0], drained, sizeof(drained));
		turn(m);
		break;
	case OP_CLOSE_OUTPUT:
		if (m->out[0] >= 0)
			close(m->out[0]);
		m->out[0] = -1;
		turn(m);
		break;
	}
}

static void step(struct machine *m, struct reader *r)
{
	unsigned op = take(r, 1) % OP_COUNT;
	uint32_t offset;
	uint64_t value;

	switch (op) {
	case OP_WRITE:
		offset = take(r, 1) * 4;
		write_register(m, offset, take(r, 4));
		break;
	case OP_READ:
		offset = take(r, 2) & 0xfff;
		bus_read(&m->bus, CONSOLE_BASE + offset, &value, 1u << (offset & 3));
		break;
	case OP_MEMORY:
		memory(m, r);
		break;
	case OP_NOTIFY:
		notify(m, &m->console.device);
		break;
	case OP_START:
		start(m, CONSOLE_BASE, 0x30000002, QUEUES);
		break;
	case OP_ODD_WRITE:
		odd_access(m, r, false);
		break;
	case OP_STOP_QUEUE:
		write_register(m, 0x30, take(r, 1) % (QUEUES + 5));
		write_register(m, 0x44, 0);
		break;
	case OP_START_QUEUE:
		start_queue(m, CONSOLE_BASE, take(r, 1) % (QUEUES + 5));
		break;
	case OP_PORT:
		odd_access(m, r, true);
		break;
	case OP_RNG:
		start(m, RNG_BASE, 0x30000000, 1);
		notify(m, &m->rng);
		break;
	case OP_OFFER:
		offer(m, r);
		break;
	default:
		host_step(m, r, op);
	}
}

static struct machine *create(void)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct failure failure;

	m->log.source = m->serial_log.source = "fuzz";
	assert(pipe2(m->in, O_NONBLOCK) == 0 && pipe2(m->out, O_NONBLOCK) == 0);
	fcntl(m->out[1], F_SETPIPE_SZ, 4096); /* stalls soon */
	const struct console_port_config ports[] = {
		{ .terminal = true, .direction = CONSOLE_OUTPUT, .output = log_output, .opaque = &m->log },
		{ .name = "in", .direction = CONSOLE_INPUT, .fd = m->in[0] },
		{ .name = "out", .direction = CONSOLE_OUTPUT, .fd = m->out[1] },
		{ .name = "none", .direction = CONSOLE_OUTPUT, .fd = -1 },
		{ .name = "status", .direction = CONSOLE_OUTPUT, .output = status_output, .opaque = &m->status },
		{ .name = "both", .when_open = true, .direction = CONSOLE_INPUT, .fd = m->in[0] },
		{ .name = "both", .joined = true, .direction = CONSOLE_OUTPUT, .fd = m->out[1] },
	};

	m->mem.count = 1;
	m->mem.regions[0] = (struct guest_region){ 0, RAM_SIZE, calloc(1, RAM_SIZE) };
	assert(event_loop_create(&m->loop) == 0);
	assert(virtio_mmio_create(&m->console.device, &console_ops, &m->mem, &m->loop, CONSOLE_BASE, 5, &failure) == 0);
	assert(console_open(&m->console, ports, sizeof(ports) / sizeof(ports[0]), &failure) == 0);
	assert(virtio_mmio_create(&m->rng, &rng_ops, &m->mem, &m->loop, RNG_BASE, 6, &failure) == 0);
	virtio_mmio_add(&m->console.device, &m->bus);
	virtio_mmio_add(&m->rng, &m->bus);
	serial_port_add(&m->serial, &m->ports, SERIAL_COM1, &m->serial_log);
	i8042_add(&m->power, &m->ports);
	/* Ours are the other ends; the device opened its own. */
	close(m->in[0]);
	close(m->out[1]);
	return m;
}

static void destroy(struct machine *m)
{
	console_ops.close(&m->console.device);
	virtio_device_destroy(&m->console.device);
	virtio_device_destroy(&m->rng);
	serial_port_close(&m->serial);
	event_loop_destroy(&m->loop);
	if (m->in[1] >= 0)
		close(m->in[1]);
	if (m->out[0] >= 0)
		close(m->out[0]);
	free(m->mem.regions[0].hva);
	free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = { data, size };
	struct krun_walnut_result result = { 0 };
	struct machine *m;

	signal(SIGPIPE, SIG_IGN);
	m = create();
	while (r.size > 0)
		step(m, &r);
	turn(m);
	console_finish(&m->console);
	virtio_device_poll(&m->console.device);
	console_busy(&m->console);
	status_decoder_result(&m->status, guest_log_last(&m->serial_log), &result);
	assert(memchr(result.message, '\0', sizeof(result.message)));
	guest_log_last(&m->log);
	destroy(m);
	return 0;
}
