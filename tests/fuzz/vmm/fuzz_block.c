/* libFuzzer on the block device: the input is what a guest does, in any order and with any
 * values: requests that are mostly well formed, descriptors that are not, registers,
 * resets; and an image that changes its length meanwhile. The guest must not reach
 * what lies behind the disk, nor make the image longer than it was. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "any_driver.h"
#include "config.h"
#include "failure.h"
#include "virtio/block.h"
#include "virtio/mmio.h"

#define BASE 0xd0000000u
#define QUEUE_SIZE 16
#define QUEUES 2
#define DISK_SIZE (64u << 10)
#define FILE_SIZE (DISK_SIZE + 511) /* what is less than a sector is no part of the disk */
#define TAIL 0x5a

enum { OP_TRUNCATE = OP_OWN, OP_COUNT };

struct machine {
	struct mmio_guest guest;
	struct event_loop loop;
	struct block block;
	atomic_bool ending;
	int file;
	uint16_t head;
	bool truncated;
};

/* Three descriptors: header, data, status. Sector and length are small or anything. */
static void request(struct machine *m, struct reader *r)
{
	struct test_queue *q = &m->guest.queues[take(r, 1) % QUEUES];
	uint8_t kind = (uint8_t)take(r, 1);
	struct virtio_blk_header header = { .type = kind & 0xf, .sector = kind & 0x10 ? take(r, 8) : take(r, 1) };
	uint32_t size = kind & 0x20 ? (uint32_t)take(r, 4) : 512 * (uint32_t)take(r, 1);
	uint16_t head = m->head % (QUEUE_SIZE - 2);
	bool to_guest = kind & 0x40;

	m->head = head + 3;
	memcpy(test_ram_at(&m->guest.ram, 0x80000 + 64u * head), &header, sizeof(header));
	test_set_desc(q, head, 0x80000 + 64u * head, sizeof(header), VIRTQ_DESC_F_NEXT, head + 1);
	test_set_desc(q, head + 1u, 0x90000, size, VIRTQ_DESC_F_NEXT | (to_guest ? VIRTQ_DESC_F_WRITE : 0), head + 2);
	test_set_desc(q, head + 2u, 0x80000 + 64u * head + 32, 1, VIRTQ_DESC_F_WRITE, 0);
	test_offer(q, head);
}

static void step(struct machine *m, struct reader *r)
{
	unsigned op = take(r, 1) % OP_COUNT;

	switch (op) {
	case OP_REQUEST:
		request(m, r);
		break;
	case OP_TRUNCATE:
		m->truncated = true;
		(void)!ftruncate(m->file, (off_t)(take(r, 2) % FILE_SIZE));
		break;
	default:
		any_driver_step(&m->guest, &m->block.device, QUEUES, op, r);
		break;
	}
}

static struct machine *create(bool read_only, char *path, size_t path_size)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct disk_config config = { .id = (char *)"fuzz", .path = path, .read_only = read_only, .flush = true };
	uint8_t tail[FILE_SIZE - DISK_SIZE];
	struct failure failure;

	memset(tail, TAIL, sizeof(tail));
	m->file = memfd_create("disk", MFD_CLOEXEC);
	assert(m->file >= 0 && pwrite(m->file, tail, sizeof(tail), DISK_SIZE) == sizeof(tail));
	snprintf(path, path_size, "/proc/self/fd/%d", m->file);
	mmio_guest_create(&m->guest, BASE, QUEUE_SIZE);
	assert(event_loop_create(&m->loop) == 0);
	assert(virtio_mmio_create(&m->block.device, &block_ops, &m->guest.ram.mem, &m->loop, BASE, 5, &failure) == 0);
	virtio_mmio_add(&m->block.device, &m->guest.bus);
	assert(block_open(&m->block, &config, QUEUES, &m->ending, &failure) == 0);
	return m;
}

static void check_file(const struct machine *m)
{
	uint8_t tail[FILE_SIZE - DISK_SIZE];
	struct stat st;

	assert(fstat(m->file, &st) == 0 && st.st_size <= FILE_SIZE);
	if (m->truncated)
		return;
	assert(pread(m->file, tail, sizeof(tail), DISK_SIZE) == sizeof(tail));
	for (size_t i = 0; i < sizeof(tail); i++)
		assert(tail[i] == TAIL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = { data, size };
	char path[64];
	struct machine *m = create(take(&r, 1) & 1, path, sizeof(path));

	mmio_start(&m->guest, mmio_offered_features(&m->guest), QUEUES);
	while (r.size > 0)
		step(m, &r);
	mmio_notify(&m->block.device);
	mmio_turn(&m->loop);
	assert(m->block.busy == 0);
	check_file(m);
	block_ops.close(&m->block.device);
	virtio_device_destroy(&m->block.device);
	event_loop_destroy(&m->loop);
	close(m->file);
	test_ram_destroy(&m->guest.ram);
	free(m);
	return 0;
}
