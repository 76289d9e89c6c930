/* vmm/virtio/net.c and vmm/net/: frames in both directions, slow and dead other sides, and guests
 * that break the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/un.h>

#include "net_guest.h"

#define MERGE (1ull << VIRTIO_NET_F_MRG_RXBUF)
#define EVENTS (1ull << VIRTIO_F_EVENT_IDX)
#define PREFIX 4u

static int setup_stream(void **state)
{
	struct net_guest *g = calloc(1, sizeof(*g));

	assert_int_equal(net_create(g, SOCK_STREAM), 0);
	*state = g;
	return 0;
}

static int setup_datagram(void **state)
{
	struct net_guest *g = calloc(1, sizeof(*g));

	assert_int_equal(net_create(g, SOCK_DGRAM), 0);
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	net_destroy(*state);
	free(*state);
	return 0;
}

static void pattern(uint8_t *to, size_t size, unsigned seed)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(i * 7 + seed + (i >> 8));
}

/* Puts a frame on a stream's wire. */
static void wire_put(struct net_guest *g, uint32_t size, unsigned seed)
{
	static uint8_t bytes[PREFIX + NET_FRAME_MAX];
	uint32_t prefix = htonl(size);

	memcpy(bytes, &prefix, PREFIX);
	pattern(bytes + PREFIX, size, seed);
	assert_int_equal(send(g->wire, bytes, PREFIX + size, 0), PREFIX + size);
}

static void expect_frame(struct net_guest *g, uint32_t size, unsigned seed, unsigned buffers)
{
	static uint8_t got[NET_FRAME_MAX + 100], wanted[NET_FRAME_MAX];
	struct virtio_net_header header;

	pattern(wanted, size, seed);
	assert_int_equal(net_take(g, got, sizeof(got)), sizeof(header) + size);
	memcpy(&header, got, sizeof(header));
	assert_int_equal(header.num_buffers, buffers);
	assert_int_equal(header.flags, 0);
	assert_memory_equal(got + sizeof(header), wanted, size);
}

static bool is_broken(struct net_guest *g)
{
	return mmio_get(&g->guest, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET;
}

static bool link_is_up(struct net_guest *g)
{
	uint16_t status = 0xffff;

	bus_read(&g->guest.bus, NET_BASE + VIRTIO_MMIO_CONFIG + offsetof(struct virtio_net_config, status), &status,
		 sizeof(status));
	return status & VIRTIO_NET_S_LINK_UP;
}

static void device_describes_itself(void **state)
{
	struct net_guest *g = *state;
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	uint64_t features = mmio_offered_features(&g->guest);
	uint8_t got[6];

	assert_int_equal(mmio_get(&g->guest, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_NET);
	assert_true(features & 1u << VIRTIO_NET_F_CSUM);
	assert_true(features & 1u << VIRTIO_NET_F_MAC);
	assert_true(features & MERGE);
	assert_false(features & 1u << VIRTIO_NET_F_HOST_TSO4); /* nobody asked for it */
	for (unsigned i = 0; i < sizeof(got); i++)
		bus_read(&g->guest.bus, NET_BASE + VIRTIO_MMIO_CONFIG + i, &got[i], 1);
	assert_memory_equal(got, mac, sizeof(mac));
	assert_true(link_is_up(g));
}

static void frames_go_both_ways(void **state)
{
	struct net_guest *g = *state;
	uint8_t frame[100], got[200];
	uint32_t prefix;

	net_start(g, MERGE | EVENTS, 4);
	pattern(frame, sizeof(frame), 1);
	net_offer_tx(g, 0, (struct virtio_net_header){ 0 }, frame, sizeof(frame));
	net_notify(g);
	assert_non_null(test_completed(&g->guest.queues[VIRTIO_NET_TX]));
	assert_int_equal(recv(g->wire, got, sizeof(got), 0), PREFIX + sizeof(frame));
	memcpy(&prefix, got, PREFIX);
	assert_int_equal(ntohl(prefix), sizeof(frame));
	assert_memory_equal(got + PREFIX, frame, sizeof(frame));

	wire_put(g, 60, 2);
	wire_put(g, 1500, 3);
	net_turn(g);
	expect_frame(g, 60, 2, 1);
	expect_frame(g, 1500, 3, 1);
}

static void frames_come_in_pieces(void **state)
{
	struct net_guest *g = *state;
	uint8_t bytes[PREFIX + 64];
	uint32_t prefix = htonl(64);

	net_start(g, MERGE, 4);
	memcpy(bytes, &prefix, PREFIX);
	pattern(bytes + PREFIX, 64, 9);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		assert_null(test_completed(&g->guest.queues[VIRTIO_NET_RX]));
		assert_int_equal(send(g->wire, bytes + i, 1, 0), 1);
		net_turn(g);
	}
	expect_frame(g, 64, 9, 1);
}

static void large_frames_fill_several_buffers(void **state)
{
	struct net_guest *g = *state;

	net_start(g, MERGE, NET_QUEUE_SIZE);
	wire_put(g, NET_FRAME_MAX, 4);
	wire_put(g, 3 * NET_RX_SIZE - sizeof(struct virtio_net_header), 5); /* exactly three */
	net_turn(g);
	expect_frame(g, NET_FRAME_MAX, 4, 33);
	expect_frame(g, 3 * NET_RX_SIZE - sizeof(struct virtio_net_header), 5, 3);
}

static void without_merging_large_frames_are_lost(void **state)
{
	struct net_guest *g = *state;

	net_start(g, 0, 4);
	wire_put(g, NET_RX_SIZE, 6);
	wire_put(g, 100, 7);
	net_turn(g);
	expect_frame(g, 100, 7, 1);
}

static void frames_wait_for_buffers(void **state)
{
	struct net_guest *g = *state;

	for (unsigned i = 0; i < 2; i++) { /* with indices of events, and without */
		net_start(g, MERGE | (i ? EVENTS : 0), 2);
		wire_put(g, 3 * 2000, 8);
		wire_put(g, 100, 9);
		net_turn(g);
		assert_null(test_completed(&g->guest.queues[VIRTIO_NET_RX]));
		net_offer_rx(g, 2, NET_RX_SIZE);
		net_notify(g);
		expect_frame(g, 3 * 2000, 8, 3);
		net_offer_rx(g, 3, NET_RX_SIZE);
		net_notify(g);
		expect_frame(g, 100, 9, 1);
	}
}

/* The driver looks at what the device said of notifications, as Linux does. */
static void the_device_asks_for_the_buffer_it_lacks(void **state)
{
	struct net_guest *g = *state;
	struct test_queue *rx = &g->guest.queues[VIRTIO_NET_RX];
	uint16_t event;

	net_start(g, MERGE | EVENTS, 2);
	wire_put(g, 3 * 2000, 8);
	net_turn(g);
	memcpy(&event, &test_used(rx)->ring[NET_QUEUE_SIZE], sizeof(event));
	assert_int_equal(event, test_avail(rx)->idx); /* the next to be offered, not one that is there */
}

/* Sends until the device takes no more; returns how many frames it took. */
static unsigned send_until_blocked(struct net_guest *g, uint32_t size)
{
	static uint8_t frame[NET_FRAME_MAX];
	struct test_queue *tx = &g->guest.queues[VIRTIO_NET_TX];
	unsigned sent = 0;

	do {
		pattern(frame, size, sent);
		net_offer_tx(g, 0, (struct virtio_net_header){ 0 }, frame, size);
		net_notify(g);
	} while (test_completed(tx) && ++sent < 10000);
	return sent;
}

static void a_slow_wire_slows_the_guest_down(void **state)
{
	struct net_guest *g = *state;
	static uint8_t got[PREFIX + 60000], wanted[60000];
	unsigned sent, received = 0;
	size_t have = 0;

	net_start(g, MERGE, 4);
	sent = send_until_blocked(g, 60000);
	assert_in_range(sent, 1, 100);
	while (received <= sent) { /* the one that waits is sent, too */
		ssize_t n = recv(g->wire, got + have, sizeof(got) - have, 0);

		assert_true(n > 0);
		have += (size_t)n;
		net_turn(g);
		if (have < sizeof(got))
			continue;
		pattern(wanted, sizeof(wanted), received++);
		assert_memory_equal(got + PREFIX, wanted, sizeof(wanted));
		have = 0;
	}
	assert_non_null(test_completed(&g->guest.queues[VIRTIO_NET_TX]));
	assert_true(recv(g->wire, got, 1, 0) < 0);
}

static void the_link_goes_down_with_the_other_side(void **state)
{
	struct net_guest *g = *state;
	uint8_t frame[64] = { 0 };

	net_start(g, MERGE, 4);
	mmio_put(&g->guest, VIRTIO_MMIO_INTERRUPT_ACK, 3);
	wire_put(g, 60, 1);
	close(g->wire);
	g->wire = -1;
	net_turn(g);
	expect_frame(g, 60, 1, 1); /* what was sent before has arrived */
	assert_false(link_is_up(g));
	assert_true(mmio_get(&g->guest, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_INT_CONFIG);
	for (unsigned i = 0; i < 3; i++) {
		net_offer_tx(g, 0, (struct virtio_net_header){ 0 }, frame, sizeof(frame));
		net_notify(g);
		assert_non_null(test_completed(&g->guest.queues[VIRTIO_NET_TX]));
	}
	assert_false(is_broken(g));
	net_start(g, MERGE, 4); /* and a driver that starts again finds it like that */
	assert_false(link_is_up(g));
}

static void the_link_goes_down_while_frames_wait_to_be_sent(void **state)
{
	struct net_guest *g = *state;

	net_start(g, MERGE, 4);
	send_until_blocked(g, 60000);
	close(g->wire);
	g->wire = -1;
	net_turn(g);
	assert_false(link_is_up(g));
	assert_non_null(test_completed(&g->guest.queues[VIRTIO_NET_TX]));
}

static void sizes_that_no_frame_has_end_a_stream(void **state)
{
	const uint32_t sizes[] = { 0, NET_FRAME_MIN - 1, NET_FRAME_MAX + 1, 0x7fffffff, 0xffffffff };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct net_guest g = { 0 };
		uint32_t prefix = htonl(sizes[i]);

		assert_int_equal(net_create(&g, SOCK_STREAM), 0);
		net_start(&g, MERGE, 4);
		assert_int_equal(send(g.wire, &prefix, sizeof(prefix), 0), sizeof(prefix));
		net_turn(&g);
		assert_false(link_is_up(&g));
		assert_false(is_broken(&g));
		net_destroy(&g);
	}
}

/* The sum of an Internet checksum's words, folded. */
static uint16_t sum_of(const uint8_t *data, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i += 2)
		sum += (uint32_t)data[i] << 8 | (i + 1 < size ? data[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void checksums_are_completed(void **state)
{
	struct net_guest *g = *state;
	struct virtio_net_header header = { .flags = VIRTIO_NET_HEADER_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16 };
	uint8_t frame[101], got[200];

	net_start(g, MERGE | 1, 4);
	for (uint32_t size = 100; size <= 101; size++) { /* even and odd */
		pattern(frame, size, 11);
		net_offer_tx(g, 0, header, frame, size);
		net_notify(g);
		assert_int_equal(recv(g->wire, got, sizeof(got), 0), PREFIX + size);
		assert_memory_equal(got + PREFIX, frame, 50);
		/* The pseudo-header, whose sum was in the field, and all the rest. */
		memcpy(got, frame + 50, 2);
		memmove(got + 2, got + PREFIX + 34, size - 34);
		assert_int_equal(sum_of(got, 2 + size - 34), 0xffff);
	}
	/* In a frame of zeros the sum is zero, which is written in the other way. */
	memset(frame, 0, sizeof(frame));
	net_offer_tx(g, 0, header, frame, 100);
	net_notify(g);
	assert_int_equal(recv(g->wire, got, sizeof(got), 0), PREFIX + 100);
	assert_int_equal(got[PREFIX + 50], 0xff);
}

static void checksums_outside_of_the_frame_lose_it(void **state)
{
	const struct { uint16_t start, offset; } places[] = { { 34, 65 }, { 99, 0 }, { 100, 0 }, { 65535, 65535 }, { 0, 99 } };
	struct net_guest *g = *state;
	uint8_t frame[100] = { 0 }, got[200];

	net_start(g, MERGE | 1, 4);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct virtio_net_header header = { .flags = VIRTIO_NET_HEADER_NEEDS_CSUM,
						    .csum_start = places[i].start, .csum_offset = places[i].offset };

		net_offer_tx(g, 0, header, frame, sizeof(frame));
		net_notify(g);
		assert_non_null(test_completed(&g->guest.queues[VIRTIO_NET_TX]));
		assert_true(recv(g->wire, got, sizeof(got), 0) < 0);
	}
	assert_false(is_broken(g));
}

static void frames_of_no_size_are_lost(void **state)
{
	struct net_guest *g = *state;
	const uint32_t sizes[] = { 0, 1, NET_FRAME_MIN - 1, NET_FRAME_MAX + 1, 0x70000 };
	uint8_t got[100];

	net_start(g, MERGE, 4);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		test_offer_buffer(&g->guest.queues[VIRTIO_NET_TX], 0, NET_TX_BUFFER,
				  (uint32_t)sizeof(struct virtio_net_header) + sizes[i], 0);
		net_notify(g);
		assert_non_null(test_completed(&g->guest.queues[VIRTIO_NET_TX]));
		assert_true(recv(g->wire, got, sizeof(got), 0) < 0);
	}
	assert_false(is_broken(g));
}

static void buffers_that_break_the_rules_stop_the_device(void **state)
{
	struct net_guest *g = *state;

	net_start(g, MERGE, 0);
	test_offer_buffer(&g->guest.queues[VIRTIO_NET_TX], 0, NET_TX_BUFFER, 11, 0);
	net_notify(g);
	assert_true(is_broken(g));

	net_start(g, MERGE, 0);
	net_offer_rx(g, 0, 11);
	wire_put(g, 60, 1);
	net_notify(g);
	assert_true(is_broken(g));

	net_start(g, MERGE, 1);
	test_offer_buffer(&g->guest.queues[VIRTIO_NET_RX], 1, NET_RX_BUFFERS, 100, 0); /* nothing to write to */
	wire_put(g, 3000, 1);
	net_notify(g);
	assert_true(is_broken(g));

	net_start(g, MERGE, 4); /* until it is reset */
	wire_put(g, 70, 3);
	net_turn(g);
	assert_false(is_broken(g));
}

static void tiny_buffers_do_not_take_a_large_frame(void **state)
{
	struct net_guest *g = *state;

	net_start(g, MERGE, 0);
	for (uint16_t i = 0; i < NET_QUEUE_SIZE; i++)
		net_offer_rx(g, i, 16);
	wire_put(g, 30000, 1);
	wire_put(g, 50, 2);
	net_notify(g);
	expect_frame(g, 50, 2, 4);
	assert_false(is_broken(g));
}

static void datagrams_are_frames(void **state)
{
	struct net_guest *g = *state;
	uint8_t frame[100], got[200];

	net_start(g, MERGE, 4);
	pattern(frame, sizeof(frame), 1);
	net_offer_tx(g, 0, (struct virtio_net_header){ 0 }, frame, sizeof(frame));
	net_notify(g);
	assert_int_equal(recv(g->wire, got, sizeof(got), 0), sizeof(frame));
	assert_memory_equal(got, frame, sizeof(frame));
	assert_int_equal(send(g->wire, frame, 5, 0), 5); /* is no frame */
	assert_int_equal(send(g->wire, frame, sizeof(frame), 0), sizeof(frame));
	net_turn(g);
	expect_frame(g, sizeof(frame), 1, 1);
}

static void a_full_datagram_socket_slows_the_guest_down(void **state)
{
	struct net_guest *g = *state;
	static uint8_t got[2000], wanted[1000];
	unsigned sent, received = 0;

	net_start(g, MERGE, 4);
	sent = send_until_blocked(g, sizeof(wanted));
	assert_in_range(sent, 1, 9999);
	for (; received <= sent; received++) {
		assert_int_equal(recv(g->wire, got, sizeof(got), 0), sizeof(wanted));
		net_turn(g);
		pattern(wanted, sizeof(wanted), received);
		assert_memory_equal(got, wanted, sizeof(wanted));
	}
	close(g->wire);
	g->wire = -1;
	net_offer_tx(g, 0, (struct virtio_net_header){ 0 }, wanted, sizeof(wanted));
	net_notify(g);
	assert_false(link_is_up(g));
}

static void open_fails(const struct net_config *config, int error, const char *text)
{
	struct net_backend backend = { 0 };
	struct failure failure = { "" };

	assert_int_equal(net_backend_open(&backend, config, &failure), error);
	assert_string_equal(failure.text, text);
	net_backend_close(&backend);
}

static void what_cannot_be_opened_is_told(void **state)
{
	int pipe_fds[2];
	char text[100];

	assert_int_equal(pipe(pipe_fds), 0);
	open_fails(&(struct net_config){ .kind = NET_UNIX_STREAM, .path = "/nonexistent/passt" }, -ENOENT,
		   "network: cannot connect to /nonexistent/passt: No such file or directory");
	open_fails(&(struct net_config){ .kind = NET_UNIX_DATAGRAM, .path = "/nonexistent/gvproxy" }, -ENOENT,
		   "network: cannot connect to /nonexistent/gvproxy: No such file or directory");
	snprintf(text, sizeof(text), "network: descriptor %d is no stream socket", pipe_fds[0]);
	open_fails(&(struct net_config){ .kind = NET_UNIX_STREAM, .fd = pipe_fds[0] }, -ENOTSOCK, text);
	open_fails(&(struct net_config){ .kind = NET_UNIX_STREAM, .fd = 999 }, -EBADF,
		   "network: descriptor 999: Bad file descriptor");
	if (access("/dev/net/tun", R_OK | W_OK) == 0 && getuid() == 0)
		open_fails(&(struct net_config){ .kind = NET_TAP, .fd = -1, .path = "lo" }, -EINVAL,
			   "network: lo is no TAP interface");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

/* gvproxy's side: the first datagram is its word, and its sender is whom frames are for. */
static void gvproxy_is_greeted_and_answers(void **state)
{
	struct sockaddr_un own = { .sun_family = AF_UNIX }, from;
	socklen_t size = sizeof(from);
	struct net_backend backend = { 0 };
	struct failure failure = { "" };
	struct net_frame frame;
	uint8_t bytes[60] = { 1, 2, 3 };
	char got[100];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(own.sun_path, sizeof(own.sun_path), "/tmp/walnut-test-gvproxy-%d", (int)getpid());
	unlink(own.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(net_backend_open(&backend, &(struct net_config){ .kind = NET_UNIX_DATAGRAM, .vfkit = true,
									   .path = own.sun_path }, &failure), 0);
	assert_int_equal(recvfrom(fd, got, sizeof(got), 0, (struct sockaddr *)&from, &size), 4);
	assert_memory_equal(got, "VFKT", 4);
	assert_int_equal(connect(fd, (struct sockaddr *)&from, size), 0);
	assert_int_equal(send(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(backend.ops->receive(&backend, &frame), 1);
	assert_int_equal(frame.size, sizeof(bytes));
	assert_memory_equal(frame.data, bytes, sizeof(bytes));
	net_backend_close(&backend);
	close(fd);
	unlink(own.sun_path);
}

#define STREAM(test) cmocka_unit_test_setup_teardown(test, setup_stream, teardown)
#define DATAGRAM(test) cmocka_unit_test_setup_teardown(test, setup_datagram, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM(device_describes_itself),
		STREAM(frames_go_both_ways),
		STREAM(frames_come_in_pieces),
		STREAM(large_frames_fill_several_buffers),
		STREAM(without_merging_large_frames_are_lost),
		STREAM(frames_wait_for_buffers),
		STREAM(the_device_asks_for_the_buffer_it_lacks),
		STREAM(a_slow_wire_slows_the_guest_down),
		STREAM(the_link_goes_down_with_the_other_side),
		STREAM(the_link_goes_down_while_frames_wait_to_be_sent),
		cmocka_unit_test(sizes_that_no_frame_has_end_a_stream),
		STREAM(checksums_are_completed),
		STREAM(checksums_outside_of_the_frame_lose_it),
		STREAM(frames_of_no_size_are_lost),
		STREAM(buffers_that_break_the_rules_stop_the_device),
		STREAM(tiny_buffers_do_not_take_a_large_frame),
		DATAGRAM(datagrams_are_frames),
		DATAGRAM(a_full_datagram_socket_slows_the_guest_down),
		cmocka_unit_test(what_cannot_be_opened_is_told),
		cmocka_unit_test(gvproxy_is_greeted_and_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
