/* vmm/virtio/fs.c: requests through the device's queues. What the operations do is in test_fs.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sched.h>

#include "config.h"
#include "fuse_client.h"
#include "mmio_guest.h"
#include "virtio/fs.h"
#include "virtio/mmio.h"
#include "vm/worker.h"

#define BASE 0xd0000000
#define QUEUE_SIZE 64
#define REQUEST 0x70000u /* of descriptor n: 4096 bytes from here + 4096 n */
#define ANSWER 0xa0000u

struct fixture {
	struct mmio_guest guest;
	struct event_loop loop;
	struct virtio_fs fs;
	struct fuse_client *host; /* for its directories */
	struct failure failure;
};

static void open_share(struct fixture *f, struct event_loop *loop, const char *tag)
{
	struct fs_config config = { .tag = (char *)tag, .path = f->host->shared };

	assert_int_equal(virtio_mmio_create(&f->fs.device, &virtio_fs_ops, &f->guest.ram.mem, loop, BASE, 5,
					    &f->failure), 0);
	f->guest.bus = (struct bus){ 0 };
	virtio_mmio_add(&f->fs.device, &f->guest.bus);
	if (virtio_fs_open(&f->fs, &config, 64, &f->failure) != 0)
		fail_msg("%s", f->failure.text);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	mmio_guest_create(&f->guest, BASE, QUEUE_SIZE);
	assert_int_equal(event_loop_create(&f->loop), 0);
	f->host = client_create();
	*state = f;
	return 0;
}

static void close_share(struct fixture *f)
{
	if (f->fs.device.ops) {
		virtio_fs_ops.close(&f->fs.device);
		virtio_device_destroy(&f->fs.device);
	}
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close_share(f);
	event_loop_destroy(&f->loop);
	client_destroy(f->host);
	test_ram_destroy(&f->guest.ram);
	free(f);
	return 0;
}

static struct fuse_out_header *answer_to(struct fixture *f, uint16_t head)
{
	return test_ram_at(&f->guest.ram, ANSWER + 4096u * head);
}

static void offer(struct fixture *f, unsigned queue, uint16_t head, uint32_t opcode, uint64_t node, const void *args,
		  size_t size)
{
	struct test_queue *q = &f->guest.queues[queue];
	struct fuse_in_header header = { .len = (uint32_t)(sizeof(header) + size), .opcode = opcode, .nodeid = node,
					 .unique = 100u + head };
	uint8_t *at = test_ram_at(&f->guest.ram, REQUEST + 4096u * head);
	bool answered = queue == VIRTIO_FS_QUEUE_REQUEST;

	memcpy(at, &header, sizeof(header));
	memcpy(at + sizeof(header), args, size);
	memset(answer_to(f, head), 0xee, 4096);
	test_set_desc(q, 2u * head, REQUEST + 4096u * head, header.len, answered ? VIRTQ_DESC_F_NEXT : 0, 2u * head + 1);
	test_set_desc(q, 2u * head + 1u, ANSWER + 4096u * head, 4096, VIRTQ_DESC_F_WRITE, 0);
	test_offer(q, 2u * head);
}

static void *call(struct fixture *f, uint32_t opcode, uint64_t node, const void *args, size_t size)
{
	offer(f, VIRTIO_FS_QUEUE_REQUEST, 0, opcode, node, args, size);
	mmio_notify(&f->fs.device);
	mmio_turn(&f->loop);
	assert_int_equal(answer_to(f, 0)->unique, 100);
	return answer_to(f, 0) + 1;
}

static void init(struct fixture *f)
{
	const struct fuse_init_in in = { 7, 31, 0, 0 };

	call(f, FUSE_INIT, 0, &in, sizeof(in));
	assert_int_equal(answer_to(f, 0)->error, 0);
}

static bool broken(struct fixture *f)
{
	return mmio_get(&f->guest, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET;
}

static void the_tag_is_told(void **state)
{
	static const char longest[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	struct fixture *f = *state;
	char tag[VIRTIO_FS_TAG_SIZE];

	open_share(f, &f->loop, "data");
	assert_int_equal(mmio_get(&f->guest, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_FS);
	assert_int_equal(mmio_get(&f->guest, VIRTIO_MMIO_CONFIG), 'd' | 'a' << 8 | 't' << 16 | 'a' << 24);
	assert_int_equal(mmio_get(&f->guest, VIRTIO_MMIO_CONFIG + 4), 0);
	assert_int_equal(mmio_get(&f->guest, VIRTIO_MMIO_CONFIG + 36), 1);
	assert_int_equal(mmio_get(&f->guest, VIRTIO_MMIO_CONFIG + 40), 0);
	close_share(f);
	open_share(f, &f->loop, longest);
	memcpy(tag, f->fs.config.tag, sizeof(tag));
	assert_memory_equal(tag, longest, sizeof(tag));
}

static void requests_are_answered(void **state)
{
	struct fixture *f = *state;
	struct fuse_open_in open_in = { .flags = O_RDONLY };
	struct fuse_read_in read_in = { .size = 100 };
	struct fuse_entry_out entry;

	client_make_file(f->host, "f", "hello");
	open_share(f, &f->loop, "data");
	mmio_start(&f->guest, 0, VIRTIO_FS_QUEUE_COUNT);
	init(f);
	memcpy(&entry, call(f, FUSE_LOOKUP, FUSE_ROOT_ID, "f", 2), sizeof(entry));
	assert_int_equal(entry.attr.size, 5);
	read_in.fh = ((struct fuse_open_out *)call(f, FUSE_OPEN, entry.nodeid, &open_in, sizeof(open_in)))->fh;
	assert_memory_equal(call(f, FUSE_READ, entry.nodeid, &read_in, sizeof(read_in)), "hello", 5);
	assert_int_equal(answer_to(f, 0)->len, sizeof(struct fuse_out_header) + 5);
	for (unsigned i = 0; i < 3; i++)
		test_completed(&f->guest.queues[1]);
	assert_int_equal(test_completed(&f->guest.queues[1])->len, sizeof(struct fuse_out_header) + 5);
}

static void forgotten_inodes_come_by_the_other_queue(void **state)
{
	struct fixture *f = *state;
	struct fuse_forget_in forget = { 1 };
	struct fuse_getattr_in attr = { 0 };
	uint64_t node;

	client_make_file(f->host, "f", "");
	open_share(f, &f->loop, "data");
	mmio_start(&f->guest, 0, VIRTIO_FS_QUEUE_COUNT);
	init(f);
	node = ((struct fuse_entry_out *)call(f, FUSE_LOOKUP, FUSE_ROOT_ID, "f", 2))->nodeid;
	offer(f, VIRTIO_FS_QUEUE_HIGH, 3, FUSE_FORGET, node, &forget, sizeof(forget));
	mmio_notify(&f->fs.device);
	mmio_turn(&f->loop);
	assert_int_equal(test_completed(&f->guest.queues[0])->len, 0);
	call(f, FUSE_GETATTR, node, &attr, sizeof(attr));
	assert_int_equal(answer_to(f, 0)->error, -ESTALE);
}

static void after_a_reset_nothing_is_known(void **state)
{
	struct fixture *f = *state;
	struct fuse_open_in open_in = { .flags = O_RDONLY };
	struct fuse_release_in release = { 0 };

	open_share(f, &f->loop, "data");
	mmio_start(&f->guest, 0, VIRTIO_FS_QUEUE_COUNT);
	init(f);
	release.fh = ((struct fuse_open_out *)call(f, FUSE_OPENDIR, FUSE_ROOT_ID, &open_in, sizeof(open_in)))->fh;
	mmio_start(&f->guest, 0, VIRTIO_FS_QUEUE_COUNT);
	call(f, FUSE_LOOKUP, FUSE_ROOT_ID, "f", 2);
	assert_int_equal(answer_to(f, 0)->error, -EIO);
	init(f);
	call(f, FUSE_RELEASEDIR, FUSE_ROOT_ID, &release, sizeof(release));
	assert_int_equal(answer_to(f, 0)->error, -EBADF);
}

static void bad_chains_stop_the_device_and_bad_messages_do_not(void **state)
{
	struct fixture *f = *state;
	struct test_queue *q = &f->guest.queues[1];

	open_share(f, &f->loop, "data");
	mmio_start(&f->guest, 0, VIRTIO_FS_QUEUE_COUNT);
	init(f);
	test_offer_buffer(q, 5, REQUEST, 10, 0);
	test_offer_buffer(q, 6, ANSWER, 100, VIRTQ_DESC_F_WRITE);
	mmio_notify(&f->fs.device);
	mmio_turn(&f->loop);
	assert_false(broken(f));
	init(f);
	test_offer_buffer(q, 5, TEST_RAM_SIZE - 1, 10, 0);
	mmio_notify(&f->fs.device);
	mmio_turn(&f->loop);
	assert_true(broken(f));
	mmio_start(&f->guest, 0, VIRTIO_FS_QUEUE_COUNT);
	init(f);
}

/* Where no ioeventfd takes the notification, the answer is there when the register's write comes back. */
static void a_processor_that_notifies_serves_the_request(void **state)
{
	const struct fuse_init_in in = { 7, 31, 0, 0 };
	struct fixture *f = *state;

	open_share(f, &f->loop, "data");
	mmio_start(&f->guest, 0, VIRTIO_FS_QUEUE_COUNT);
	for (unsigned round = 0; round < 100; round++) {
		offer(f, VIRTIO_FS_QUEUE_REQUEST, 0, FUSE_INIT, 0, &in, sizeof(in));
		mmio_put(&f->guest, VIRTIO_MMIO_QUEUE_NOTIFY, VIRTIO_FS_QUEUE_REQUEST);
		assert_int_equal(answer_to(f, 0)->unique, 100);
		assert_int_equal(answer_to(f, 0)->error, 0);
	}
	assert_int_equal(f->fs.device.notifies, 100);
}

/* After a reset nothing is written to the guest any more. */
static void reset_waits_for_what_is_under_way(void **state)
{
	enum { ROUNDS = 300, REQUESTS = 16 };
	struct fixture *f = *state;
	struct worker worker = { 0 };
	const struct fuse_init_in in = { 7, 31, 0, 0 };
	uint8_t before[4096 * REQUESTS];

	assert_int_equal(worker_start(&worker, "test", &f->failure), 0);
	open_share(f, &worker.loop, "data");
	memset(before, 0xaa, sizeof(before));
	for (unsigned round = 0; round < ROUNDS; round++) {
		mmio_start(&f->guest, 0, VIRTIO_FS_QUEUE_COUNT);
		for (uint16_t i = 0; i < REQUESTS; i++)
			offer(f, VIRTIO_FS_QUEUE_REQUEST, i, FUSE_INIT, 0, &in, sizeof(in));
		mmio_notify(&f->fs.device);
		if (round & 2)
			mmio_put(&f->guest, VIRTIO_MMIO_QUEUE_NOTIFY, VIRTIO_FS_QUEUE_REQUEST);
		for (unsigned i = 0; i < round % 8; i++)
			sched_yield();
		if (round & 1) {
			mmio_put(&f->guest, VIRTIO_MMIO_QUEUE_SEL, 1);
			mmio_put(&f->guest, VIRTIO_MMIO_QUEUE_READY, 0);
		} else {
			mmio_put(&f->guest, VIRTIO_MMIO_STATUS, 0);
		}
		memset(answer_to(f, 0), 0xaa, sizeof(before));
		for (int i = 0; i < 10; i++)
			sched_yield();
		assert_memory_equal(answer_to(f, 0), before, sizeof(before));
	}
	worker_stop(&worker);
	close_share(f);
	worker_destroy(&worker);
}

static void requests_in_quick_succession_wake_the_thread(void **state)
{
	struct fs_watch watch = { .after = FS_WATCH_AFTER_MIN, .answered_ns = 1000 };
	uint64_t now = 1000;

	for (unsigned i = 0; i < 3; i++) {
		unsigned count = 1;

		for (; !fs_watch_notified(&watch, now + FS_WATCH_NS - 1, now + FS_WATCH_NS); now += FS_WATCH_NS)
			count++;
		now += FS_WATCH_NS;
		assert_int_equal(count, FS_WATCH_AFTER_MIN << i);
		assert_true(fs_watch_due(&watch));
		assert_false(fs_watch_due(&watch));
		fs_watch_ended(&watch, 0, true);
	}
	fs_watch_ended(&watch, 0, false);
	assert_int_equal(watch.after, FS_WATCH_AFTER_MIN << 3);
	fs_watch_ended(&watch, FS_WATCH_WORTH, true);
	assert_int_equal(watch.after, FS_WATCH_AFTER_MIN);
	for (unsigned i = 0; i < 40; i++)
		fs_watch_ended(&watch, 0, true);
	assert_int_equal(watch.after, FS_WATCH_AFTER_MAX);
}

static void slow_requests_and_a_lone_processor_wake_nobody(void **state)
{
	struct fs_watch watch = { .after = FS_WATCH_AFTER_MIN };

	for (uint64_t now = 0; now < FS_WATCH_NS * UINT64_C(50); now += FS_WATCH_NS)
		assert_false(fs_watch_notified(&watch, now, now));
	for (uint64_t now = 0; now < FS_WATCH_SLOW_NS * UINT64_C(50); now += FS_WATCH_SLOW_NS)
		assert_false(fs_watch_notified(&watch, now, now + FS_WATCH_SLOW_NS));
	watch.after = 0;
	for (unsigned i = 0; i < 3 * FS_WATCH_AFTER_MAX; i++)
		assert_false(fs_watch_notified(&watch, 0, 0));
}

/* Notifies only if the device asks for it, as drivers do. */
static void send_as_wanted(struct fixture *f, uint16_t head)
{
	const struct fuse_init_in in = { 7, 31, 0, 0 };

	offer(f, VIRTIO_FS_QUEUE_REQUEST, head, FUSE_INIT, 0, &in, sizeof(in));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(&test_used(&f->guest.queues[1])->flags, __ATOMIC_RELAXED) & VIRTQ_USED_F_NO_NOTIFY))
		mmio_put(&f->guest, VIRTIO_MMIO_QUEUE_NOTIFY, VIRTIO_FS_QUEUE_REQUEST);
}

static void a_thread_that_watches_loses_no_request(void **state)
{
	enum { REQUESTS = 30000 };
	struct fixture *f = *state;
	struct test_queue *q = &f->guest.queues[1];
	struct worker worker = { 0 };
	uint32_t watched = 0;

	assert_int_equal(worker_start(&worker, "test", &f->failure), 0);
	open_share(f, &worker.loop, "data");
	mmio_start(&f->guest, 0, VIRTIO_FS_QUEUE_COUNT);
	for (unsigned i = 0; i < REQUESTS; i++) {
		uint64_t notified = f->fs.device.notifies;

		/* Also just when the thread goes to sleep. */
		for (volatile unsigned wait = i % 1000 == 0 ? i * 4 : 0; wait; wait--)
			;
		send_as_wanted(f, i % 16);
		while (!test_completed(q))
			sched_yield();
		assert_int_equal(answer_to(f, i % 16)->error, 0);
		watched += f->fs.device.notifies == notified;
	}
	worker_stop(&worker);
	print_message("%u of %u requests found the thread awake\n", watched, REQUESTS);
	close_share(f);
	worker_destroy(&worker);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_tag_is_told),
		TEST(requests_are_answered),
		TEST(forgotten_inodes_come_by_the_other_queue),
		TEST(after_a_reset_nothing_is_known),
		TEST(bad_chains_stop_the_device_and_bad_messages_do_not),
		TEST(a_processor_that_notifies_serves_the_request),
		cmocka_unit_test(requests_in_quick_succession_wake_the_thread),
		cmocka_unit_test(slow_requests_and_a_lone_processor_wake_nobody),
		TEST(a_thread_that_watches_loses_no_request),
		TEST(reset_waits_for_what_is_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
