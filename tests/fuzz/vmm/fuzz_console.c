/* libFuzzer on the transport and the console: the input is what a guest does, register
 * accesses, memory writes and notifications, in any order and with any values. */
#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/bus.h"
#include "failure.h"
#include "status_decoder.h"
#include "virtio/console.h"
#include "virtio/mmio.h"
#include "vm/guest_mem.h"

#include "walnut.h"

#define RAM_SIZE (64u << 10)
#define TURNS_MAX 50

enum { OP_WRITE, OP_READ, OP_MEMORY, OP_NOTIFY, OP_START, OP_COUNT };

struct reader {
	const uint8_t *data;
	size_t size;
};

static uint32_t take(struct reader *r, size_t bytes)
{
	uint32_t value = 0;

	if (bytes > r->size)
		bytes = r->size;
	memcpy(&value, r->data, bytes);
	r->data += bytes;
	r->size -= bytes;
	return value;
}

struct machine {
	struct guest_mem mem;
	struct event_loop loop;
	struct bus bus;
	struct console console;
	struct status_decoder status;
};

static void status_output(void *opaque, const void *data, size_t size)
{
	status_decoder_feed(opaque, data, size);
}

static void write_register(struct machine *m, uint64_t offset, uint32_t value)
{
	bus_write(&m->bus, 0xd0000000 + offset, &value, sizeof(value));
}

static void turn(struct machine *m)
{
	struct pollfd p = { .fd = m->loop.epoll_fd, .events = POLLIN };

	for (int i = 0; i < TURNS_MAX && poll(&p, 1, 0) > 0; i++)
		event_loop_turn(&m->loop);
}

/* The dull part of a good driver, so that the input need not find it: all queues of 8
 * at fixed places, features agreed, running. */
static void start(struct machine *m)
{
	write_register(m, 0x70, 0);
	write_register(m, 0x70, 3);
	write_register(m, 0x24, 0);
	write_register(m, 0x20, 0x30000002);
	write_register(m, 0x24, 1);
	write_register(m, 0x20, 1);
	write_register(m, 0x70, 11);
	for (uint32_t i = 0; i < 12; i++) {
		write_register(m, 0x30, i);
		write_register(m, 0x38, 8);
		write_register(m, 0x80, 0x400 * i);
		write_register(m, 0x90, 0x400 * i + 0x100);
		write_register(m, 0xa0, 0x400 * i + 0x200);
		write_register(m, 0x44, 1);
	}
	write_register(m, 0x70, 15);
}

static void step(struct machine *m, struct reader *r)
{
	uint64_t one = 1;
	uint32_t offset, size;
	uint64_t value;

	switch (take(r, 1) % OP_COUNT) {
	case OP_WRITE:
		offset = take(r, 1) * 4;
		write_register(m, offset, take(r, 4));
		break;
	case OP_READ:
		offset = take(r, 2) & 0xfff;
		bus_read(&m->bus, 0xd0000000 + offset, &value, 1u << (offset & 3));
		break;
	case OP_MEMORY:
		offset = take(r, 2);
		size = take(r, 1);
		if (size > r->size)
			size = (uint32_t)r->size;
		if (offset + size <= RAM_SIZE)
			memcpy(m->mem.regions[0].hva + offset, r->data, size);
		r->data += size;
		r->size -= size;
		break;
	case OP_NOTIFY:
		assert(write(m->console.device.notify.fd, &one, sizeof(one)) == sizeof(one));
		turn(m);
		break;
	case OP_START:
		start(m);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int zero = -1, null = -1;
	struct reader r = { data, size };
	struct machine *m = calloc(1, sizeof(*m));
	struct krun_walnut_result result = { 0 };
	struct failure failure;

	if (zero < 0) {
		zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	}
	const struct console_port_config ports[] = {
		{ .direction = CONSOLE_OUTPUT, .output = status_output, .opaque = &m->status },
		{ "in", CONSOLE_INPUT, .fd = zero },
		{ "out", CONSOLE_OUTPUT, .fd = null },
		{ "none", CONSOLE_OUTPUT, .fd = -1 },
		{ "status", CONSOLE_OUTPUT, .output = status_output, .opaque = &m->status },
	};

	m->mem.count = 1;
	m->mem.regions[0] = (struct guest_region){ 0, RAM_SIZE, calloc(1, RAM_SIZE) };
	assert(event_loop_create(&m->loop) == 0);
	assert(virtio_mmio_create(&m->console.device, &console_ops, &m->mem, &m->loop, 0xd0000000, 5, &failure) == 0);
	assert(console_open(&m->console, ports, sizeof(ports) / sizeof(ports[0]), &failure) == 0);
	virtio_mmio_add(&m->console.device, &m->bus);

	while (r.size > 0)
		step(m, &r);
	turn(m);
	console_finish(&m->console);
	virtio_mmio_poll(&m->console.device);
	status_decoder_result(&m->status, "silence", &result);

	console_close(&m->console);
	virtio_mmio_destroy(&m->console.device);
	event_loop_destroy(&m->loop);
	free(m->mem.regions[0].hva);
	free(m);
	return 0;
}
