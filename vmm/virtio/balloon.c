/* Free pages of the guest go back to the host: MADV_DONTNEED. The next touch finds a fresh page.
 *
 * The device never asks for pages (num_pages is 0) nor for statistics or hints: what it does is
 * done for drivers that report free pages by themselves. The other queues are there because
 * Linux numbers the queues it finds one by one: the reporting queue has its number only if
 * all before it exist. */
#include "virtio/balloon.h"

#include <string.h>
#include <sys/mman.h>

#include "virtio/iov.h"
#include "vm/guest_mem.h"

#include "virtio_balloon.h"
#include "virtio_mmio.h"

#define QUEUE_SIZE 128
#define REQUESTS_AT_ONCE 16
#define PAGE_SIZE (1ull << VIRTIO_BALLOON_PAGE_SHIFT)
#define PAGES_MAX 1024 /* in one request; Linux sends 256 */

#define BIT(feature) (1ull << (feature))

static struct balloon *balloon_of(struct virtio_device *device)
{
	return (struct balloon *)device;
}

/* Whole pages only; the rest of the range stays. */
static void give_back(void *hva, size_t size)
{
	uintptr_t start = ((uintptr_t)hva + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	uintptr_t end = ((uintptr_t)hva + size) & ~(PAGE_SIZE - 1);

	if (start < end)
		madvise((void *)start, end - start, MADV_DONTNEED);
}

/* Page numbers, with one call for those in a row. False: one is outside of memory, and none
 * was given back. */
static bool inflate(const struct guest_mem *mem, const struct iovec *iov, unsigned count, uint64_t size)
{
	uint32_t pages[PAGES_MAX];
	unsigned n = size / sizeof(pages[0]);

	if (size % sizeof(pages[0]) || n > PAGES_MAX)
		return false;
	iov_gather(iov, count, (uint8_t *)pages, size);
	for (unsigned i = 0; i < n; i++)
		if (!guest_mem_range(mem, (uint64_t)pages[i] << VIRTIO_BALLOON_PAGE_SHIFT, PAGE_SIZE))
			return false;
	for (unsigned i = 0, run; i < n; i += run) {
		uint64_t gpa = (uint64_t)pages[i] << VIRTIO_BALLOON_PAGE_SHIFT;

		for (run = 1; i + run < n && pages[i + run] == pages[i] + run &&
			      guest_mem_range(mem, gpa, (run + 1) * PAGE_SIZE); run++)
			;
		give_back(guest_mem_range(mem, gpa, run * PAGE_SIZE), run * PAGE_SIZE);
	}
	return true;
}

static bool serve(struct virtio_device *device, unsigned queue, struct virtq_chain *chain)
{
	switch (queue) {
	case VIRTIO_BALLOON_INFLATE:
		return inflate(device->mem, virtq_chain_readable(chain), chain->read_count, chain->read_size);
	case VIRTIO_BALLOON_REPORTING:
		for (unsigned i = 0; i < chain->write_count; i++)
			give_back(virtq_chain_writable(chain)[i].iov_base, virtq_chain_writable(chain)[i].iov_len);
		return true;
	default: /* pages that leave the balloon come back when touched; hints were not asked for */
		return true;
	}
}

static void balloon_queue_ready(struct virtio_device *device, unsigned queue)
{
	struct virtq *vq = &device->queues[queue];
	struct virtq_chain chain;
	int got = 0;

	if (queue == VIRTIO_BALLOON_STATS) /* the driver's buffer is kept until statistics are wanted */
		return;
	for (unsigned i = 0; i < REQUESTS_AT_ONCE && (got = virtq_next_chain(vq, &chain)) > 0; i++) {
		if (!serve(device, queue, &chain)) {
			virtio_device_broken(device, "bad page number");
			return;
		}
		virtq_complete(vq, chain.head, 0);
	}
	if (got < 0) {
		virtio_device_broken(device, "bad request");
		return;
	}
	virtio_device_leave(device, vq, true);
}

static void balloon_config_read(struct virtio_device *device, uint64_t offset, void *data, unsigned size)
{
	struct virtio_balloon_config config = { .actual = balloon_of(device)->actual };

	virtio_config_copy(&config, sizeof(config), offset, data, size);
}

static void balloon_config_write(struct virtio_device *device, uint64_t offset, const void *data, unsigned size)
{
	if (offset == offsetof(struct virtio_balloon_config, actual) && size == sizeof(uint32_t))
		memcpy(&balloon_of(device)->actual, data, size);
}

static void balloon_reset(struct virtio_device *device)
{
	balloon_of(device)->actual = 0;
}

const struct virtio_device_ops balloon_ops = {
	.name = "balloon",
	.id = VIRTIO_ID_BALLOON,
	.features = BIT(VIRTIO_BALLOON_F_STATS_VQ) | BIT(VIRTIO_BALLOON_F_DEFLATE_ON_OOM) |
		    BIT(VIRTIO_BALLOON_F_FREE_PAGE_HINT) | BIT(VIRTIO_BALLOON_F_PAGE_REPORTING),
	.queue_count = VIRTIO_BALLOON_QUEUES,
	.queue_size_max = QUEUE_SIZE,
	.config_read = balloon_config_read,
	.config_write = balloon_config_write,
	.queue_ready = balloon_queue_ready,
	.reset = balloon_reset,
};
