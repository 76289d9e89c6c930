/* What a driver of any virtio-mmio device may do, for fuzzers that add requests of their device's:
 * descriptors and registers of any value, resets, bytes anywhere in memory. */
#ifndef WALNUT_FUZZ_ANY_DRIVER_H
#define WALNUT_FUZZ_ANY_DRIVER_H

#include "../../unit/vmm/mmio_guest.h"
#include "reader.h"

/* OP_REQUEST, and what follows OP_OWN, are the fuzzer's. */
enum { OP_REQUEST, OP_DESCRIPTOR, OP_OFFER, OP_NOTIFY, OP_START, OP_REGISTER, OP_CONFIG, OP_MEMORY, OP_OWN };

static inline struct test_queue *any_queue(struct mmio_guest *guest, struct reader *r, unsigned queues)
{
	return &guest->queues[take(r, 1) % queues];
}

static inline void any_config_access(struct mmio_guest *guest, struct reader *r)
{
	uint64_t at = guest->base + VIRTIO_MMIO_CONFIG + take(r, 1), value = take(r, 2);
	unsigned how = (unsigned)(value >> 8);

	bus_write(&guest->bus, at, &value, 1u << (how & 3));
	bus_read(&guest->bus, at, &value, 1u << (how >> 2 & 3));
}

static inline void any_memory(struct mmio_guest *guest, struct reader *r)
{
	uint64_t at = take(r, 3) % (TEST_RAM_SIZE - 256);
	size_t size = take(r, 1);
	const uint8_t *bytes = take_bytes(r, &size);

	memcpy(test_ram_at(&guest->ram, at), bytes, size);
}

static inline void any_driver_step(struct mmio_guest *guest, struct virtio_device *device, unsigned queues,
				   unsigned op, struct reader *r)
{
	struct test_queue *q;
	uint64_t at;

	switch (op) {
	case OP_DESCRIPTOR:
		q = any_queue(guest, r, queues);
		at = take(r, 1) % q->size;
		*test_desc(q, (unsigned)at) = (struct virtq_desc){ take(r, 3), (uint32_t)take(r, 3),
			(uint16_t)(take(r, 1) & 7), (uint16_t)(take(r, 1) % q->size) };
		break;
	case OP_OFFER:
		q = any_queue(guest, r, queues);
		test_offer(q, (uint16_t)(take(r, 1) % q->size));
		break;
	case OP_NOTIFY:
		mmio_notify(device);
		mmio_turn(device->loop);
		break;
	case OP_START:
		mmio_start(guest, take(r, 2) & mmio_offered_features(guest), queues);
		break;
	case OP_REGISTER:
		at = 4 * take(r, 1);
		mmio_put(guest, at, (uint32_t)take(r, 4));
		break;
	case OP_CONFIG:
		any_config_access(guest, r);
		break;
	case OP_MEMORY:
		any_memory(guest, r);
		break;
	}
}

#endif
