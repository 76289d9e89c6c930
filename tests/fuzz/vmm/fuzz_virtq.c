/* libFuzzer on the virtqueue walker: the input is the queue's configuration and the
 * guest's memory, rings and all. Every buffer a device is given must be RAM, and a walk
 * must end. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/virtq.h"
#include "vm/guest_mem.h"

#define RAM_SIZE 8192
#define WALKS_MAX 1000

struct input {
	uint16_t size;
	uint16_t next_avail;
	uint16_t desc, avail, used;
	uint8_t event_idx;
	uint8_t pad;
};

static void check_chain(const struct virtq_chain *chain, const uint8_t *ram, uint16_t queue_size)
{
	unsigned count = chain->read_count + chain->write_count;
	uint64_t total = 0;

	assert(count <= queue_size);
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *at = chain->iov[i].iov_base;

		assert(at >= ram && at < ram + RAM_SIZE);
		assert(chain->iov[i].iov_len > 0 && chain->iov[i].iov_len <= (size_t)(ram + RAM_SIZE - at));
		total += chain->iov[i].iov_len;
	}
	assert(total == chain->read_size + chain->write_size);
}

/* As devices do: read what is readable, write what is writable, rings included if the
 * driver put its buffers there. */
static uint32_t serve(struct virtq_chain *chain)
{
	volatile uint8_t sink;

	for (unsigned i = 0; i < chain->read_count; i++)
		sink = *(uint8_t *)virtq_chain_readable(chain)[i].iov_base;
	for (unsigned i = 0; i < chain->write_count; i++)
		*(uint8_t *)virtq_chain_writable(chain)[i].iov_base = (uint8_t)i;
	(void)sink;
	return (uint32_t)chain->write_size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct virtq_chain chain;
	struct input input;
	struct guest_mem mem = { .count = 1 };
	struct virtq vq = { 0 };
	uint8_t *ram;
	int got;

	if (size < sizeof(input))
		return 0;
	memcpy(&input, data, sizeof(input));
	data += sizeof(input);
	size -= sizeof(input);
	ram = calloc(1, RAM_SIZE); /* on the heap, so that ASan watches its ends */
	memcpy(ram, data, size < RAM_SIZE ? size : RAM_SIZE);
	mem.regions[0] = (struct guest_region){ 0, RAM_SIZE, ram };

	vq.size = input.size;
	vq.desc_gpa = input.desc;
	vq.avail_gpa = input.avail;
	vq.used_gpa = input.used;
	if (virtq_start(&vq, &mem, VIRTQ_DEVICE_SIZE_MAX, input.event_idx & 1) == 0) {
		vq.next_avail = vq.next_used = input.next_avail;
		for (int i = 0; i < WALKS_MAX && (got = virtq_next_chain(&vq, &chain)) > 0; i++) {
			check_chain(&chain, ram, vq.size);
			virtq_complete(&vq, chain.head, serve(&chain));
			virtq_want_notify(&vq, i & 1);
			virtq_should_interrupt(&vq);
		}
	}
	free(ram);
	return 0;
}
