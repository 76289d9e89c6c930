/* vmm/virtio/balloon.c: pages that the guest gives back, and page numbers that it should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "failure.h"
#include "mmio_guest.h"
#include "virtio/balloon.h"
#include "virtio/mmio.h"

#include "virtio_balloon.h"

#define BASE 0xd0000000
#define QUEUE_SIZE 16
#define LIST 0x70000u  /* of page numbers */
#define PAGES 0x80000u /* filled with FULL */
#define PAGES_PFN (PAGES >> 12)
#define PAGES_SIZE 0x20000u

enum { FULL = 0xf0 };

struct fixture {
	struct mmio_guest guest;
	struct event_loop loop;
	struct balloon balloon;
	struct failure failure;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	mmio_guest_create(&f->guest, BASE, QUEUE_SIZE);
	assert_int_equal(event_loop_create(&f->loop), 0);
	assert_int_equal(virtio_mmio_create(&f->balloon.device, &balloon_ops, &f->guest.ram.mem, &f->loop, BASE, 5,
					    &f->failure), 0);
	virtio_mmio_add(&f->balloon.device, &f->guest.bus);
	mmio_start(&f->guest, mmio_offered_features(&f->guest), VIRTIO_BALLOON_QUEUES);
	memset(test_ram_at(&f->guest.ram, PAGES), FULL, PAGES_SIZE);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	virtio_device_destroy(&f->balloon.device);
	event_loop_destroy(&f->loop);
	test_ram_destroy(&f->guest.ram);
	free(f);
	return 0;
}

/* Offers a buffer and has it served; whether the device is still well. */
static bool send(struct fixture *f, unsigned queue, uint64_t gpa, uint32_t size, uint16_t flags)
{
	test_offer_buffer(&f->guest.queues[queue], 0, gpa, size, flags);
	mmio_notify(&f->balloon.device);
	mmio_turn(&f->loop);
	return !(mmio_get(&f->guest, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
}

static bool send_pages(struct fixture *f, unsigned queue, const uint32_t *pages, unsigned count)
{
	memcpy(test_ram_at(&f->guest.ram, LIST), pages, count * sizeof(*pages));
	return send(f, queue, LIST, count * (uint32_t)sizeof(*pages), 0);
}

/* A page that was given back reads as zeros. */
static bool given_back(struct fixture *f, unsigned page)
{
	const uint8_t *bytes = test_ram_at(&f->guest.ram, PAGES + 4096u * page);
	bool zero = bytes[0] == 0;

	for (unsigned i = 0; i < 4096; i++)
		assert_int_equal(bytes[i], zero ? 0 : FULL);
	return zero;
}

static void expect_given_back(struct fixture *f, uint32_t pages)
{
	for (unsigned i = 0; i < PAGES_SIZE / 4096; i++)
		assert_int_equal(given_back(f, i), pages >> i & 1);
}

static void inflated_pages_go_back_to_the_host(void **state)
{
	static const uint32_t pages[] = { PAGES_PFN + 1, PAGES_PFN + 2, PAGES_PFN + 3, PAGES_PFN + 9, PAGES_PFN + 7,
					  PAGES_PFN + 7 };
	struct fixture *f = *state;

	assert_true(send_pages(f, VIRTIO_BALLOON_INFLATE, pages, 6));
	assert_non_null(test_completed(&f->guest.queues[VIRTIO_BALLOON_INFLATE]));
	expect_given_back(f, 1u << 1 | 1u << 2 | 1u << 3 | 1u << 7 | 1u << 9);
}

static void deflating_takes_nothing(void **state)
{
	static const uint32_t pages[] = { PAGES_PFN, PAGES_PFN + 1 };
	struct fixture *f = *state;

	assert_true(send_pages(f, VIRTIO_BALLOON_DEFLATE, pages, 2));
	assert_non_null(test_completed(&f->guest.queues[VIRTIO_BALLOON_DEFLATE]));
	expect_given_back(f, 0);
}

static void page_numbers_outside_memory_are_refused(void **state)
{
	static const uint32_t bad[] = { TEST_RAM_SIZE >> 12, (TEST_RAM_SIZE >> 12) + 1, UINT32_MAX, 1u << 20, 1u << 31 };
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t pages[] = { PAGES_PFN, bad[i] };

		assert_false(send_pages(f, VIRTIO_BALLOON_INFLATE, pages, 2));
		expect_given_back(f, 0);
		mmio_start(&f->guest, 0, VIRTIO_BALLOON_QUEUES);
	}
}

static void a_row_ends_with_memory(void **state)
{
	uint32_t pages[] = { (TEST_RAM_SIZE >> 12) - 2, (TEST_RAM_SIZE >> 12) - 1 };
	struct fixture *f = *state;

	assert_true(send_pages(f, VIRTIO_BALLOON_INFLATE, pages, 2));
	assert_int_equal(*(uint8_t *)test_ram_at(&f->guest.ram, TEST_RAM_SIZE - 1), 0);
}

static void lists_that_are_too_long_or_odd_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_false(send(f, VIRTIO_BALLOON_INFLATE, LIST, 4 * 1025, 0));
	mmio_start(&f->guest, 0, VIRTIO_BALLOON_QUEUES);
	assert_false(send(f, VIRTIO_BALLOON_INFLATE, LIST, 7, 0));
	expect_given_back(f, 0);
}

static void reported_pages_go_back_to_the_host(void **state)
{
	struct fixture *f = *state;

	assert_true(send(f, VIRTIO_BALLOON_REPORTING, PAGES + 0x4000, 0x3000, VIRTQ_DESC_F_WRITE));
	expect_given_back(f, 7u << 4);
}

static void only_whole_pages_are_taken(void **state)
{
	struct fixture *f = *state;

	assert_true(send(f, VIRTIO_BALLOON_REPORTING, PAGES + 0x4001, 0x2ffe, VIRTQ_DESC_F_WRITE));
	expect_given_back(f, 1u << 5);
	assert_true(send(f, VIRTIO_BALLOON_REPORTING, PAGES + 0x8001, 0xffe, VIRTQ_DESC_F_WRITE));
	expect_given_back(f, 1u << 5);
}

static void reports_outside_memory_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_false(send(f, VIRTIO_BALLOON_REPORTING, TEST_RAM_SIZE - 0x1000, 0x2000, VIRTQ_DESC_F_WRITE));
}

static void statistics_are_kept_and_hints_returned(void **state)
{
	struct fixture *f = *state;

	assert_true(send(f, VIRTIO_BALLOON_STATS, LIST, 20, 0));
	assert_null(test_completed(&f->guest.queues[VIRTIO_BALLOON_STATS]));
	assert_true(send(f, VIRTIO_BALLOON_HINTING, PAGES, 0x1000, VIRTQ_DESC_F_WRITE));
	assert_non_null(test_completed(&f->guest.queues[VIRTIO_BALLOON_HINTING]));
	expect_given_back(f, 0);
}

static void the_device_wants_nothing_and_keeps_what_the_driver_says(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mmio_get(&f->guest, VIRTIO_MMIO_CONFIG), 0);
	mmio_put(&f->guest, VIRTIO_MMIO_CONFIG, 5);
	mmio_put(&f->guest, VIRTIO_MMIO_CONFIG + 4, 77);
	assert_int_equal(mmio_get(&f->guest, VIRTIO_MMIO_CONFIG), 0);
	assert_int_equal(mmio_get(&f->guest, VIRTIO_MMIO_CONFIG + 4), 77);
	mmio_put(&f->guest, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(mmio_get(&f->guest, VIRTIO_MMIO_CONFIG + 4), 0);
}

#define WITH_A_BALLOON(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_BALLOON(inflated_pages_go_back_to_the_host),
		WITH_A_BALLOON(deflating_takes_nothing),
		WITH_A_BALLOON(page_numbers_outside_memory_are_refused),
		WITH_A_BALLOON(a_row_ends_with_memory),
		WITH_A_BALLOON(lists_that_are_too_long_or_odd_are_refused),
		WITH_A_BALLOON(reported_pages_go_back_to_the_host),
		WITH_A_BALLOON(only_whole_pages_are_taken),
		WITH_A_BALLOON(reports_outside_memory_are_refused),
		WITH_A_BALLOON(statistics_are_kept_and_hints_returned),
		WITH_A_BALLOON(the_device_wants_nothing_and_keeps_what_the_driver_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
