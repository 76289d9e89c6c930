/* vmm/virtio/vsock.c and vmm/vsock/: connections between a fake guest and real unix
 * sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "libkrun.h"
#include "vsock_guest.h"

#define OUT_PORT 1000u /* the guest connects to it */
#define IN_PORT 2000u  /* the host connects to it */
#define NO_PORT 3000u  /* leads to a path where nobody listens */
#define GUEST_PORT 40000u

struct fixture {
	struct vsock_guest guest;
	char dir[64];
	struct vsock_port_config ports[3];
	int listener; /* at the path of OUT_PORT */
};

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	return to;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const uint32_t numbers[] = { OUT_PORT, IN_PORT, NO_PORT };
	struct sockaddr_un to;

	snprintf(f->dir, sizeof(f->dir), "/tmp/walnut-vsock-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	for (unsigned i = 0; i < 3; i++) {
		f->ports[i] = (struct vsock_port_config){ numbers[i], malloc(100), numbers[i] == IN_PORT };
		snprintf(f->ports[i].path, 100, "%s/%u", f->dir, numbers[i]);
	}
	to = address(f->ports[0].path);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(f->listener, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(f->listener, 128), 0);
	assert_int_equal(guest_create(&f->guest, &(struct vsock_config){ .ports = f->ports, .port_count = 3 }), 0);
	guest_start(&f->guest, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	guest_destroy(&f->guest);
	assert_int_not_equal(access(f->ports[1].path, F_OK), 0); /* the listener's file is gone */
	close(f->listener);
	unlink(f->ports[0].path);
	assert_int_equal(rmdir(f->dir), 0);
	for (unsigned i = 0; i < 3; i++)
		free(f->ports[i].path);
	free(f);
	return 0;
}

static struct guest_packet take(struct fixture *f, uint16_t op)
{
	struct guest_packet packet;

	assert_true(guest_take(&f->guest, &packet));
	assert_int_equal(packet.header.op, op);
	assert_int_equal(packet.header.src_cid, VSOCK_CID_HOST);
	assert_int_equal(packet.header.dst_cid, VSOCK_CID_GUEST);
	return packet;
}

static void take_nothing(struct fixture *f)
{
	struct guest_packet packet;

	assert_false(guest_take(&f->guest, &packet));
}

/* From the guest to the host: both ends open. Returns the host's. */
static int connect_out(struct fixture *f, uint32_t guest_port)
{
	struct guest_packet response;
	int fd;

	assert_true(guest_send(&f->guest, VSOCK_OP_REQUEST, guest_port, OUT_PORT));
	response = take(f, VSOCK_OP_RESPONSE);
	assert_int_equal(response.header.dst_port, guest_port);
	assert_int_equal(response.header.src_port, OUT_PORT);
	assert_true(response.header.buf_alloc >= 16384);
	fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK);
	assert_true(fd >= 0);
	return fd;
}

static void send_data(struct fixture *f, const void *data, uint32_t size)
{
	assert_true(guest_send_data(&f->guest, guest_header(&f->guest, VSOCK_OP_RW, GUEST_PORT, OUT_PORT), data, size));
}

static void bytes_go_both_ways(void **state)
{
	struct fixture *f = *state;
	int fd = connect_out(f, GUEST_PORT);
	struct guest_packet packet;
	char buffer[16] = "";

	send_data(f, "hello", 5);
	assert_int_equal(read(fd, buffer, sizeof(buffer)), 5);
	assert_memory_equal(buffer, "hello", 5);
	assert_int_equal(write(fd, "world!", 6), 6);
	packet = take(f, VSOCK_OP_RW);
	assert_int_equal(packet.header.len, 6);
	assert_int_equal(packet.header.fwd_cnt, 5);
	assert_memory_equal(packet.data, "world!", 6);
	take_nothing(f);
	close(fd);
}

static void only_the_packet_is_sent_not_the_buffer(void **state)
{
	struct fixture *f = *state;
	int fd = connect_out(f, GUEST_PORT);
	struct vsock_header header = guest_header(&f->guest, VSOCK_OP_RW, GUEST_PORT, OUT_PORT);
	uint8_t bytes[200] = { 0 };
	char buffer[200];

	header.len = 3;
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), "abcdef", 6);
	assert_true(guest_send_raw(&f->guest, bytes, sizeof(bytes)));
	assert_int_equal(read(fd, buffer, sizeof(buffer)), 3);
	close(fd);
}

static void nobody_listens_is_a_reset(void **state)
{
	struct fixture *f = *state;

	assert_true(guest_send(&f->guest, VSOCK_OP_REQUEST, GUEST_PORT, NO_PORT));
	take(f, VSOCK_OP_RST);
	assert_true(guest_send(&f->guest, VSOCK_OP_REQUEST, GUEST_PORT, 77));
	take(f, VSOCK_OP_RST);
	assert_true(guest_send(&f->guest, VSOCK_OP_REQUEST, GUEST_PORT, IN_PORT)); /* the other direction's */
	take(f, VSOCK_OP_RST);
	take_nothing(f);
}

static void packets_to_nowhere_are_reset_but_resets_are_not(void **state)
{
	struct fixture *f = *state;
	const uint16_t ops[] = { VSOCK_OP_INVALID, VSOCK_OP_RESPONSE, VSOCK_OP_SHUTDOWN, VSOCK_OP_RW,
				 VSOCK_OP_CREDIT_UPDATE, VSOCK_OP_CREDIT_REQUEST, 99 };
	struct vsock_header header;

	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		assert_true(guest_send(&f->guest, ops[i], 5, 6));
		assert_int_equal(take(f, VSOCK_OP_RST).header.dst_port, 5);
	}
	assert_true(guest_send(&f->guest, VSOCK_OP_RST, 5, 6));
	take_nothing(f);
	header = guest_header(&f->guest, VSOCK_OP_REQUEST, GUEST_PORT, OUT_PORT);
	header.type = VSOCK_TYPE_SEQPACKET;
	assert_true(guest_send_data(&f->guest, header, "", 0));
	assert_int_equal(take(f, VSOCK_OP_RST).header.type, VSOCK_TYPE_SEQPACKET);
}

static void host_half_closes(void **state)
{
	struct fixture *f = *state;
	int fd = connect_out(f, GUEST_PORT);
	char buffer[16];

	assert_int_equal(write(fd, "last", 4), 4);
	shutdown(fd, SHUT_WR);
	assert_int_equal(take(f, VSOCK_OP_RW).header.len, 4);
	assert_int_equal(take(f, VSOCK_OP_SHUTDOWN).header.flags, VSOCK_SHUTDOWN_SEND);
	take_nothing(f);
	send_data(f, "still here", 10);
	assert_int_equal(read(fd, buffer, sizeof(buffer)), 10);
	close(fd);
}

static void guest_half_closes(void **state)
{
	struct fixture *f = *state;
	int fd = connect_out(f, GUEST_PORT);
	struct vsock_header header = guest_header(&f->guest, VSOCK_OP_SHUTDOWN, GUEST_PORT, OUT_PORT);
	char buffer[16];

	send_data(f, "last", 4);
	header.flags = VSOCK_SHUTDOWN_SEND;
	assert_true(guest_send_data(&f->guest, header, "", 0));
	assert_int_equal(read(fd, buffer, sizeof(buffer)), 4);
	assert_int_equal(read(fd, buffer, sizeof(buffer)), 0);
	assert_int_equal(write(fd, "answer", 6), 6);
	assert_int_equal(take(f, VSOCK_OP_RW).header.len, 6);
	header.flags = VSOCK_SHUTDOWN_RECEIVE; /* and the other half */
	assert_true(guest_send_data(&f->guest, header, "", 0));
	take(f, VSOCK_OP_RST);
	assert_int_equal(write(fd, "x", 1), -1);
	close(fd);
}

static void data_after_the_end_is_a_protocol_error(void **state)
{
	struct fixture *f = *state;
	int fd = connect_out(f, GUEST_PORT);
	struct vsock_header header = guest_header(&f->guest, VSOCK_OP_SHUTDOWN, GUEST_PORT, OUT_PORT);

	header.flags = VSOCK_SHUTDOWN_SEND;
	assert_true(guest_send_data(&f->guest, header, "", 0));
	send_data(f, "x", 1);
	take(f, VSOCK_OP_RST);
	send_data(f, "x", 1); /* to nobody */
	take(f, VSOCK_OP_RST);
	close(fd);
}

static void second_request_is_a_protocol_error(void **state)
{
	struct fixture *f = *state;
	int fd = connect_out(f, GUEST_PORT);
	char byte;

	assert_true(guest_send(&f->guest, VSOCK_OP_REQUEST, GUEST_PORT, OUT_PORT));
	take(f, VSOCK_OP_RST);
	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
}

static void host_closes(void **state)
{
	struct fixture *f = *state;
	int fd = connect_out(f, GUEST_PORT);

	assert_int_equal(write(fd, "bye", 3), 3);
	close(fd);
	assert_int_equal(take(f, VSOCK_OP_RW).header.len, 3);
	assert_int_equal(take(f, VSOCK_OP_SHUTDOWN).header.flags, VSOCK_SHUTDOWN_SEND);
	send_data(f, "too late", 8); /* nobody takes it: now both directions are over */
	assert_int_equal(take(f, VSOCK_OP_SHUTDOWN).header.flags, VSOCK_SHUTDOWN_BOTH);
	take(f, VSOCK_OP_RST);
	assert_int_equal(f->guest.vsock.hub.table.count, 0);
}

static void guest_resets(void **state)
{
	struct fixture *f = *state;
	int fd = connect_out(f, GUEST_PORT);
	char byte;

	assert_true(guest_send(&f->guest, VSOCK_OP_RST, GUEST_PORT, OUT_PORT));
	take_nothing(f);
	assert_int_equal(read(fd, &byte, 1), 0);
	assert_int_equal(f->guest.vsock.hub.table.count, 0);
	close(fd);
}

static int connect_in(struct fixture *f)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_un to = address(f->ports[1].path);

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void host_connects(void **state)
{
	struct fixture *f = *state;
	int fd = connect_in(f);
	struct guest_packet request = take(f, VSOCK_OP_REQUEST);
	uint32_t host_port = request.header.src_port;
	struct vsock_header header = guest_header(&f->guest, VSOCK_OP_RW, IN_PORT, host_port);
	char buffer[16];

	assert_int_equal(request.header.dst_port, IN_PORT);
	assert_int_equal(write(fd, "early", 5), 5);
	take_nothing(f); /* not before the guest agrees */
	assert_true(guest_send(&f->guest, VSOCK_OP_RESPONSE, IN_PORT, host_port));
	assert_int_equal(take(f, VSOCK_OP_RW).header.len, 5);
	assert_true(guest_send_data(&f->guest, header, "hi", 2));
	assert_int_equal(read(fd, buffer, sizeof(buffer)), 2);
	close(fd);
}

static void client_that_left_early_is_still_heard(void **state)
{
	struct fixture *f = *state;
	int fd = connect_in(f);
	uint32_t host_port = take(f, VSOCK_OP_REQUEST).header.src_port;

	assert_int_equal(write(fd, "message", 7), 7);
	close(fd);
	take_nothing(f);
	assert_true(guest_send(&f->guest, VSOCK_OP_RESPONSE, IN_PORT, host_port));
	assert_int_equal(take(f, VSOCK_OP_RW).header.len, 7);
	take(f, VSOCK_OP_SHUTDOWN);
}

static void guest_refuses(void **state)
{
	struct fixture *f = *state;
	int fd = connect_in(f);
	struct guest_packet request = take(f, VSOCK_OP_REQUEST);
	char byte;

	assert_true(guest_send(&f->guest, VSOCK_OP_RST, IN_PORT, request.header.src_port));
	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
}

static void unanswered_requests_have_a_limit(void **state)
{
	struct fixture *f = *state;
	int fds[VSOCK_PORT_UNANSWERED_MAX + 10];
	struct guest_packet packet;
	unsigned requests = 0;

	for (unsigned i = 0; i < VSOCK_PORT_UNANSWERED_MAX + 10; i++)
		fds[i] = connect_in(f);
	while (guest_take(&f->guest, &packet))
		requests++;
	assert_int_equal(requests, VSOCK_PORT_UNANSWERED_MAX);
	assert_true(guest_send(&f->guest, VSOCK_OP_RESPONSE, IN_PORT, packet.header.src_port));
	take(f, VSOCK_OP_REQUEST); /* one answered, one more offered */
	take_nothing(f);
	for (unsigned i = 0; i < VSOCK_PORT_UNANSWERED_MAX + 10; i++)
		close(fds[i]);
}

static void credit_of_the_guest_is_kept(void **state)
{
	struct fixture *f = *state;
	struct guest_packet packet;
	char data[3000] = { 0 };
	uint32_t got = 0;
	int fd;

	f->guest.buf_alloc = 1000;
	fd = connect_out(f, GUEST_PORT);
	assert_int_equal(write(fd, data, sizeof(data)), sizeof(data));
	assert_int_equal(take(f, VSOCK_OP_RW).header.len, 1000);
	take(f, VSOCK_OP_CREDIT_REQUEST);
	take_nothing(f);
	assert_true(guest_send(&f->guest, VSOCK_OP_CREDIT_UPDATE, GUEST_PORT, OUT_PORT)); /* nothing new */
	take_nothing(f);
	f->guest.fwd_cnt = 5000; /* more than it got: not believed */
	assert_true(guest_send(&f->guest, VSOCK_OP_CREDIT_UPDATE, GUEST_PORT, OUT_PORT));
	take_nothing(f);
	for (got = 1000; got < sizeof(data); got += packet.header.len) {
		f->guest.fwd_cnt = got;
		assert_true(guest_send(&f->guest, VSOCK_OP_CREDIT_UPDATE, GUEST_PORT, OUT_PORT));
		packet = take(f, VSOCK_OP_RW);
		assert_true(packet.header.len <= 1000);
		while (guest_take(&f->guest, &packet) && packet.header.op == VSOCK_OP_CREDIT_REQUEST)
			packet.header.len = 0;
		packet.header.len = 1000;
	}
	close(fd);
}

static uint32_t window(struct fixture *f)
{
	return vsock_table_at(&f->guest.vsock.hub.table, 0)->window;
}

static void slow_host_is_waited_for_within_the_window(void **state)
{
	struct fixture *f = *state;
	int fd = connect_out(f, GUEST_PORT);
	uint8_t chunk[4096], got[4096];
	uint32_t sent = 0, received = 0, fwd_cnt = 0, limit = window(f);
	struct guest_packet packet;
	ssize_t n;

	/* As much as credit allows, with nobody reading. */
	while (sent - fwd_cnt < limit) {
		for (unsigned i = 0; i < sizeof(chunk); i++)
			chunk[i] = (uint8_t)((sent + i) * 7 >> 3);
		send_data(f, chunk, sizeof(chunk));
		sent += sizeof(chunk);
		while (guest_take(&f->guest, &packet)) {
			assert_int_equal(packet.header.op, VSOCK_OP_CREDIT_UPDATE);
			fwd_cnt = packet.header.fwd_cnt;
		}
	}
	assert_true(sent > limit);
	while ((n = read(fd, got, sizeof(got))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(got[i], (uint8_t)((received + (uint32_t)i) * 7 >> 3));
		received += (uint32_t)n;
		guest_turn(&f->guest);
	}
	assert_int_equal(received, sent);
	while (guest_take(&f->guest, &packet))
		fwd_cnt = packet.header.fwd_cnt;
	assert_true(sent - fwd_cnt <= limit / 2); /* and the guest knows that it may go on */
	close(fd);
}

static void guest_that_ignores_credit_is_reset(void **state)
{
	struct fixture *f = *state;
	int fd = connect_out(f, GUEST_PORT);
	uint8_t chunk[65536] = { 0 };
	struct guest_packet packet = { 0 };

	for (unsigned i = 0; i < 100 && packet.header.op != VSOCK_OP_RST; i++) {
		send_data(f, chunk, sizeof(chunk));
		while (guest_take(&f->guest, &packet) && packet.header.op != VSOCK_OP_RST)
			;
	}
	assert_int_equal(packet.header.op, VSOCK_OP_RST);
	close(fd);
}

static void close_with_data_on_the_way_delivers_it(void **state)
{
	struct fixture *f = *state;
	int fd = connect_out(f, GUEST_PORT);
	struct vsock_header header = guest_header(&f->guest, VSOCK_OP_SHUTDOWN, GUEST_PORT, OUT_PORT);
	uint8_t chunk[65536] = { 0 };
	struct guest_packet packet;
	uint32_t sent = 0, received = 0;
	ssize_t n;

	while (sent < window(f)) {
		send_data(f, chunk, sizeof(chunk));
		sent += sizeof(chunk);
	}
	header.flags = VSOCK_SHUTDOWN_BOTH;
	assert_true(guest_send_data(&f->guest, header, "", 0));
	do
		assert_true(guest_take(&f->guest, &packet));
	while (packet.header.op == VSOCK_OP_CREDIT_UPDATE);
	assert_int_equal(packet.header.op, VSOCK_OP_RST);
	/* The ports are free for the next one before the last byte is gone. */
	close(connect_out(f, GUEST_PORT));
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		received += (uint32_t)n;
		guest_turn(&f->guest);
	}
	assert_int_equal(n, 0);
	assert_int_equal(received, sent);
	close(fd);
}

static void short_packet_stops_the_device(void **state)
{
	struct fixture *f = *state;
	struct vsock_header header = guest_header(&f->guest, VSOCK_OP_RW, 1, 2);

	assert_false(guest_send_raw(&f->guest, &header, sizeof(header) - 1));
	assert_true(f->guest.vsock.device.status & VIRTIO_STATUS_NEEDS_RESET);
	guest_start(&f->guest, 0);
	close(connect_out(f, GUEST_PORT));
}

static void packet_longer_than_its_buffer_stops_the_device(void **state)
{
	struct fixture *f = *state;
	struct vsock_header header = guest_header(&f->guest, VSOCK_OP_RW, 1, 2);

	header.len = 1;
	assert_false(guest_send_raw(&f->guest, &header, sizeof(header)));
	guest_start(&f->guest, 0);
	header.len = UINT32_MAX;
	assert_false(guest_send_raw(&f->guest, &header, sizeof(header)));
}

static void reset_of_the_device_ends_connections(void **state)
{
	struct fixture *f = *state;
	int fd = connect_out(f, GUEST_PORT);
	char byte;

	guest_start(&f->guest, 0);
	assert_int_equal(read(fd, &byte, 1), 0);
	assert_int_equal(f->guest.vsock.hub.table.count, 0);
	take_nothing(f);
	close(fd);
}

static void answers_wait_for_buffers_and_hold_the_guest_up(void **state)
{
	struct fixture *f = *state;
	struct vsock_guest *g = &f->guest;
	struct guest_packet packet;
	unsigned sent = 0, resets = 0;

	/* Without buffers for answers, the device stops taking packets at some time. */
	g->keep_buffers = true;
	while (guest_send(g, VSOCK_OP_RW, sent + 1, 6))
		sent++;
	assert_int_equal(sent, GUEST_QUEUE_SIZE + VSOCK_REPLIES_MAX);
	g->keep_buffers = false;
	while (guest_take(g, &packet))
		assert_int_equal(packet.header.dst_port, ++resets);
	assert_int_equal(resets, sent + 1); /* the one that had to wait, too */
}

static void thousands_of_connections(void **state)
{
	struct fixture *f = *state;
	struct rlimit limit;
	const uint32_t count = 8000; /* both ends are ours */
	int *fds = calloc(count, sizeof(*fds));
	struct guest_packet packet;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < 2 * count + 100 || f->guest.vsock.hub.conn_max < count) {
		free(fds);
		skip();
	}
	for (uint32_t i = 0; i < count; i++)
		fds[i] = connect_out(f, GUEST_PORT + i);
	for (uint32_t i = 0; i < count; i += 7)
		assert_int_equal(write(fds[i], &i, sizeof(i)), sizeof(i));
	for (uint32_t i = 0; i < count; i += 7) {
		uint32_t value;

		assert_true(guest_take(&f->guest, &packet));
		memcpy(&value, packet.data, sizeof(value));
		assert_int_equal(packet.header.dst_port, GUEST_PORT + value);
	}
	for (uint32_t i = 0; i < count; i++) {
		close(fds[i]);
		assert_true(guest_send(&f->guest, VSOCK_OP_RST, GUEST_PORT + i, OUT_PORT));
	}
	while (guest_take(&f->guest, &packet))
		;
	assert_int_equal(f->guest.vsock.hub.table.count, 0);
	free(fds);
}

static void connections_take_turns(void **state)
{
	struct fixture *f = *state;
	struct guest_packet packet;
	char data[3 * 4096] = { 0 };
	uint32_t last = 0;
	int a = connect_out(f, 1), b = connect_out(f, 2);

	f->guest.keep_buffers = true;
	assert_int_equal(write(a, data, sizeof(data)), sizeof(data));
	assert_int_equal(write(b, data, sizeof(data)), sizeof(data));
	for (unsigned i = 0; i < 6; i++) {
		assert_true(guest_take(&f->guest, &packet));
		assert_int_not_equal(packet.header.dst_port, last);
		last = packet.header.dst_port;
	}
	close(a);
	close(b);
}

static void what_was_sent_before_the_end_arrives(void **state)
{
	struct fixture *f = *state;
	struct vsock_guest *g = &f->guest;
	struct vsock_header header = guest_header(g, VSOCK_OP_RW, GUEST_PORT, OUT_PORT);
	int fd = connect_out(f, GUEST_PORT);
	uint8_t *to = test_ram_at(&g->ram, GUEST_TX_BUFFER);
	char buffer[8];

	header.len = 4;
	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), "last", 4);
	test_offer_buffer(&g->tx, 0, GUEST_TX_BUFFER, sizeof(header) + 4, 0);
	vsock_ops.close(&g->vsock.device); /* no notification came */
	assert_int_equal(read(fd, buffer, sizeof(buffer)), 4);
	assert_int_equal(read(fd, buffer, sizeof(buffer)), 0);
	close(fd);
}

static void listening_needs_a_free_path(void **state)
{
	struct fixture *f = *state;
	struct vsock_port_config port = { 5, f->ports[1].path, true };
	struct vsock_guest second = { 0 };

	assert_int_equal(guest_create(&second, &(struct vsock_config){ .ports = &port, .port_count = 1 }), -EADDRINUSE);
	assert_non_null(strstr(second.failure.text, "vsock port 5: cannot listen at "));
	guest_destroy(&second);
	assert_int_equal(access(f->ports[1].path, F_OK), 0); /* the first one's is still there */
}

static void api_checks_what_it_is_told(void **state)
{
	uint32_t ctx = (uint32_t)krun_create_ctx();
	char longest[200];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(krun_add_vsock_port(ctx, 1, "/nowhere"), 0);
	assert_int_equal(krun_add_vsock_port2(ctx, 1, "/nowhere", true), -EEXIST); /* the port */
	assert_int_equal(krun_add_vsock_port2(ctx, 2, "/tmp", true), -EEXIST);	   /* the path */
	assert_int_equal(krun_add_vsock_port(ctx, 3, NULL), -EINVAL);
	assert_int_equal(krun_add_vsock_port(ctx, 3, ""), -EINVAL);
	assert_int_equal(krun_add_vsock_port(ctx, 3, longest), -ENAMETOOLONG);
	assert_int_equal(krun_add_vsock(ctx, 4), -EINVAL);
	assert_int_equal(krun_add_vsock(ctx, 0), -EEXIST);
	assert_int_equal(krun_disable_implicit_vsock(ctx), 0);
	assert_int_equal(krun_add_vsock_port(ctx, 4, "/nowhere"), -ENODEV);
	assert_int_equal(krun_add_vsock(ctx, 0), 0);
	assert_int_equal(krun_add_vsock(ctx, 0), -EEXIST);
	assert_int_equal(krun_add_vsock_port(ctx, 4, "/nowhere"), 0);
	assert_int_equal(krun_free_ctx(ctx), 0);
	assert_int_equal(krun_add_vsock_port(ctx, 5, "/nowhere"), -ENOENT);
	assert_int_equal(krun_disable_implicit_vsock(ctx), -ENOENT);
}

int main(void)
{
#define VSOCK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		VSOCK_TEST(bytes_go_both_ways),
		VSOCK_TEST(only_the_packet_is_sent_not_the_buffer),
		VSOCK_TEST(nobody_listens_is_a_reset),
		VSOCK_TEST(packets_to_nowhere_are_reset_but_resets_are_not),
		VSOCK_TEST(host_half_closes),
		VSOCK_TEST(guest_half_closes),
		VSOCK_TEST(data_after_the_end_is_a_protocol_error),
		VSOCK_TEST(second_request_is_a_protocol_error),
		VSOCK_TEST(host_closes),
		VSOCK_TEST(guest_resets),
		VSOCK_TEST(host_connects),
		VSOCK_TEST(client_that_left_early_is_still_heard),
		VSOCK_TEST(guest_refuses),
		VSOCK_TEST(unanswered_requests_have_a_limit),
		VSOCK_TEST(credit_of_the_guest_is_kept),
		VSOCK_TEST(slow_host_is_waited_for_within_the_window),
		VSOCK_TEST(guest_that_ignores_credit_is_reset),
		VSOCK_TEST(close_with_data_on_the_way_delivers_it),
		VSOCK_TEST(short_packet_stops_the_device),
		VSOCK_TEST(packet_longer_than_its_buffer_stops_the_device),
		VSOCK_TEST(reset_of_the_device_ends_connections),
		VSOCK_TEST(answers_wait_for_buffers_and_hold_the_guest_up),
		VSOCK_TEST(thousands_of_connections),
		VSOCK_TEST(connections_take_turns),
		VSOCK_TEST(what_was_sent_before_the_end_arrives),
		VSOCK_TEST(listening_needs_a_free_path),
		cmocka_unit_test(api_checks_what_it_is_told),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
