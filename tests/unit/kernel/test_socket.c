/* kernel/runtime/net/tsi/: sockets over a link whose other end is this test: a host that is
 * good, or one that breaks every rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "mem/space.h"
#include "net/linux_errno.h"
#include "net/tsi/link.h"
#include "net/tsi/socket.h"

#define SENT_MAX 4096

struct sent {
	struct vsock_header header;
	uint8_t data[200];
};

static struct sent sent[SENT_MAX];
static unsigned sent_count, sent_seen;
static unsigned room; /* packets that the link takes */
static int32_t host_result;
static struct socket_address host_name;

void *space_allocate(size_t size)
{
	return calloc(1, size);
}

struct socket *network_open(uint16_t family, uint16_t type)
{
	return tsi_open(family, type);
}

bool link_start(void)
{
	return true;
}

bool link_has_tsi(void)
{
	return true;
}

bool link_is_extended(void)
{
	return true;
}

bool link_can_send(void)
{
	return room > 0;
}

/* Payloads that sockets keep in place. */
static unsigned kept;

bool link_can_keep(void)
{
	return kept < 8;
}

void link_keep(const uint8_t *data)
{
	kept++;
}

void link_release(const uint8_t *data)
{
	assert_true(kept-- > 0);
}

/* A host that answers each request. */
static void answer(const struct vsock_header *header)
{
	struct tsi_name reply = { .result = host_result, .address.size = host_name.size };
	struct vsock_header answer = {
		.src_cid = VSOCK_CID_HOST, .dst_cid = VSOCK_CID_GUEST, .src_port = header->dst_port,
		.dst_port = header->src_port, .type = VSOCK_TYPE_DGRAM, .op = VSOCK_OP_RW, .len = sizeof(reply),
	};

	memcpy(reply.address.bytes, host_name.bytes, sizeof(host_name.bytes));
	tsi_packet(&answer, (const uint8_t *)&reply);
}

void link_send(struct vsock_header *header, const void *prefix, size_t prefix_size, const void *data, size_t size,
	       bool more)
{
	struct sent *to = &sent[sent_count++ % SENT_MAX];

	assert_true(room > 0);
	assert_true(prefix_size + size <= LINK_PAYLOAD_MAX);
	room--;
	header->len = (uint32_t)(prefix_size + size);
	to->header = *header;
	if (prefix_size + size <= sizeof(to->data)) {
		if (prefix_size)
			memcpy(to->data, prefix, prefix_size);
		if (size)
			memcpy(to->data + prefix_size, data, size);
	}
}

/* The requests that wait are answered here. */
bool link_poll(void)
{
	const struct sent *last = &sent[(sent_count - 1) % SENT_MAX];

	if (last->header.type != VSOCK_TYPE_DGRAM)
		return false;
	answer(&last->header);
	return true;
}

/* Room for packets comes by itself; nothing else would end a wait. */
void link_wait(uint64_t deadline)
{
	assert_int_equal(room, 0);
	room = 1000;
}

static int setup(void **state)
{
	assert_int_equal(kept, 0);
	room = 1000000;
	sent_count = sent_seen = 0;
	host_result = 0;
	host_name = (struct socket_address){ 0 };
	return 0;
}

static const struct sent *next_sent(void)
{
	return sent_seen < sent_count ? &sent[sent_seen++ % SENT_MAX] : NULL;
}

static const struct sent *expect(uint16_t op)
{
	const struct sent *packet;

	tsi_flush();
	do {
		packet = next_sent();
		assert_non_null(packet);
	} while (packet->header.type != VSOCK_TYPE_STREAM);
	assert_int_equal(packet->header.op, op);
	return packet;
}

static void expect_nothing(void)
{
	tsi_flush();
	for (const struct sent *packet; (packet = next_sent());)
		assert_int_not_equal(packet->header.type, VSOCK_TYPE_STREAM);
}

static struct vsock_header from_host(const struct socket *base, uint16_t op)
{
	const struct tsi_socket *socket = (const struct tsi_socket *)base;

	return (struct vsock_header){
		.src_cid = VSOCK_CID_HOST, .dst_cid = VSOCK_CID_GUEST, .src_port = socket->peer_port,
		.dst_port = socket->port, .type = VSOCK_TYPE_STREAM, .op = op, .buf_alloc = 100000,
	};
}

static void host_says(const struct socket *socket, uint16_t op)
{
	struct vsock_header header = from_host(socket, op);

	tsi_packet(&header, NULL);
}

static void host_sends(const struct socket *socket, const void *data, uint32_t size)
{
	struct vsock_header header = from_host(socket, VSOCK_OP_RW);

	header.len = size;
	tsi_packet(&header, data);
}

static void host_ends(const struct socket *socket, uint32_t flags)
{
	struct vsock_header header = from_host(socket, VSOCK_OP_SHUTDOWN);

	header.flags = flags;
	tsi_packet(&header, NULL);
}

static struct socket_address somewhere(void)
{
	return (struct socket_address){ TSI_ADDRESS_INET, { SOCKET_INET, 0, 0, 80, 127, 0, 0, 1 } };
}

static void host_connects(const struct socket *socket, int32_t result)
{
	struct vsock_header header = from_host(socket, VSOCK_OP_RW);
	struct tsi_result reply = { result };

	header.type = VSOCK_TYPE_DGRAM;
	header.src_port = TSI_CONNECT;
	header.len = sizeof(reply);
	tsi_packet(&header, (const uint8_t *)&reply);
}

static struct socket *connected(void)
{
	struct socket *socket = tsi_open(SOCKET_INET, SOCKET_STREAM);
	struct socket_address to = somewhere();

	assert_non_null(socket);
	assert_int_equal(socket_connect(socket, &to), -LINUX_EINPROGRESS);
	assert_int_equal(socket_connect(socket, &to), -LINUX_EALREADY);
	host_connects(socket, 0);
	expect(VSOCK_OP_REQUEST);
	host_says(socket, VSOCK_OP_RESPONSE);
	assert_int_equal(socket->state, SOCKET_CONNECTED);
	return socket;
}

static void finish(struct socket *socket)
{
	socket_close(socket);
	assert_int_equal(expect(VSOCK_OP_SHUTDOWN)->header.flags, VSOCK_SHUTDOWN_BOTH);
	host_says(socket, VSOCK_OP_RST);
	expect_nothing();
}

static void streams_carry_bytes(void **state)
{
	struct socket *socket = connected();
	char data[8];

	assert_false(socket_readable(socket));
	host_sends(socket, "abc", 3);
	host_sends(socket, "def", 3);
	assert_true(socket_readable(socket));
	assert_int_equal(socket_peek(socket, 2, data, 3), 3);
	assert_memory_equal(data, "cde", 3);
	socket_consume(socket, 4);
	assert_int_equal(socket_peek(socket, 0, data, sizeof(data)), 2);
	assert_int_equal(socket_send(socket, "xyz", 3), 3);
	assert_memory_equal(expect(VSOCK_OP_RW)->data, "xyz", 3);
	host_ends(socket, VSOCK_SHUTDOWN_SEND);
	assert_true(socket_at_end(socket));
	finish(socket);
}

static void refused_connection_can_be_tried_again(void **state)
{
	struct socket *socket = tsi_open(SOCKET_INET, SOCKET_STREAM);
	struct socket_address to = somewhere();

	socket_connect(socket, &to);
	host_connects(socket, -LINUX_ECONNREFUSED);
	assert_true(socket_writable(socket));
	assert_int_equal(socket_take_error(socket), -LINUX_ECONNREFUSED);
	assert_int_equal(socket_connect(socket, &to), -LINUX_EINPROGRESS);
	host_connects(socket, 0);
	expect(VSOCK_OP_REQUEST);
	host_says(socket, VSOCK_OP_RST); /* changed its mind */
	assert_int_equal(socket_take_error(socket), -LINUX_ECONNREFUSED);
	socket_close(socket);
}

static void credit_is_kept_and_given(void **state)
{
	struct socket *socket = connected();
	static uint8_t data[200000];
	struct vsock_header header;
	uint32_t total = 0;

	assert_int_equal(socket_send(socket, data, sizeof(data)), 100000);
	assert_false(socket_writable(socket));
	header = from_host(socket, VSOCK_OP_CREDIT_UPDATE);
	header.fwd_cnt = 200000; /* more than was sent: a lie */
	tsi_packet(&header, NULL);
	assert_int_equal(socket_send(socket, data, 1), 0);
	header.fwd_cnt = 60000;
	tsi_packet(&header, NULL);
	assert_int_equal(socket_send(socket, data, sizeof(data)), 60000);
	while (sent_seen < sent_count)
		next_sent();
	for (; total < socket->window / 2 + 1000; total += 1000)
		host_sends(socket, data, 1000);
	expect_nothing();
	socket_consume(socket, 1000);
	assert_int_equal(expect(VSOCK_OP_CREDIT_UPDATE)->header.fwd_cnt, 1000);
	host_says(socket, VSOCK_OP_CREDIT_REQUEST);
	expect(VSOCK_OP_CREDIT_UPDATE);
	finish(socket);
}

static void host_that_ignores_credit_is_reset(void **state)
{
	struct socket *socket = connected();
	static uint8_t data[LINK_PAYLOAD_MAX];

	for (uint32_t total = 0; total <= socket->window; total += sizeof(data))
		host_sends(socket, data, sizeof(data));
	expect(VSOCK_OP_RST);
	assert_int_equal(socket->state, SOCKET_CLOSED);
	assert_true(socket->input.size <= socket->window);
	assert_int_equal(socket_take_error(socket), -LINUX_ECONNRESET);
	socket_close(socket);
}

static struct socket *listening(uint32_t backlog)
{
	struct socket *socket = tsi_open(SOCKET_INET, SOCKET_STREAM);
	struct socket_address at = somewhere();

	assert_int_equal(socket_bind(socket, &at), 0);
	assert_int_equal(socket_listen(socket, backlog), 0);
	return socket;
}

static void offer(const struct socket *listener, uint32_t host_port)
{
	struct vsock_header header = from_host(listener, VSOCK_OP_REQUEST);

	header.src_port = host_port;
	tsi_packet(&header, NULL);
}

static void clients_are_answered_as_far_as_it_goes(void **state)
{
	struct socket *listener = listening(4), *clients[20];

	for (uint32_t i = 0; i < 20; i++)
		offer(listener, 1000 + i);
	for (uint32_t i = 0; i < 16; i++)
		expect(VSOCK_OP_RESPONSE);
	expect_nothing();
	offer(listener, 1020); /* more than the backlog allows */
	assert_int_equal(expect(VSOCK_OP_RST)->header.dst_port, 1020);
	for (uint32_t i = 0; i < 20; i++) {
		assert_true(socket_readable(listener));
		clients[i] = socket_accept(listener);
		assert_int_equal(tsi_socket(clients[i])->peer_port, 1000 + i);
	}
	assert_null(socket_accept(listener));
	for (uint32_t i = 0; i < 4; i++)
		expect(VSOCK_OP_RESPONSE);
	expect_nothing();
	socket_close(listener);
	for (uint32_t i = 0; i < 20; i++)
		finish(clients[i]);
}

static void listener_that_closes_resets_its_clients(void **state)
{
	struct socket *listener = listening(10);

	for (uint32_t i = 0; i < 3; i++)
		offer(listener, 1000 + i);
	for (uint32_t i = 0; i < 3; i++)
		expect(VSOCK_OP_RESPONSE);
	socket_close(listener);
	for (uint32_t i = 0; i < 3; i++)
		expect(VSOCK_OP_RST);
	expect_nothing();
	offer(listener, 1000); /* nobody listens now */
	expect(VSOCK_OP_RST);
}

static void unpublished_listener_is_one_all_the_same(void **state)
{
	struct socket *socket = tsi_open(SOCKET_INET, SOCKET_STREAM);

	host_result = -LINUX_EPERM;
	assert_int_equal(socket_listen(socket, 1), 0);
	assert_int_equal(socket->state, SOCKET_LISTENING);
	socket_close(socket);
	host_result = -98; /* in use */
	socket = tsi_open(SOCKET_INET, SOCKET_STREAM);
	assert_int_equal(socket_listen(socket, 1), -98);
	assert_int_equal(socket->state, SOCKET_NEW);
	socket_close(socket);
}

static struct socket_address vsock_address(uint32_t cid, uint32_t port)
{
	struct socket_address address = { SOCKET_ADDRESS_VSOCK, { SOCKET_VSOCK } };

	memcpy(address.bytes + 4, &port, sizeof(port));
	memcpy(address.bytes + 8, &cid, sizeof(cid));
	return address;
}

static void vsock_streams_have_ports_of_their_own(void **state)
{
	struct socket *client = tsi_open(SOCKET_VSOCK, SOCKET_STREAM), *listener, *server;
	struct socket_address to = vsock_address(VSOCK_CID_HOST, 5000), elsewhere = vsock_address(77, 5000);
	struct socket_address at = vsock_address(UINT32_MAX, 80), name;
	uint32_t port = tsi_socket(client)->port;
	const struct sent *packet;

	assert_int_equal(socket_connect(client, &elsewhere), -LINUX_ENETUNREACH);
	assert_int_equal(socket_connect(client, &to), -LINUX_EINPROGRESS);
	packet = expect(VSOCK_OP_REQUEST);
	assert_int_equal(packet->header.src_port, port);
	assert_int_equal(packet->header.dst_port, 5000);
	host_says(client, VSOCK_OP_RESPONSE);
	assert_int_equal(client->state, SOCKET_CONNECTED);
	assert_int_equal(socket_name(client, true, &name), 0);
	assert_memory_equal(&name, &to, sizeof(name));
	assert_int_equal(socket_send(client, "x", 1), 1);
	assert_int_equal(expect(VSOCK_OP_RW)->header.dst_port, 5000);
	finish(client);

	listener = tsi_open(SOCKET_VSOCK, SOCKET_STREAM);
	assert_int_equal(socket_bind(listener, &elsewhere), -LINUX_EADDRNOTAVAIL);
	assert_int_equal(socket_bind(listener, &at), 0);
	assert_int_equal(socket_listen(listener, 4), 0);
	server = tsi_open(SOCKET_VSOCK, SOCKET_STREAM);
	assert_int_equal(socket_bind(server, &at), -LINUX_EADDRINUSE);
	socket_close(server);
	expect_nothing();
	offer(listener, 1234);
	assert_int_equal(expect(VSOCK_OP_RESPONSE)->header.src_port, 80);
	server = socket_accept(listener);
	assert_int_equal(socket_name(server, true, &name), 0);
	to = vsock_address(VSOCK_CID_HOST, 1234);
	assert_memory_equal(&name, &to, sizeof(name));
	finish(server);
	socket_close(listener);

	client = tsi_open(SOCKET_VSOCK, SOCKET_STREAM); /* nobody is there */
	assert_int_equal(socket_connect(client, &to), -LINUX_EINPROGRESS);
	expect(VSOCK_OP_REQUEST);
	host_says(client, VSOCK_OP_RST);
	assert_int_equal(socket_take_error(client), -LINUX_ECONNREFUSED);
	socket_close(client);
}

static struct socket_address loopback(uint16_t port)
{
	return (struct socket_address){
		SOCKET_ADDRESS_INET, { SOCKET_INET, 0, (uint8_t)(port >> 8), (uint8_t)port, 127, 0, 0, 1 },
	};
}

static struct socket *bound(uint16_t type, uint16_t port)
{
	struct socket_address any = socket_any_address(SOCKET_INET);
	struct socket *socket = tsi_open(SOCKET_INET, type);

	any.bytes[2] = (uint8_t)(port >> 8);
	any.bytes[3] = (uint8_t)port;
	host_result = -LINUX_EPERM; /* nothing is published */
	assert_int_equal(socket_bind(socket, &any), 0);
	return socket;
}

static struct socket *listening_here(uint16_t port, uint32_t backlog)
{
	struct socket *socket = bound(SOCKET_STREAM, port);

	assert_int_equal(socket_listen(socket, backlog), 0);
	return socket;
}

static void own_streams_reach_each_other(void **state)
{
	struct socket *listener = listening_here(80, 1), *client = tsi_open(SOCKET_INET, SOCKET_STREAM), *server, *late;
	struct socket_address to = loopback(80), any = socket_any_address(SOCKET_INET), name, other;
	static char data[1 << 20];
	size_t size;

	any.bytes[3] = 80;
	sent_seen = sent_count;
	assert_int_equal(socket_connect(client, &any), 0); /* any address is the loopback */
	assert_null(next_sent());			   /* the host hears nothing of it */
	late = tsi_open(SOCKET_INET, SOCKET_STREAM);
	assert_int_equal(socket_connect(late, &to), -LINUX_ECONNREFUSED); /* more than the backlog */
	server = socket_accept(listener);
	assert_non_null(server);
	assert_int_equal(socket_name(client, true, &name), 0);
	assert_memory_equal(&name, &to, sizeof(name));
	assert_int_equal(socket_name(client, false, &name), 0);
	assert_int_equal(socket_name(server, true, &other), 0);
	assert_memory_equal(&name, &other, sizeof(name));

	assert_int_equal(socket_send(client, "hello", 5), 5);
	assert_int_equal(socket_peek(server, 0, data, sizeof(data)), 5);
	assert_memory_equal(data, "hello", 5);
	socket_consume(server, 5);
	size = socket_send(server, data, sizeof(data));
	assert_int_equal(size, client->window); /* no more than the other end holds */
	assert_false(socket_writable(server));
	socket_consume(client, 1000);
	assert_true(socket_writable(server));
	assert_int_equal(socket_send(server, data, sizeof(data)), 1000);

	assert_int_equal(socket_shutdown(client, SOCKET_END_SEND), 0);
	assert_true(socket_at_end(server));
	assert_false(socket_at_end(client));
	socket_close(client); /* has not read everything */
	assert_int_equal(socket_take_error(server), -LINUX_ECONNRESET);
	assert_int_equal(server->ended_there, SOCKET_END_BOTH);
	assert_int_equal(socket_send(server, data, 1), 0);
	socket_close(server);
	assert_int_equal(socket_connect(late, &to), 0);
	socket_close(listener); /* with a client that nobody accepted */
	assert_true(socket_at_end(late));
	socket_close(late);
	late = tsi_open(SOCKET_INET, SOCKET_STREAM);
	host_result = -LINUX_EACCES;
	assert_int_equal(socket_connect(late, &to), -LINUX_EINPROGRESS); /* the host's affair again */
	socket_close(late);
}

static void own_ports_are_kept_apart(void **state)
{
	struct socket *first = listening_here(0, 1), *second = listening_here(0, 1), *third;
	struct socket_address name, other;
	uint16_t port;

	assert_int_equal(socket_name(first, false, &name), 0);
	assert_int_equal(socket_name(second, false, &other), 0);
	port = (uint16_t)(name.bytes[2] << 8 | name.bytes[3]);
	assert_true(port >= 49152);
	assert_memory_not_equal(&name, &other, sizeof(name));
	third = bound(SOCKET_STREAM, port);
	assert_int_equal(socket_listen(third, 1), -LINUX_EADDRINUSE);
	assert_int_equal(third->state, SOCKET_NEW);
	socket_close(first);
	assert_int_equal(socket_listen(third, 1), 0);
	socket_close(second);
	socket_close(third);
}

static void own_datagrams_reach_each_other(void **state)
{
	struct socket *server = bound(SOCKET_DATAGRAM, 53), *client = tsi_open(SOCKET_INET, SOCKET_DATAGRAM);
	struct socket *stranger = tsi_open(SOCKET_INET, SOCKET_DATAGRAM), *taken = tsi_open(SOCKET_INET, SOCKET_DATAGRAM);
	struct socket_address to = loopback(53), sender;
	char data[16];

	assert_int_equal(socket_bind(taken, &to), -LINUX_EADDRINUSE);
	socket_close(taken);
	sent_seen = sent_count;
	assert_int_equal(socket_connect(client, &to), 0);
	assert_int_equal(socket_send_datagram(client, NULL, "ask", 3), 0);
	socket_sender(server, &sender);
	assert_int_equal(socket_peek(server, SOCKET_PREFIX, data, sizeof(data)), 3);
	socket_next_datagram(server);
	assert_int_equal(socket_send_datagram(server, &sender, "answer", 6), 0);
	assert_int_equal(socket_send_datagram(stranger, &sender, "other", 5), 0); /* not whom it is connected to */
	assert_int_equal(socket_peek(client, SOCKET_PREFIX, data, sizeof(data)), 6);
	socket_sender(client, &sender);
	assert_memory_equal(&sender, &to, sizeof(to));
	socket_next_datagram(client);
	assert_false(socket_readable(client));
	assert_int_equal(socket_send_datagram(client, &to, data, 65508), -LINUX_EMSGSIZE);
	assert_null(next_sent());
	socket_close(server);
	socket_close(client);
	socket_close(stranger);
}

static void datagrams_keep_their_bounds(void **state)
{
	struct socket *socket = tsi_open(SOCKET_INET, SOCKET_DATAGRAM);
	struct { struct tsi_datagram prefix; char text[4000]; } datagram = { .prefix.address_size = TSI_ADDRESS_INET };
	struct vsock_header header = from_host(socket, VSOCK_OP_RW);
	struct socket_address sender;
	char data[5000];

	header.type = VSOCK_TYPE_DGRAM;
	header.src_port = TSI_RECEIVED;
	for (unsigned size = 1; size <= 3; size++) {
		memset(datagram.text, 'a' + (int)size, sizeof(datagram.text));
		header.len = (uint32_t)(sizeof(datagram.prefix) + size * 1300);
		tsi_packet(&header, (const uint8_t *)&datagram);
	}
	header.len = sizeof(datagram.prefix) - 1; /* too short for one */
	tsi_packet(&header, (const uint8_t *)&datagram);
	for (unsigned size = 1; size <= 3; size++) {
		assert_int_equal(queue_record_size(&socket->input), SOCKET_PREFIX + size * 1300);
		assert_int_equal(socket_peek(socket, SOCKET_PREFIX, data, sizeof(data)), size * 1300);
		assert_int_equal(data[size * 1300 - 1], 'a' + size);
		socket_sender(socket, &sender);
		assert_int_equal(sender.size, TSI_ADDRESS_INET);
		socket_next_datagram(socket);
	}
	assert_false(socket_readable(socket));
	datagram.prefix.address_size = 9999;
	header.len = sizeof(datagram.prefix);
	tsi_packet(&header, (const uint8_t *)&datagram);
	socket_sender(socket, &sender);
	assert_int_equal(sender.size, 0);
	for (unsigned i = 0; i < 1000; i++) { /* what nobody reads gets lost */
		header.len = sizeof(datagram);
		tsi_packet(&header, (const uint8_t *)&datagram);
	}
	assert_true(socket->input.size < 300000);
	socket_close(socket);
}

/* Any packet to any socket in any state, with full and with stalled links. */
static void hostile_host_breaks_nothing(void **state)
{
	struct socket *sockets[8] = { 0 };
	static uint8_t data[1 << 16];
	uint64_t random = 88172645463325252u;

	for (unsigned i = 0; i < 300000; i++) {
		struct socket **at = &sockets[random >> 8 & 7];
		struct vsock_header header = { 0 };

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		room = random >> 40 & 1 ? 1000 : 0;
		switch (random & 15) {
		case 0:
			if (*at)
				break;
			room = 1000;
			*at = random >> 16 & 1 ? tsi_open(SOCKET_INET, SOCKET_STREAM) : listening(2);
			break;
		case 1:
			room = 1000;
			if (*at)
				socket_close(*at);
			*at = NULL;
			break;
		case 2: {
			struct socket_address to = somewhere();

			room = 1000;
			if (*at && (*at)->state != SOCKET_LISTENING)
				socket_connect(*at, &to);
			break;
		}
		case 3: {
			struct socket *client = *at && (*at)->state == SOCKET_LISTENING ? socket_accept(*at) : NULL;

			if (client) {
				room = 1000;
				socket_close(client);
			}
			break;
		}
		case 4:
			if (*at && (*at)->state == SOCKET_CONNECTED)
				socket_send(*at, data, random >> 20 & 0xffff);
			break;
		case 5:
			if (*at && (*at)->state == SOCKET_CONNECTED)
				socket_consume(*at, (*at)->input.size / 2);
			break;
		default:
			header.src_cid = VSOCK_CID_HOST;
			header.dst_cid = VSOCK_CID_GUEST;
			header.type = random >> 20 & 7 ? VSOCK_TYPE_STREAM : VSOCK_TYPE_DGRAM;
			header.op = random >> 24 & 7;
			header.src_port = *at && (random >> 28 & 3) ? tsi_socket(*at)->peer_port : (uint32_t)(random >> 30 & 3) + 1023;
			header.dst_port = *at ? tsi_socket(*at)->port : 1023;
			header.flags = random >> 32 & 7;
			header.buf_alloc = random >> 36 & 0xffff;
			header.fwd_cnt = (uint32_t)(random >> 37);
			header.len = header.op == VSOCK_OP_RW ? random >> 44 & 0x3fff : 0;
			tsi_packet(&header, data);
			tsi_flush();
		}
	}
	room = 100000;
	for (unsigned i = 0; i < 8; i++)
		if (sockets[i])
			socket_close(sockets[i]);
}

int main(void)
{
#define SOCKET_TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		SOCKET_TEST(streams_carry_bytes),
		SOCKET_TEST(refused_connection_can_be_tried_again),
		SOCKET_TEST(credit_is_kept_and_given),
		SOCKET_TEST(host_that_ignores_credit_is_reset),
		SOCKET_TEST(clients_are_answered_as_far_as_it_goes),
		SOCKET_TEST(listener_that_closes_resets_its_clients),
		SOCKET_TEST(unpublished_listener_is_one_all_the_same),
		SOCKET_TEST(vsock_streams_have_ports_of_their_own),
		SOCKET_TEST(own_streams_reach_each_other),
		SOCKET_TEST(own_ports_are_kept_apart),
		SOCKET_TEST(own_datagrams_reach_each_other),
		SOCKET_TEST(datagrams_keep_their_bounds),
		SOCKET_TEST(hostile_host_breaks_nothing),
	};

	return cmocka_run_group_tests_name("socket", tests, NULL, NULL);
}
