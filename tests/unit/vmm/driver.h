/* The driver's side of a split virtqueue over a piece of fake guest memory, for tests:
 * does what it is told, sensible or not. */
#ifndef WALNUT_TEST_DRIVER_H
#define WALNUT_TEST_DRIVER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/virtq.h"
#include "vm/guest_mem.h"

#define TEST_RAM_SIZE (1u << 20)

/* Where a queue's three areas go; 0x4000 apart, so that queues of 256 fit. */
#define TEST_DESC(queue) (0x10000u + (queue) * 0x4000u)
#define TEST_AVAIL(queue) (TEST_DESC(queue) + 0x2000u)
#define TEST_USED(queue) (TEST_DESC(queue) + 0x3000u)

struct test_ram {
	struct guest_mem mem;
};

static inline void test_ram_create(struct test_ram *ram)
{
	ram->mem = (struct guest_mem){ .count = 1 };
	ram->mem.regions[0] = (struct guest_region){ 0, TEST_RAM_SIZE, aligned_alloc(4096, TEST_RAM_SIZE) };
	memset(ram->mem.regions[0].hva, 0, TEST_RAM_SIZE);
}

static inline void test_ram_destroy(struct test_ram *ram)
{
	free(ram->mem.regions[0].hva);
}

static inline void *test_ram_at(const struct test_ram *ram, uint64_t gpa)
{
	return ram->mem.regions[0].hva + gpa;
}

struct test_queue {
	struct test_ram *ram;
	unsigned number;
	uint16_t size;
	uint16_t seen_used;
};

static inline struct virtq_desc *test_desc(struct test_queue *q, unsigned index)
{
	return (struct virtq_desc *)test_ram_at(q->ram, TEST_DESC(q->number)) + index;
}

static inline struct virtq_avail *test_avail(struct test_queue *q)
{
	return test_ram_at(q->ram, TEST_AVAIL(q->number));
}

static inline struct virtq_used *test_used(struct test_queue *q)
{
	return test_ram_at(q->ram, TEST_USED(q->number));
}

static inline void test_set_desc(struct test_queue *q, unsigned index, uint64_t addr, uint32_t len,
				 uint16_t flags, uint16_t next)
{
	*test_desc(q, index) = (struct virtq_desc){ addr, len, flags, next };
}

static inline void test_offer(struct test_queue *q, uint16_t head)
{
	struct virtq_avail *avail = test_avail(q);

	avail->ring[avail->idx % q->size] = head;
	__atomic_store_n(&avail->idx, (uint16_t)(avail->idx + 1), __ATOMIC_RELEASE);
}

/* One buffer as a whole request. */
static inline void test_offer_buffer(struct test_queue *q, uint16_t head, uint64_t addr, uint32_t len,
				     uint16_t flags)
{
	test_set_desc(q, head, addr, len, flags, 0);
	test_offer(q, head);
}

/* The next completion, or NULL. */
static inline const struct virtq_used_elem *test_completed(struct test_queue *q)
{
	struct virtq_used *used = test_used(q);

	if (__atomic_load_n(&used->idx, __ATOMIC_ACQUIRE) == q->seen_used)
		return NULL;
	return &used->ring[q->seen_used++ % q->size];
}

#endif
