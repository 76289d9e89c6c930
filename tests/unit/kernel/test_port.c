/* kernel/runtime/virtio/port.c, against a device played by the test */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exit.h"
#include "mem/space.h"
#include "virtio/port.h"

static struct virtq_rings transmit_rings, receive_rings;
static uint8_t out_buffers[4][8], in_buffers[2][16];
static struct virtio_device device;
static struct port port;
static unsigned notifications;
static jmp_buf failed;

/* What the kernel around the port would be. */
void device_notify(struct virtio_device *notified, const struct virtq *queue)
{
	assert_ptr_equal(notified, &device);
	notifications++;
}

uint64_t space_physical(const void *object)
{
	return (uint64_t)object;
}

void runtime_fail(const char *reason, size_t size)
{
	longjmp(failed, 1);
}

static int set_up(void **state)
{
	memset(&port, 0, sizeof(port));
	memset(&transmit_rings, 0, sizeof(transmit_rings));
	memset(&receive_rings, 0, sizeof(receive_rings));
	port.device = &device;
	port.out = (struct port_buffers){ out_buffers[0], sizeof(out_buffers[0]), 4 };
	port.in = (struct port_buffers){ in_buffers[0], sizeof(in_buffers[0]), 2 };
	virtq_init(&port.transmit, &transmit_rings, 1, VIRTQ_SIZE);
	virtq_init(&port.receive, &receive_rings, 0, VIRTQ_SIZE);
	notifications = 0;
	return 0;
}

static void complete(struct virtq_rings *rings, uint32_t id, uint32_t length)
{
	rings->used.ring[rings->used.idx % VIRTQ_SIZE] = (struct virtq_used_elem){ id, length };
	rings->used.idx++;
}

/* The device fills a buffer it was offered. */
static void deliver(uint16_t id, const char *data)
{
	struct virtq_desc *descriptor = &receive_rings.descriptors[id];

	memcpy((void *)descriptor->addr, data, strlen(data));
	complete(&receive_rings, id, (uint32_t)strlen(data));
}

static void long_data_is_cut_into_buffers(void **state)
{
	assert_int_equal(port_send(&port, "0123456789abcdefghij", 20), 20);
	assert_int_equal(notifications, 1);
	assert_int_equal(transmit_rings.available.idx, 3);
	assert_memory_equal(out_buffers[0], "01234567", 8);
	assert_memory_equal(out_buffers[1], "89abcdef", 8);
	assert_memory_equal(out_buffers[2], "ghij", 4);
	assert_int_equal(transmit_rings.descriptors[2].len, 4);
	assert_false(port_is_idle(&port));
}

static void sending_stops_when_buffers_run_out(void **state)
{
	char data[64] = "";

	assert_int_equal(port_send(&port, data, sizeof(data)), 32);
	assert_false(port_can_send(&port));
	assert_int_equal(port_send(&port, data, sizeof(data)), 0);
	assert_int_equal(notifications, 1);
	complete(&transmit_rings, 2, 0);
	assert_true(port_can_send(&port));
	assert_int_equal(port_send(&port, data, sizeof(data)), 8);
}

static void the_lowest_free_buffer_is_used_again(void **state)
{
	for (int i = 0; i < 10; i++) {
		assert_int_equal(port_send(&port, "x", 1), 1);
		assert_int_equal(transmit_rings.available.ring[i % VIRTQ_SIZE], 0);
		complete(&transmit_rings, 0, 0);
	}
	assert_true(port_is_idle(&port));
}

static void nothing_is_offered_before_somebody_reads(void **state)
{
	char data[8];

	assert_int_equal(receive_rings.available.idx, 0);
	assert_int_equal(port_receive(&port, data, sizeof(data)), 0);
	assert_int_equal(receive_rings.available.idx, 2);
	assert_int_equal(port_receive(&port, data, sizeof(data)), 0);
	assert_int_equal(receive_rings.available.idx, 2);
	assert_int_equal(notifications, 1);
}

static void input_is_read_piece_by_piece_in_order(void **state)
{
	char data[16];

	port_receive(&port, data, sizeof(data));
	deliver(0, "hello");
	deliver(1, "world");
	assert_int_equal(port_received(&port), 5);
	assert_int_equal(port_receive(&port, data, 2), 2);
	assert_memory_equal(data, "he", 2);
	assert_int_equal(port_receive(&port, data, 16), 3);
	assert_memory_equal(data, "llo", 3);
	assert_int_equal(port_receive(&port, data, 16), 5);
	assert_memory_equal(data, "world", 5);
	assert_int_equal(port_receive(&port, data, 16), 0);
	assert_int_equal(receive_rings.available.idx, 4);
}

static void empty_buffers_are_skipped(void **state)
{
	char data[16];

	port_receive(&port, data, sizeof(data));
	complete(&receive_rings, 0, 0);
	deliver(1, "x");
	assert_int_equal(port_receive(&port, data, 16), 1);
}

static void a_device_that_lies_ends_the_machine(void **state)
{
	char data[16];

	port_receive(&port, data, sizeof(data));
	complete(&receive_rings, 0, 17);
	if (!setjmp(failed)) {
		port_receive(&port, data, sizeof(data));
		fail();
	}
	set_up(NULL);
	complete(&transmit_rings, 0, 0);
	if (!setjmp(failed)) {
		port_can_send(&port);
		fail();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(long_data_is_cut_into_buffers, set_up),
		cmocka_unit_test_setup(sending_stops_when_buffers_run_out, set_up),
		cmocka_unit_test_setup(the_lowest_free_buffer_is_used_again, set_up),
		cmocka_unit_test_setup(nothing_is_offered_before_somebody_reads, set_up),
		cmocka_unit_test_setup(input_is_read_piece_by_piece_in_order, set_up),
		cmocka_unit_test_setup(empty_buffers_are_skipped, set_up),
		cmocka_unit_test_setup(a_device_that_lies_ends_the_machine, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
