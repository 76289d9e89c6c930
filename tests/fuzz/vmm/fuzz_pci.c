/* libFuzzer on the PCI bus: the input is what a guest does by ports and in the BARs' window:
 * configuration space, MSI-X, virtio's registers, in any order and of any width, with memory
 * of its own. Messages and interrupt lines come out; a doorbell must be where the BAR is. */
#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "boot/layout.h"
#include "device/bus.h"
#include "failure.h"
#include "pci/host.h"
#include "reader.h"
#include "virtio/balloon.h"
#include "virtio/pci.h"
#include "virtio/rng.h"
#include "vm/guest_mem.h"

#include "virtio_pci.h"

#define RAM_SIZE (64u << 10)
#define TURNS_MAX 50
#define FUNCTIONS 2

enum { OP_PORT, OP_CONFIG, OP_WINDOW_WRITE, OP_WINDOW_READ, OP_MEMORY, OP_TURN, OP_START, OP_COUNT };

struct machine {
	struct guest_mem mem;
	struct event_loop loop;
	struct bus ports, mmio;
	struct pci_host host;
	struct virtio_pci_machine callbacks;
	struct virtio_device rng;
	struct balloon balloon;
	struct virtio_pci pci[FUNCTIONS];
	uint64_t doorbells[FUNCTIONS];
};

static void send_message(void *opaque, uint64_t address, uint32_t data)
{
}

static void set_line(void *opaque, uint32_t irq, bool level)
{
	assert(irq == 5 || irq == 6);
}

static void place_doorbell(void *opaque, int fd, uint64_t old, uint64_t address)
{
	struct machine *m = opaque;
	unsigned i = fd == m->rng.notify.fd ? 0 : 1;

	assert(m->doorbells[i] == old && old != address);
	assert(address == 0 || (address >= BOOT_PCI_WINDOW && address < BOOT_PCI_WINDOW + BOOT_PCI_WINDOW_SIZE));
	m->doorbells[i] = address;
}

static void turn(struct machine *m)
{
	struct pollfd p = { .fd = m->loop.epoll_fd, .events = POLLIN };

	for (int i = 0; i < TURNS_MAX && poll(&p, 1, 0) > 0; i++)
		event_loop_turn(&m->loop);
}

static void config_put(struct machine *m, unsigned device, unsigned offset, unsigned size, uint32_t value)
{
	uint32_t address = PCI_CONFIG_ENABLE | device << 11 | (offset & 0xfc);

	bus_write(&m->ports, PCI_CONFIG_ADDRESS, &address, sizeof(address));
	bus_write(&m->ports, PCI_CONFIG_DATA + (offset & 3), &value, size);
	bus_read(&m->ports, PCI_CONFIG_DATA + (offset & 3), &value, size);
}

/* The dull part of a good driver: the BAR where it was, features agreed, queues of 8 at fixed
 * places with vectors, MSI-X on. */
static void start(struct machine *m, unsigned which)
{
	uint64_t common = BOOT_PCI_WINDOW + which * VIRTIO_PCI_BAR_SIZE;
	const struct { uint32_t field, size, value; } before[] = {
		{ 20, 1, 0 }, { 20, 1, 3 }, { 8, 4, 1 }, { 12, 4, 1 }, { 20, 1, 11 },
	};
	uint32_t value;

	config_put(m, which + 1, PCI_BAR0, 4, (uint32_t)common);
	config_put(m, which + 1, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	config_put(m, which + 1, m->pci[which].msix_capability + 2, 2, PCI_MSIX_ENABLE);
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		bus_write(&m->mmio, common + before[i].field, &before[i].value, before[i].size);
	for (uint32_t q = 0; q < 5; q++) {
		const struct { uint32_t field, size, value; } queue[] = {
			{ 22, 2, q }, { 24, 2, 8 }, { 26, 2, q }, { 32, 4, 0x400 * q }, { 40, 4, 0x400 * q + 0x100 },
			{ 48, 4, 0x400 * q + 0x200 }, { 28, 2, 1 },
		};

		for (size_t i = 0; i < sizeof(queue) / sizeof(queue[0]); i++)
			bus_write(&m->mmio, common + queue[i].field, &queue[i].value, queue[i].size);
	}
	value = 15;
	bus_write(&m->mmio, common + 20, &value, 1);
}

static void memory(struct machine *m, struct reader *r)
{
	size_t at = take(r, 2), size = take(r, 1);
	const uint8_t *bytes = take_bytes(r, &size);

	if (at + size <= RAM_SIZE)
		memcpy(m->mem.regions[0].hva + at, bytes, size);
}

static void step(struct machine *m, struct reader *r)
{
	unsigned op = take(r, 1) % OP_COUNT;
	uint32_t what;
	uint64_t value;

	switch (op) {
	case OP_PORT:
		what = (uint32_t)take(r, 1);
		value = take(r, 4);
		bus_write(&m->ports, PCI_CONFIG_ADDRESS + (what & 7), &value, 1u << (what >> 3) % 3);
		bus_read(&m->ports, PCI_CONFIG_ADDRESS + (what >> 5), &value, 1u << (what >> 3) % 3);
		break;
	case OP_CONFIG:
		what = (uint32_t)take(r, 2);
		config_put(m, what >> 12 & 3, what & 0xff, 1u << (what >> 8) % 3, (uint32_t)take(r, 4));
		break;
	case OP_WINDOW_WRITE:
		what = (uint32_t)take(r, 3);
		value = take(r, what >> 20 & 8 ? 8 : 2);
		bus_write(&m->mmio, BOOT_PCI_WINDOW + (what & 0x1ffff), &value, 1u << (what >> 20 & 3));
		break;
	case OP_WINDOW_READ:
		what = (uint32_t)take(r, 3);
		bus_read(&m->mmio, BOOT_PCI_WINDOW + (what & 0x1ffff), &value, 1u << (what >> 20 & 3));
		break;
	case OP_MEMORY:
		memory(m, r);
		break;
	case OP_TURN:
		turn(m);
		break;
	case OP_START:
		start(m, take(r, 1) % FUNCTIONS);
		break;
	}
}

static struct machine *create(void)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct failure failure;

	m->mem.count = 1;
	m->mem.regions[0] = (struct guest_region){ 0, RAM_SIZE, aligned_alloc(4096, RAM_SIZE) };
	memset(m->mem.regions[0].hva, 0, RAM_SIZE);
	assert(event_loop_create(&m->loop) == 0);
	m->callbacks = (struct virtio_pci_machine){ send_message, set_line, place_doorbell, m };
	pci_host_create(&m->host, &m->ports, &m->mmio);
	assert(virtio_pci_create(&m->pci[0], &m->rng, &rng_ops, &m->mem, &m->loop, BOOT_PCI_WINDOW, 5,
				 &m->callbacks, &failure) == 0);
	assert(virtio_pci_create(&m->pci[1], &m->balloon.device, &balloon_ops, &m->mem, &m->loop,
				 BOOT_PCI_WINDOW + VIRTIO_PCI_BAR_SIZE, 6, &m->callbacks, &failure) == 0);
	for (unsigned i = 0; i < FUNCTIONS; i++)
		pci_host_add(&m->host, &m->pci[i].function);
	return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = { data, size };
	struct machine *m = create();

	while (r.size > 0)
		step(m, &r);
	turn(m);
	for (unsigned i = 0; i < FUNCTIONS; i++)
		assert((m->doorbells[i] != 0) == (m->pci[i].function.bar != 0));
	virtio_device_destroy(&m->rng);
	virtio_device_destroy(&m->balloon.device);
	event_loop_destroy(&m->loop);
	free(m->mem.regions[0].hva);
	free(m);
	return 0;
}
