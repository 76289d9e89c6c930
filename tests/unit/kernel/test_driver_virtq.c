/* kernel/runtime/virtio/virtq.c, against a device that may lie */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "virtio/virtq.h"

static struct virtq_rings rings;
static struct virtq queue;

static int set_up(void **state)
{
	memset(&rings, 0, sizeof(rings));
	virtq_init(&queue, &rings, 3, VIRTQ_SIZE);
	return 0;
}

/* What the device does to complete a buffer. */
static void complete(uint32_t id, uint32_t length)
{
	rings.used.ring[rings.used.idx % VIRTQ_SIZE] = (struct virtq_used_elem){ id, length };
	rings.used.idx++;
}

static void a_buffer_makes_the_round(void **state)
{
	uint32_t written;
	uint16_t id;

	assert_int_equal(virtq_take(&queue, &id, &written), 0);
	virtq_add(&queue, 5, 0x1234567890, 100, true);
	assert_int_equal(rings.available.idx, 0);
	assert_true(virtq_publish(&queue));
	assert_int_equal(rings.available.idx, 1);
	assert_int_equal(rings.available.ring[0], 5);
	assert_int_equal(rings.descriptors[5].addr, 0x1234567890);
	assert_int_equal(rings.descriptors[5].len, 100);
	assert_int_equal(rings.descriptors[5].flags, VIRTQ_DESC_F_WRITE);
	assert_true(virtq_has(&queue, 5));
	assert_false(virtq_ready(&queue));
	complete(5, 100);
	assert_true(virtq_ready(&queue));
	assert_int_equal(virtq_take(&queue, &id, &written), 1);
	assert_int_equal(id, 5);
	assert_int_equal(written, 100);
	assert_false(virtq_has(&queue, 5));
	assert_int_equal(virtq_take(&queue, &id, &written), 0);
}

static void indices_wrap(void **state)
{
	uint32_t written;
	uint16_t id;

	for (uint32_t i = 0; i < 200000; i++) {
		virtq_add(&queue, i % VIRTQ_SIZE, i, 1, false);
		virtq_publish(&queue);
		assert_int_equal(rings.available.ring[i % VIRTQ_SIZE], i % VIRTQ_SIZE);
		complete(i % VIRTQ_SIZE, 0);
		assert_int_equal(virtq_take(&queue, &id, &written), 1);
		assert_int_equal(id, i % VIRTQ_SIZE);
	}
}

static void the_device_may_complete_out_of_order(void **state)
{
	uint32_t written;
	uint16_t id;

	for (uint16_t i = 0; i < VIRTQ_SIZE; i++)
		virtq_add(&queue, i, i, 8, true);
	virtq_publish(&queue);
	for (uint16_t i = VIRTQ_SIZE; i-- > 0;)
		complete(i, i % 8);
	for (uint16_t i = VIRTQ_SIZE; i-- > 0;) {
		assert_int_equal(virtq_take(&queue, &id, &written), 1);
		assert_int_equal(id, i);
		assert_int_equal(written, i % 8);
	}
}

static void lies_are_found_out(void **state)
{
	static const struct {
		uint32_t id, length;
	} lies[] = { { 1, 0 }, { VIRTQ_SIZE, 0 }, { UINT32_MAX, 0 }, { 0x10000, 0 }, { 0, 101 }, { 0, UINT32_MAX } };
	uint32_t written;
	uint16_t id;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		set_up(NULL);
		virtq_add(&queue, 0, 0, 100, true);
		virtq_publish(&queue);
		complete(lies[i].id, lies[i].length);
		assert_int_equal(virtq_take(&queue, &id, &written), -1);
	}
}

static void nothing_can_be_written_to_what_was_sent(void **state)
{
	uint32_t written;
	uint16_t id;

	virtq_add(&queue, 2, 0, 100, false);
	virtq_publish(&queue);
	assert_int_equal(rings.descriptors[2].flags, 0);
	complete(2, 1);
	assert_int_equal(virtq_take(&queue, &id, &written), -1);
}

static void a_buffer_comes_back_once(void **state)
{
	uint32_t written;
	uint16_t id;

	virtq_add(&queue, 2, 0, 100, true);
	virtq_publish(&queue);
	complete(2, 1);
	complete(2, 1);
	assert_int_equal(virtq_take(&queue, &id, &written), 1);
	assert_int_equal(virtq_take(&queue, &id, &written), -1);
}

static void changed_descriptors_change_nothing(void **state)
{
	uint32_t written;
	uint16_t id;

	virtq_add(&queue, 2, 0, 100, true);
	virtq_publish(&queue);
	memset(rings.descriptors, 0xff, sizeof(rings.descriptors));
	memset(&rings.available, 0xff, sizeof(rings.available));
	complete(2, 101);
	assert_int_equal(virtq_take(&queue, &id, &written), -1);
}

static void notifications_and_interrupts_can_be_suppressed(void **state)
{
	assert_int_equal(rings.available.flags, VIRTQ_AVAIL_F_NO_INTERRUPT);
	virtq_want_interrupt(&queue, true);
	assert_int_equal(rings.available.flags, 0);
	virtq_want_interrupt(&queue, false);
	assert_int_equal(rings.available.flags, VIRTQ_AVAIL_F_NO_INTERRUPT);
	rings.used.flags = VIRTQ_USED_F_NO_NOTIFY;
	virtq_add(&queue, 0, 0, 1, false);
	assert_false(virtq_publish(&queue));
}

static void event_indices_say_what_is_wanted(void **state)
{
	uint32_t written;
	uint16_t id;

	virtq_use_event_idx(&queue);
	assert_int_equal(rings.available.used_event, UINT16_MAX); /* no interrupt before the ring wraps */
	virtq_add(&queue, 0, 0, 1, false);
	assert_true(virtq_publish(&queue)); /* the device waits for entry 0 */
	rings.used.avail_event = 3;
	for (uint16_t i = 1; i < 6; i++) {
		virtq_add(&queue, i, 0, 1, false);
		assert_int_equal(virtq_publish(&queue), i == 3);
	}
	virtq_want_interrupt(&queue, true);
	assert_int_equal(rings.available.used_event, 0);
	complete(0, 0);
	assert_int_equal(virtq_take(&queue, &id, &written), 1);
	virtq_want_interrupt(&queue, true);
	assert_int_equal(rings.available.used_event, 1);
	virtq_want_interrupt(&queue, false);
	assert_int_equal(rings.available.used_event, 0);
	/* Several at once, the one that is waited for among them. */
	rings.used.avail_event = 7;
	for (uint16_t i = 6; i < 9; i++)
		virtq_add(&queue, i, 0, 1, false);
	assert_true(virtq_publish(&queue));
	assert_false(virtq_publish(&queue));
}

static void event_indices_lie_behind_small_rings(void **state)
{
	virtq_init(&queue, &rings, 0, VIRTQ_SIZE / 2);
	virtq_use_event_idx(&queue);
	assert_int_equal(rings.available.ring[VIRTQ_SIZE / 2], UINT16_MAX);
	((uint16_t *)&rings.used.ring[VIRTQ_SIZE / 2])[0] = 1;
	virtq_add(&queue, 0, 0, 1, false);
	assert_false(virtq_publish(&queue));
	virtq_add(&queue, 1, 0, 1, false);
	assert_true(virtq_publish(&queue));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_buffer_makes_the_round, set_up),
		cmocka_unit_test_setup(indices_wrap, set_up),
		cmocka_unit_test_setup(event_indices_say_what_is_wanted, set_up),
		cmocka_unit_test_setup(event_indices_lie_behind_small_rings, set_up),
		cmocka_unit_test_setup(the_device_may_complete_out_of_order, set_up),
		cmocka_unit_test(lies_are_found_out),
		cmocka_unit_test_setup(nothing_can_be_written_to_what_was_sent, set_up),
		cmocka_unit_test_setup(a_buffer_comes_back_once, set_up),
		cmocka_unit_test_setup(changed_descriptors_change_nothing, set_up),
		cmocka_unit_test_setup(notifications_and_interrupts_can_be_suppressed, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
