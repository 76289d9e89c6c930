/* vmm/virtio/block*.c: the block device, driven as a guest would, without KVM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "config.h"
#include "failure.h"
#include "log.h"
#include "mmio_guest.h"
#include "virtio/block.h"
#include "virtio/mmio.h"

#define BASE 0xd0000000
#define QUEUE_SIZE 64
#define SECTORS 256u
#define DATA 0x80000u	/* the guest's buffers */
#define HEADER 0x70000u /* of request n: 32 bytes from here + 32 n, the status 16 bytes behind */
#define BIT(n) (1ull << (n))
#define USUAL (BIT(VIRTIO_BLK_F_FLUSH) | BIT(VIRTIO_BLK_F_DISCARD) | BIT(VIRTIO_BLK_F_WRITE_ZEROES))

enum { UNTOUCHED = 0xee };

/* In front of libc's: counts, and fails when it is told to. */
static unsigned syncs;
static int sync_error;

int fdatasync(int fd)
{
	syncs++;
	if (!sync_error)
		return (int)syscall(SYS_fdatasync, fd);
	errno = sync_error;
	return -1;
}

struct fixture {
	struct mmio_guest guest;
	struct event_loop loop;
	struct block block;
	struct disk_config config;
	struct failure failure;
	atomic_bool ending;
	char path[64];
	int file; /* the image, opened by the test */
	uint16_t next_head;
};

static void fill(uint8_t *to, size_t size, uint32_t seed)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
}

static void open_block(struct fixture *f, unsigned queues, struct event_loop *loop)
{
	assert_int_equal(virtio_mmio_create(&f->block.device, &block_ops, &f->guest.ram.mem, loop, BASE, 5,
					    &f->failure), 0);
	virtio_mmio_add(&f->block.device, &f->guest.bus);
	if (block_open(&f->block, &f->config, queues, &f->ending, &f->failure) != 0)
		fail_msg("%s", f->failure.text);
}

static int setup_bare(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	uint8_t content[SECTORS * VIRTIO_BLK_SECTOR];

	mmio_guest_create(&f->guest, BASE, QUEUE_SIZE);
	assert_int_equal(event_loop_create(&f->loop), 0);
	strcpy(f->path, "/tmp/walnut-test-block-XXXXXX");
	f->file = mkstemp(f->path);
	assert_true(f->file >= 0);
	fill(content, sizeof(content), 1);
	assert_int_equal(write(f->file, content, sizeof(content)), sizeof(content));
	f->config = (struct disk_config){ .id = "scratch", .path = f->path, .flush = true };
	*state = f;
	return 0;
}

static int setup(void **state)
{
	setup_bare(state);
	open_block(*state, 1, &((struct fixture *)*state)->loop);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->block.device.ops) {
		block_ops.close(&f->block.device);
		virtio_device_destroy(&f->block.device);
	}
	event_loop_destroy(&f->loop);
	close(f->file);
	unlink(f->path);
	test_ram_destroy(&f->guest.ram);
	free(f);
	return 0;
}

static uint8_t *data(struct fixture *f)
{
	return test_ram_at(&f->guest.ram, DATA);
}

static uint8_t *status_of(struct fixture *f, uint16_t head)
{
	return test_ram_at(&f->guest.ram, HEADER + 32u * head + 16);
}

/* Offers a request of three descriptors (two without data). Returns its head. */
static uint16_t offer(struct fixture *f, unsigned queue, uint32_t type, uint64_t sector, uint64_t gpa,
		      uint32_t size)
{
	struct test_queue *q = &f->guest.queues[queue];
	struct virtio_blk_header header = { .type = type, .sector = sector };
	bool to_guest = type == VIRTIO_BLK_T_IN || type == VIRTIO_BLK_T_GET_ID;
	uint16_t head = f->next_head;
	uint64_t at = HEADER + 32u * head;

	f->next_head = (uint16_t)((head + 3) % (QUEUE_SIZE - 3));
	memcpy(test_ram_at(&f->guest.ram, at), &header, sizeof(header));
	*status_of(f, head) = UNTOUCHED;
	test_set_desc(q, head, at, sizeof(header), VIRTQ_DESC_F_NEXT, head + (size ? 1 : 2));
	test_set_desc(q, head + 1u, gpa, size, VIRTQ_DESC_F_NEXT | (to_guest ? VIRTQ_DESC_F_WRITE : 0), head + 2);
	test_set_desc(q, head + 2u, at + 16, 1, VIRTQ_DESC_F_WRITE, 0);
	test_offer(q, head);
	return head;
}

/* The same, served. Returns the status. */
static uint8_t request(struct fixture *f, uint32_t type, uint64_t sector, uint32_t size)
{
	uint16_t head = offer(f, 0, type, sector, DATA, size);

	mmio_notify(&f->block.device);
	mmio_turn(&f->loop);
	return *status_of(f, head);
}

static bool broken(struct fixture *f)
{
	return mmio_get(&f->guest, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET;
}

static bool file_has(struct fixture *f, uint64_t sector, const uint8_t *bytes, size_t size)
{
	uint8_t *have = malloc(size);
	bool same = pread(f->file, have, size, (off_t)(sector * VIRTIO_BLK_SECTOR)) == (ssize_t)size &&
		    memcmp(have, bytes, size) == 0;

	free(have);
	return same;
}

static struct virtio_blk_config config_of(struct fixture *f)
{
	struct virtio_blk_config config;

	for (unsigned i = 0; i < sizeof(config); i += 4) {
		uint32_t word = mmio_get(&f->guest, VIRTIO_MMIO_CONFIG + i);

		memcpy((char *)&config + i, &word, sizeof(word));
	}
	return config;
}

static void disk_describes_itself(void **state)
{
	struct fixture *f = *state;
	struct virtio_blk_config config = config_of(f);
	uint64_t features = mmio_offered_features(&f->guest);

	assert_int_equal(mmio_get(&f->guest, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_BLOCK);
	assert_int_equal(config.capacity, SECTORS);
	assert_int_equal(config.blk_size, 512);
	assert_int_equal(config.seg_max, 254);
	assert_int_equal(config.num_queues, 1);
	assert_true(features & BIT(VIRTIO_BLK_F_FLUSH));
	assert_true(features & BIT(VIRTIO_BLK_F_DISCARD));
	assert_false(features & (BIT(VIRTIO_BLK_F_RO) | BIT(VIRTIO_BLK_F_MQ)));
}

static void sectors_are_read_and_written(void **state)
{
	struct fixture *f = *state;

	mmio_start(&f->guest, USUAL, 1);
	assert_int_equal(request(f, VIRTIO_BLK_T_IN, 3, 4096), VIRTIO_BLK_S_OK);
	assert_true(file_has(f, 3, data(f), 4096));
	assert_int_equal(test_completed(&f->guest.queues[0])->len, 4097);
	fill(data(f), 1024, 7);
	assert_int_equal(request(f, VIRTIO_BLK_T_OUT, SECTORS - 2, 1024), VIRTIO_BLK_S_OK);
	assert_int_equal(test_completed(&f->guest.queues[0])->len, 1);
	assert_true(file_has(f, SECTORS - 2, data(f), 1024));
	assert_int_equal(request(f, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_OK);
}

static void requests_outside_the_disk_fail(void **state)
{
	static const struct { uint64_t sector; uint32_t size; } cases[] = {
		{ SECTORS, 512 }, { SECTORS - 1, 1024 }, { UINT64_MAX, 512 }, { UINT64_MAX / 512, 512 },
		{ 1ull << 55, 512 }, { 0, SECTORS * 512 + 512 }, { 0, 1 }, { 0, 511 }, { 0, 513 },
	};
	struct fixture *f = *state;
	uint8_t before[4096];

	mmio_start(&f->guest, USUAL, 1);
	assert_int_equal(pread(f->file, before, sizeof(before), 0), sizeof(before));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(request(f, VIRTIO_BLK_T_IN, cases[i].sector, cases[i].size), VIRTIO_BLK_S_IOERR);
		assert_int_equal(request(f, VIRTIO_BLK_T_OUT, cases[i].sector, cases[i].size), VIRTIO_BLK_S_IOERR);
	}
	assert_true(file_has(f, 0, before, sizeof(before)));
	assert_int_equal(lseek(f->file, 0, SEEK_END), SECTORS * 512);
	assert_false(broken(f));
}

static void empty_requests_succeed(void **state)
{
	struct fixture *f = *state;

	mmio_start(&f->guest, USUAL, 1);
	assert_int_equal(request(f, VIRTIO_BLK_T_IN, SECTORS, 0), VIRTIO_BLK_S_OK);
	assert_int_equal(request(f, VIRTIO_BLK_T_OUT, 0, 0), VIRTIO_BLK_S_OK);
}

static void unknown_requests_are_unsupported(void **state)
{
	struct fixture *f = *state;

	mmio_start(&f->guest, 0, 1);
	assert_int_equal(request(f, 2, 0, 0), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(request(f, UINT32_MAX, 0, 512), VIRTIO_BLK_S_UNSUPP);
	/* Known, but not agreed. */
	assert_int_equal(request(f, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(request(f, VIRTIO_BLK_T_DISCARD, 0, 16), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(request(f, VIRTIO_BLK_T_WRITE_ZEROES, 0, 16), VIRTIO_BLK_S_UNSUPP);
}

static void buffers_may_be_cut_anywhere(void **state)
{
	struct fixture *f = *state;
	struct test_queue *q = &f->guest.queues[0];
	struct virtio_blk_header header = { .type = VIRTIO_BLK_T_OUT, .sector = 8 };
	struct { struct virtio_blk_header header; uint8_t bytes[1024]; } *out = test_ram_at(&f->guest.ram, DATA);

	mmio_start(&f->guest, USUAL, 1);
	/* Header and data in one buffer that is cut into three elsewhere. */
	out->header = header;
	fill(out->bytes, sizeof(out->bytes), 3);
	test_set_desc(q, 0, DATA, 7, VIRTQ_DESC_F_NEXT, 1);
	test_set_desc(q, 1, DATA + 7, 500, VIRTQ_DESC_F_NEXT, 2);
	test_set_desc(q, 2, DATA + 507, sizeof(*out) - 507, VIRTQ_DESC_F_NEXT, 3);
	test_set_desc(q, 3, HEADER, 1, VIRTQ_DESC_F_WRITE, 0);
	test_offer(q, 0);
	/* And data and status in one. */
	header.type = VIRTIO_BLK_T_IN;
	memcpy(test_ram_at(&f->guest.ram, HEADER + 16), &header, sizeof(header));
	test_set_desc(q, 4, HEADER + 16, sizeof(header), VIRTQ_DESC_F_NEXT, 5);
	test_set_desc(q, 5, DATA + 0x1000, 1, VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_NEXT, 6);
	test_set_desc(q, 6, DATA + 0x1001, 1024, VIRTQ_DESC_F_WRITE, 0);
	data(f)[0x1000 + 1024] = UNTOUCHED;
	test_offer(q, 4);
	mmio_notify(&f->block.device);
	mmio_turn(&f->loop);
	assert_true(file_has(f, 8, out->bytes, 1024));
	assert_memory_equal(data(f) + 0x1000, out->bytes, 1024);
	assert_int_equal(data(f)[0x1000 + 1024], VIRTIO_BLK_S_OK);
}

static void request_without_a_place_for_the_status_breaks_the_device(void **state)
{
	struct fixture *f = *state;
	struct test_queue *q = &f->guest.queues[0];

	mmio_start(&f->guest, USUAL, 1);
	test_offer_buffer(q, 0, HEADER, 16, 0);
	mmio_notify(&f->block.device);
	mmio_turn(&f->loop);
	assert_true(broken(f));

	mmio_start(&f->guest, USUAL, 1);
	assert_false(broken(f));
	test_set_desc(q, 0, HEADER, 15, VIRTQ_DESC_F_NEXT, 1); /* half a header */
	test_set_desc(q, 1, HEADER + 16, 1, VIRTQ_DESC_F_WRITE, 0);
	test_offer(q, 0);
	mmio_notify(&f->block.device);
	mmio_turn(&f->loop);
	assert_true(broken(f));
	mmio_start(&f->guest, USUAL, 1);
	assert_int_equal(request(f, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
}

static void the_serial_number_is_the_identifier(void **state)
{
	struct fixture *f = *state;
	static const char want[VIRTIO_BLK_ID_BYTES] = "scratch";

	mmio_start(&f->guest, USUAL, 1);
	memset(data(f), UNTOUCHED, 32);
	assert_int_equal(request(f, VIRTIO_BLK_T_GET_ID, 0, 32), VIRTIO_BLK_S_OK);
	assert_memory_equal(data(f), want, sizeof(want));
	assert_int_equal(data(f)[20], UNTOUCHED);
	assert_int_equal(test_completed(&f->guest.queues[0])->len, 20);
	memset(data(f), UNTOUCHED, 32);
	assert_int_equal(request(f, VIRTIO_BLK_T_GET_ID, 0, 4), VIRTIO_BLK_S_OK);
	assert_memory_equal(data(f), "scra\xee", 5);
}

static void read_only_disks_are_not_written(void **state)
{
	struct fixture *f = *state;
	struct virtio_blk_range range = { 0, 8, 0 };
	uint8_t before[4096];

	f->config.read_only = true;
	open_block(f, 1, &f->loop);
	assert_true(mmio_offered_features(&f->guest) & BIT(VIRTIO_BLK_F_RO));
	assert_false(mmio_offered_features(&f->guest) & (BIT(VIRTIO_BLK_F_DISCARD) | BIT(VIRTIO_BLK_F_WRITE_ZEROES)));
	mmio_start(&f->guest, BIT(VIRTIO_BLK_F_RO), 1);
	assert_int_equal(pread(f->file, before, sizeof(before), 0), sizeof(before));
	assert_int_equal(request(f, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	memcpy(data(f), &range, sizeof(range));
	assert_int_not_equal(request(f, VIRTIO_BLK_T_WRITE_ZEROES, 0, sizeof(range)), VIRTIO_BLK_S_OK);
	assert_true(file_has(f, 0, before, sizeof(before)));
	assert_int_equal(request(f, VIRTIO_BLK_T_IN, 0, 4096), VIRTIO_BLK_S_OK);
	assert_memory_equal(data(f), before, sizeof(before));
}

static uint8_t clear(struct fixture *f, uint32_t type, const struct virtio_blk_range *ranges, unsigned count)
{
	memcpy(data(f), ranges, count * sizeof(*ranges));
	return request(f, type, 0, count * (uint32_t)sizeof(*ranges));
}

static void cleared_ranges_read_as_zeros(void **state)
{
	static const uint8_t zeros[4096];
	struct fixture *f = *state;
	const struct virtio_blk_range two[] = { { 0, 8, 0 }, { 64, 3, VIRTIO_BLK_RANGE_UNMAP } };
	uint8_t beside[512];

	mmio_start(&f->guest, USUAL, 1);
	assert_int_equal(pread(f->file, beside, sizeof(beside), 67 * 512), sizeof(beside));
	assert_int_equal(clear(f, VIRTIO_BLK_T_WRITE_ZEROES, two, 2), VIRTIO_BLK_S_OK);
	assert_true(file_has(f, 0, zeros, 8 * 512));
	assert_true(file_has(f, 64, zeros, 3 * 512));
	assert_true(file_has(f, 67, beside, sizeof(beside)));
	assert_int_equal(clear(f, VIRTIO_BLK_T_DISCARD, &(struct virtio_blk_range){ 128, 8, 0 }, 1), VIRTIO_BLK_S_OK);
	assert_int_equal(clear(f, VIRTIO_BLK_T_DISCARD, &(struct virtio_blk_range){ 0, 0, 0 }, 1), VIRTIO_BLK_S_OK);
	assert_int_equal(lseek(f->file, 0, SEEK_END), SECTORS * 512);
}

static void bad_ranges_change_nothing(void **state)
{
	static const struct { uint32_t type; struct virtio_blk_range range; uint8_t status; } cases[] = {
		{ VIRTIO_BLK_T_DISCARD, { 0, 8, VIRTIO_BLK_RANGE_UNMAP }, VIRTIO_BLK_S_UNSUPP },
		{ VIRTIO_BLK_T_WRITE_ZEROES, { 0, 8, 2 }, VIRTIO_BLK_S_UNSUPP },
		{ VIRTIO_BLK_T_WRITE_ZEROES, { SECTORS, 1, 0 }, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_WRITE_ZEROES, { UINT64_MAX, 8, 0 }, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_WRITE_ZEROES, { 0, UINT32_MAX, 0 }, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_DISCARD, { 1, SECTORS, 0 }, VIRTIO_BLK_S_IOERR },
	};
	struct fixture *f = *state;
	uint8_t before[SECTORS * 512];

	mmio_start(&f->guest, USUAL, 1);
	assert_int_equal(pread(f->file, before, sizeof(before), 0), sizeof(before));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct virtio_blk_range two[] = { { 0, 8, 0 }, cases[i].range };

		assert_int_equal(clear(f, cases[i].type, two, 2), cases[i].status);
	}
	memset(data(f), 0, 17 * 16);
	assert_int_equal(request(f, VIRTIO_BLK_T_DISCARD, 0, 0), VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(f, VIRTIO_BLK_T_DISCARD, 0, 15), VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(f, VIRTIO_BLK_T_WRITE_ZEROES, 0, 17 * 16), VIRTIO_BLK_S_IOERR);
	assert_true(file_has(f, 0, before, sizeof(before)));
}

static uint8_t get_writeback(struct fixture *f)
{
	uint8_t value;

	bus_read(&f->guest.bus, BASE + VIRTIO_MMIO_CONFIG + offsetof(struct virtio_blk_config, writeback), &value, 1);
	return value;
}

static void put_writeback(struct fixture *f, uint8_t value)
{
	bus_write(&f->guest.bus, BASE + VIRTIO_MMIO_CONFIG + offsetof(struct virtio_blk_config, writeback), &value, 1);
}

static void driver_chooses_the_cache_mode(void **state)
{
	struct fixture *f = *state;

	mmio_start(&f->guest, 0, 1);
	assert_int_equal(get_writeback(f), 0); /* it knows no flushes */
	put_writeback(f, 1);
	assert_int_equal(get_writeback(f), 0);
	assert_int_equal(request(f, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_OK);
	mmio_start(&f->guest, USUAL, 1);
	assert_int_equal(get_writeback(f), 1);
	mmio_start(&f->guest, USUAL | BIT(VIRTIO_BLK_F_CONFIG_WCE), 1);
	assert_int_equal(get_writeback(f), 1);
	put_writeback(f, 0);
	assert_int_equal(get_writeback(f), 0);
	assert_int_equal(request(f, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_OK);
	put_writeback(f, 2);
	assert_int_equal(get_writeback(f), 0);
	mmio_start(&f->guest, BIT(VIRTIO_BLK_F_CONFIG_WCE), 1);
	assert_int_equal(get_writeback(f), 0);
}

/* How often the image was synchronized for a request. */
static unsigned syncs_of(struct fixture *f, uint32_t type, uint32_t size)
{
	const struct virtio_blk_range range = { 0, 8, 0 };

	syncs = 0;
	memcpy(data(f), &range, sizeof(range));
	assert_int_equal(request(f, type, 0, size), VIRTIO_BLK_S_OK);
	return syncs;
}

static void writes_reach_the_disk_when_they_have_to(void **state)
{
	struct fixture *f = *state;

	mmio_start(&f->guest, USUAL, 1);
	assert_int_equal(syncs_of(f, VIRTIO_BLK_T_OUT, 512), 0);
	assert_int_equal(syncs_of(f, VIRTIO_BLK_T_WRITE_ZEROES, 16), 0);
	assert_int_equal(syncs_of(f, VIRTIO_BLK_T_FLUSH, 0), 1);

	mmio_start(&f->guest, USUAL | BIT(VIRTIO_BLK_F_CONFIG_WCE), 1);
	assert_int_equal(syncs_of(f, VIRTIO_BLK_T_OUT, 512), 0);
	put_writeback(f, 0);
	assert_int_equal(syncs_of(f, VIRTIO_BLK_T_OUT, 512), 1);
	assert_int_equal(syncs_of(f, VIRTIO_BLK_T_WRITE_ZEROES, 16), 1);
	assert_int_equal(syncs_of(f, VIRTIO_BLK_T_IN, 512), 0);
	put_writeback(f, 1);
	assert_int_equal(syncs_of(f, VIRTIO_BLK_T_OUT, 512), 0);

	mmio_start(&f->guest, 0, 1); /* a driver that knows no flushes */
	assert_int_equal(syncs_of(f, VIRTIO_BLK_T_OUT, 512), 1);
}

static void a_flush_that_fails_is_an_error(void **state)
{
	struct fixture *f = *state;

	mmio_start(&f->guest, USUAL, 1);
	sync_error = EIO;
	assert_int_equal(request(f, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_IOERR);
	mmio_start(&f->guest, 0, 1);
	assert_int_equal(request(f, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	sync_error = 0;
	assert_int_equal(request(f, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_OK);
}

static void without_sync_no_flush_is_offered(void **state)
{
	struct fixture *f = *state;

	f->config.flush = false;
	open_block(f, 1, &f->loop);
	assert_false(mmio_offered_features(&f->guest) & (BIT(VIRTIO_BLK_F_FLUSH) | BIT(VIRTIO_BLK_F_CONFIG_WCE)));
	mmio_start(&f->guest, 0, 1);
	assert_int_equal(get_writeback(f), 1);
	assert_int_equal(request(f, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_UNSUPP);
}

static unsigned lines(int fd)
{
	char text[4096];
	ssize_t n = read(fd, text, sizeof(text));
	unsigned count = 0;

	for (ssize_t i = 0; i < n; i++)
		count += text[i] == '\n';
	return count;
}

static void a_truncated_image_is_an_error_for_the_guest(void **state)
{
	struct fixture *f = *state;
	int log[2];

	assert_int_equal(pipe2(log, O_NONBLOCK), 0);
	log_configure(log[1], LOG_LEVEL_ERROR);
	mmio_start(&f->guest, USUAL, 1);
	assert_int_equal(ftruncate(f->file, 4096), 0);
	assert_int_equal(request(f, VIRTIO_BLK_T_IN, 8, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(f, VIRTIO_BLK_T_IN, 7, 1024), VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(f, VIRTIO_BLK_T_IN, 0, 4096), VIRTIO_BLK_S_OK);
	assert_false(broken(f));
	log_configure(STDERR_FILENO, LOG_LEVEL_OFF);
	assert_int_equal(lines(log[0]), 1);
	close(log[0]);
	close(log[1]);
}

static void an_unlinked_image_stays_usable(void **state)
{
	struct fixture *f = *state;

	mmio_start(&f->guest, USUAL, 1);
	assert_int_equal(unlink(f->path), 0);
	fill(data(f), 512, 9);
	assert_int_equal(request(f, VIRTIO_BLK_T_OUT, 5, 512), VIRTIO_BLK_S_OK);
	assert_true(file_has(f, 5, data(f), 512));
}

static void a_host_without_room_is_an_error_for_the_guest(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, small = { 8192, RLIM_INFINITY };
	uint8_t status;

	mmio_start(&f->guest, USUAL, 1);
	signal(SIGXFSZ, SIG_IGN); /* workers have it blocked */
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	status = request(f, VIRTIO_BLK_T_OUT, 100, 512);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(status, VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(f, VIRTIO_BLK_T_OUT, 100, 512), VIRTIO_BLK_S_OK);
}

static void every_queue_is_served(void **state)
{
	struct fixture *f = *state;
	uint16_t heads[4];

	open_block(f, 4, &f->loop);
	assert_true(mmio_offered_features(&f->guest) & BIT(VIRTIO_BLK_F_MQ));
	assert_int_equal(config_of(f).num_queues, 4);
	mmio_start(&f->guest, USUAL | BIT(VIRTIO_BLK_F_MQ), 4);
	for (unsigned i = 0; i < 4; i++)
		heads[i] = offer(f, i, VIRTIO_BLK_T_IN, i, DATA + 512 * i, 512);
	mmio_notify(&f->block.device);
	mmio_turn(&f->loop);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(*status_of(f, heads[i]), VIRTIO_BLK_S_OK);
		assert_int_equal(test_completed(&f->guest.queues[i])->id, heads[i]);
	}
	assert_true(file_has(f, 0, data(f), 2048));
}

static void a_machine_that_ends_has_no_work_begun(void **state)
{
	struct fixture *f = *state;

	mmio_start(&f->guest, USUAL, 1);
	f->ending = true;
	offer(f, 0, VIRTIO_BLK_T_IN, 0, DATA, 512);
	mmio_notify(&f->block.device);
	for (int i = 0; i < 3; i++)
		event_loop_turn(&f->loop);
	assert_null(test_completed(&f->guest.queues[0]));
}

/* Waits until other threads have completed `count` requests. */
static void wait_for(struct fixture *f, unsigned count)
{
	struct virtq_used *used = test_used(&f->guest.queues[0]);

	while ((uint16_t)(__atomic_load_n(&used->idx, __ATOMIC_ACQUIRE) - count) >= 0x8000)
		sched_yield();
}

static void several_threads_serve_one_queue(void **state)
{
	enum { ROUNDS = 200, AT_ONCE = 16 };
	struct fixture *f = *state;
	struct worker worker = { 0 };
	uint8_t want[AT_ONCE * 512];

	assert_int_equal(worker_start_many(&worker, "test", BLOCK_LANES, &f->failure), 0);
	open_block(f, 1, &worker.loop);
	mmio_start(&f->guest, USUAL, 1);
	for (unsigned round = 0; round < ROUNDS; round++) {
		bool write = round & 1;

		fill(want, sizeof(want), round / 2);
		if (write)
			memcpy(data(f), want, sizeof(want));
		for (unsigned i = 0; i < AT_ONCE; i++)
			offer(f, 0, write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN, i, DATA + 512 * i, 512);
		mmio_notify(&f->block.device);
		wait_for(f, (round + 1) * AT_ONCE);
		if (write)
			assert_true(file_has(f, 0, want, sizeof(want)));
		else
			assert_true(file_has(f, 0, data(f), sizeof(want)));
	}
	worker_stop(&worker);
	block_ops.close(&f->block.device);
	virtio_device_destroy(&f->block.device);
	worker_destroy(&worker);
}

/* After a reset nothing is written to the guest any more. */
static void reset_waits_for_what_is_under_way(void **state)
{
	enum { ROUNDS = 300 };
	struct fixture *f = *state;
	struct worker worker = { 0 };
	uint8_t before[SECTORS * 512];

	assert_int_equal(worker_start_many(&worker, "test", BLOCK_LANES, &f->failure), 0);
	open_block(f, 1, &worker.loop);
	for (unsigned round = 0; round < ROUNDS; round++) {
		mmio_start(&f->guest, USUAL, 1);
		for (unsigned i = 0; i < 16; i++)
			offer(f, 0, VIRTIO_BLK_T_IN, 0, DATA, SECTORS * 512);
		mmio_notify(&f->block.device);
		if (round & 1)
			wait_for(f, 1 + round % 8);
		if (round & 2) {
			mmio_put(&f->guest, VIRTIO_MMIO_QUEUE_SEL, 0);
			mmio_put(&f->guest, VIRTIO_MMIO_QUEUE_READY, 0);
		} else {
			mmio_put(&f->guest, VIRTIO_MMIO_STATUS, 0);
		}
		memset(data(f), UNTOUCHED, sizeof(before));
		memset(before, UNTOUCHED, sizeof(before));
		for (int i = 0; i < 10; i++)
			sched_yield();
		assert_memory_equal(data(f), before, sizeof(before));
	}
	worker_stop(&worker);
	block_ops.close(&f->block.device);
	virtio_device_destroy(&f->block.device);
	worker_destroy(&worker);
}

#define ON_A_DISK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define BARE(test) cmocka_unit_test_setup_teardown(test, setup_bare, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_DISK(disk_describes_itself),
		ON_A_DISK(sectors_are_read_and_written),
		ON_A_DISK(requests_outside_the_disk_fail),
		ON_A_DISK(empty_requests_succeed),
		ON_A_DISK(unknown_requests_are_unsupported),
		ON_A_DISK(buffers_may_be_cut_anywhere),
		ON_A_DISK(request_without_a_place_for_the_status_breaks_the_device),
		ON_A_DISK(the_serial_number_is_the_identifier),
		BARE(read_only_disks_are_not_written),
		ON_A_DISK(cleared_ranges_read_as_zeros),
		ON_A_DISK(bad_ranges_change_nothing),
		ON_A_DISK(driver_chooses_the_cache_mode),
		ON_A_DISK(writes_reach_the_disk_when_they_have_to),
		ON_A_DISK(a_flush_that_fails_is_an_error),
		BARE(without_sync_no_flush_is_offered),
		ON_A_DISK(a_truncated_image_is_an_error_for_the_guest),
		ON_A_DISK(an_unlinked_image_stays_usable),
		ON_A_DISK(a_host_without_room_is_an_error_for_the_guest),
		BARE(every_queue_is_served),
		ON_A_DISK(a_machine_that_ends_has_no_work_begun),
		BARE(several_threads_serve_one_queue),
		BARE(reset_waits_for_what_is_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
