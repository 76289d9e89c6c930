/* vmm/virtio/virtq.c: well-formed chains come through, everything else is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>

#include "driver.h"

#define SIZE 8

struct fixture {
	struct test_ram ram;
	struct test_queue driver;
	struct virtq vq;
	struct virtq_chain chain;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	test_ram_create(&f->ram);
	f->driver = (struct test_queue){ .ram = &f->ram, .size = SIZE };
	f->vq = (struct virtq){ .size = SIZE, .desc_gpa = TEST_DESC(0), .avail_gpa = TEST_AVAIL(0),
				.used_gpa = TEST_USED(0) };
	assert_int_equal(virtq_start(&f->vq, &f->ram.mem, VIRTQ_DEVICE_SIZE_MAX, false), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	test_ram_destroy(&f->ram);
	free(f);
	return 0;
}

static void empty_queue_gives_nothing(void **state)
{
	struct fixture *f = *state;

	assert_false(virtq_has_next(&f->vq));
	assert_int_equal(virtq_next_chain(&f->vq, &f->chain), 0);
}

static void chain_comes_in_order_readable_first(void **state)
{
	struct fixture *f = *state;

	test_set_desc(&f->driver, 3, 0x1000, 10, VIRTQ_DESC_F_NEXT, 5);
	test_set_desc(&f->driver, 5, 0x2000, 20, VIRTQ_DESC_F_NEXT, 1);
	test_set_desc(&f->driver, 1, 0x3000, 30, VIRTQ_DESC_F_WRITE, 0);
	test_offer(&f->driver, 3);
	assert_int_equal(virtq_next_chain(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.head, 3);
	assert_int_equal(f->chain.read_count, 2);
	assert_int_equal(f->chain.write_count, 1);
	assert_int_equal(f->chain.read_size, 30);
	assert_int_equal(f->chain.write_size, 30);
	assert_ptr_equal(virtq_chain_readable(&f->chain)[1].iov_base, test_ram_at(&f->ram, 0x2000));
	assert_ptr_equal(virtq_chain_writable(&f->chain)[0].iov_base, test_ram_at(&f->ram, 0x3000));
	assert_int_equal(virtq_next_chain(&f->vq, &f->chain), 0);
}

static void undone_chain_comes_again(void **state)
{
	struct fixture *f = *state;

	test_offer_buffer(&f->driver, 0, 0x1000, 10, 0);
	assert_int_equal(virtq_next_chain(&f->vq, &f->chain), 1);
	virtq_undo_next(&f->vq);
	assert_true(virtq_has_next(&f->vq));
	assert_int_equal(virtq_next_chain(&f->vq, &f->chain), 1);
}

static void empty_buffers_are_skipped(void **state)
{
	struct fixture *f = *state;

	test_offer_buffer(&f->driver, 0, 0xffffffffffff, 0, 0);
	assert_int_equal(virtq_next_chain(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.read_count, 0);
}

static void indirect_table_is_followed(void **state)
{
	struct fixture *f = *state;
	struct virtq_desc *table = test_ram_at(&f->ram, 0x5000);

	table[0] = (struct virtq_desc){ 0x1000, 4, VIRTQ_DESC_F_NEXT, 2 };
	table[2] = (struct virtq_desc){ 0x2000, 6, VIRTQ_DESC_F_WRITE, 0 };
	test_offer_buffer(&f->driver, 0, 0x5000, 3 * sizeof(*table), VIRTQ_DESC_F_INDIRECT);
	assert_int_equal(virtq_next_chain(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.read_size, 4);
	assert_int_equal(f->chain.write_size, 6);
}

static void indirect_table_may_be_as_long_as_the_queue(void **state)
{
	struct fixture *f = *state;
	struct virtq_desc *table = test_ram_at(&f->ram, 0x5000);

	for (uint16_t i = 0; i < SIZE; i++)
		table[i] = (struct virtq_desc){ 0x1000, 1, i + 1 < SIZE ? VIRTQ_DESC_F_NEXT : 0, (uint16_t)(i + 1) };
	test_offer_buffer(&f->driver, 0, 0x5000, SIZE * sizeof(*table), VIRTQ_DESC_F_INDIRECT);
	assert_int_equal(virtq_next_chain(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.read_count, SIZE);
}

/* Each case is the descriptor table's beginning; the chain starts at 0. */
static const struct bad_chain {
	const char *what;
	struct virtq_desc desc[3];
} bad_chains[] = {
	{ "loop of one", { { 0x1000, 1, VIRTQ_DESC_F_NEXT, 0 } } },
	{ "loop of two", { { 0x1000, 1, VIRTQ_DESC_F_NEXT, 1 }, { 0x1000, 1, VIRTQ_DESC_F_NEXT, 0 } } },
	{ "loop of empty buffers", { { 0, 0, VIRTQ_DESC_F_NEXT, 0 } } },
	{ "next past the table", { { 0x1000, 1, VIRTQ_DESC_F_NEXT, SIZE } } },
	{ "next far past the table", { { 0x1000, 1, VIRTQ_DESC_F_NEXT, 0xffff } } },
	{ "buffer outside RAM", { { TEST_RAM_SIZE, 1, 0, 0 } } },
	{ "buffer half outside RAM", { { TEST_RAM_SIZE - 1, 2, 0, 0 } } },
	{ "buffer that wraps", { { UINT64_MAX, 2, 0, 0 } } },
	{ "largest buffer", { { 0x1000, UINT32_MAX, 0, 0 } } },
	{ "readable after writable", { { 0x1000, 1, VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_NEXT, 1 }, { 0x1000, 1, 0, 0 } } },
	{ "indirect with next", { { 0x5000, 16, VIRTQ_DESC_F_INDIRECT | VIRTQ_DESC_F_NEXT, 1 } } },
	{ "indirect of no whole entry", { { 0x5000, 15, VIRTQ_DESC_F_INDIRECT, 0 } } },
	{ "indirect of a broken entry", { { 0x5000, 17, VIRTQ_DESC_F_INDIRECT, 0 } } },
	{ "empty indirect", { { 0x5000, 0, VIRTQ_DESC_F_INDIRECT, 0 } } },
	{ "indirect outside RAM", { { TEST_RAM_SIZE - 16, 32, VIRTQ_DESC_F_INDIRECT, 0 } } },
	{ "indirect in indirect", { { TEST_DESC(0) + 16, 16, VIRTQ_DESC_F_INDIRECT, 0 }, { 0x5000, 16, VIRTQ_DESC_F_INDIRECT, 0 } } },
};

static void bad_chains_are_refused(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad_chains) / sizeof(bad_chains[0]); i++) {
		memcpy(test_desc(&f->driver, 0), bad_chains[i].desc, sizeof(bad_chains[i].desc));
		test_avail(&f->driver)->idx = 0;
		f->vq.next_avail = 0;
		test_offer(&f->driver, 0);
		if (virtq_next_chain(&f->vq, &f->chain) != -EINVAL)
			fail_msg("accepted: %s", bad_chains[i].what);
	}
}

static void head_past_the_table_is_refused(void **state)
{
	struct fixture *f = *state;

	test_offer(&f->driver, SIZE);
	assert_int_equal(virtq_next_chain(&f->vq, &f->chain), -EINVAL);
}

static void more_requests_than_entries_are_refused(void **state)
{
	struct fixture *f = *state;

	test_avail(&f->driver)->idx = SIZE + 1;
	assert_int_equal(virtq_next_chain(&f->vq, &f->chain), -EINVAL);
}

static void indices_wrap(void **state)
{
	struct fixture *f = *state;

	test_avail(&f->driver)->idx = 0xfffe;
	f->vq.next_avail = 0xfffe;
	for (int i = 0; i < 5; i++) {
		test_offer_buffer(&f->driver, (uint16_t)(i % SIZE), 0x1000, 1, 0);
		assert_int_equal(virtq_next_chain(&f->vq, &f->chain), 1);
		assert_int_equal(f->chain.head, i % SIZE);
	}
}

static void completion_reaches_the_used_ring(void **state)
{
	struct fixture *f = *state;
	const struct virtq_used_elem *elem;

	virtq_complete(&f->vq, 6, 123);
	elem = test_completed(&f->driver);
	assert_non_null(elem);
	assert_int_equal(elem->id, 6);
	assert_int_equal(elem->len, 123);
}

static void interrupt_follows_the_flag(void **state)
{
	struct fixture *f = *state;

	assert_false(virtq_should_interrupt(&f->vq));
	virtq_complete(&f->vq, 0, 0);
	assert_true(virtq_should_interrupt(&f->vq));
	assert_false(virtq_should_interrupt(&f->vq));
	test_avail(&f->driver)->flags = VIRTQ_AVAIL_F_NO_INTERRUPT;
	virtq_complete(&f->vq, 0, 0);
	assert_false(virtq_should_interrupt(&f->vq));
}

static void interrupt_follows_the_event_index(void **state)
{
	struct fixture *f = *state;
	uint16_t *used_event = &test_avail(&f->driver)->ring[SIZE];

	f->vq.event_idx = true;
	virtq_complete(&f->vq, 0, 0);
	assert_true(virtq_should_interrupt(&f->vq));
	*used_event = 3; /* wake me up when the fourth is done */
	virtq_complete(&f->vq, 0, 0);
	assert_false(virtq_should_interrupt(&f->vq));
	virtq_complete(&f->vq, 0, 0);
	assert_false(virtq_should_interrupt(&f->vq));
	virtq_complete(&f->vq, 0, 0);
	assert_true(virtq_should_interrupt(&f->vq));
}

static void notification_wish_is_written(void **state)
{
	struct fixture *f = *state;

	virtq_want_notify(&f->vq, false);
	assert_int_equal(test_used(&f->driver)->flags, VIRTQ_USED_F_NO_NOTIFY);
	virtq_want_notify(&f->vq, true);
	assert_int_equal(test_used(&f->driver)->flags, 0);
	f->vq.event_idx = true;
	f->vq.next_avail = 7;
	virtq_want_notify(&f->vq, true);
	assert_int_equal(*(uint16_t *)&test_used(&f->driver)->ring[SIZE], 7);
}

static void bad_queues_do_not_start(void **state)
{
	static const struct virtq cases[] = {
		{ .size = 0, .desc_gpa = 0x1000, .avail_gpa = 0x2000, .used_gpa = 0x3000 },
		{ .size = 3, .desc_gpa = 0x1000, .avail_gpa = 0x2000, .used_gpa = 0x3000 },
		{ .size = 512, .desc_gpa = 0x1000, .avail_gpa = 0x4000, .used_gpa = 0x5000 },
		{ .size = 8, .desc_gpa = 0x1008, .avail_gpa = 0x2000, .used_gpa = 0x3000 },
		{ .size = 8, .desc_gpa = 0x1000, .avail_gpa = 0x2001, .used_gpa = 0x3000 },
		{ .size = 8, .desc_gpa = 0x1000, .avail_gpa = 0x2000, .used_gpa = 0x3002 },
		{ .size = 8, .desc_gpa = TEST_RAM_SIZE - 112, .avail_gpa = 0x2000, .used_gpa = 0x3000 },
		{ .size = 8, .desc_gpa = 0x1000, .avail_gpa = TEST_RAM_SIZE - 20, .used_gpa = 0x3000 },
		{ .size = 8, .desc_gpa = 0x1000, .avail_gpa = 0x2000, .used_gpa = TEST_RAM_SIZE - 68 },
		{ .size = 8, .desc_gpa = UINT64_MAX & ~15ull, .avail_gpa = 0x2000, .used_gpa = 0x3000 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct virtq vq = cases[i];

		if (virtq_start(&vq, &f->ram.mem, VIRTQ_DEVICE_SIZE_MAX, true) != -EINVAL)
			fail_msg("started: case %zu", i);
		assert_false(vq.ready);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(empty_queue_gives_nothing),
		TEST(chain_comes_in_order_readable_first),
		TEST(undone_chain_comes_again),
		TEST(empty_buffers_are_skipped),
		TEST(indirect_table_is_followed),
		TEST(indirect_table_may_be_as_long_as_the_queue),
		TEST(bad_chains_are_refused),
		TEST(head_past_the_table_is_refused),
		TEST(more_requests_than_entries_are_refused),
		TEST(indices_wrap),
		TEST(completion_reaches_the_used_ring),
		TEST(interrupt_follows_the_flag),
		TEST(interrupt_follows_the_event_index),
		TEST(notification_wish_is_written),
		TEST(bad_queues_do_not_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
