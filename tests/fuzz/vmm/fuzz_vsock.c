/* libFuzzer on the socket device: packets with any header, buffers and registers as a
 * hostile guest would have them; clients and servers of the host that come, talk, stall
 * and go at any time. */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <sys/un.h>

#include "../../unit/vmm/vsock_guest.h"
#include "reader.h"

#include "tsi.h"

#define OUT_PORT 1
#define IN_PORT 2
#define PEERS 4
#define SERVER_PORT 4243    /* TCP: somebody listens */
#define PUBLISHED_PORT 4242 /* TCP: of the guest's listener */

enum { OP_PACKET, OP_ODD_PACKET, OP_START, OP_STATUS, OP_TAKE, OP_KEEP, OP_CLIENT, OP_SERVER, OP_WRITE, OP_READ,
       OP_SHUTDOWN, OP_CLOSE, OP_TX_BUFFER, OP_RX_BUFFER, OP_STOP_QUEUE, OP_TSI, OP_COUNT };

struct machine {
	struct vsock_guest guest;
	struct vsock_config config;
	char paths[2][80];
	int listener; /* of a Unix socket */
	int server;   /* of TCP */
	int peers[PEERS];
};

/* A loopback address of this process's own, so that no other's ports are met. */
static uint32_t own_address(void)
{
	return 127u << 24 | 128u << 16 | ((uint32_t)getpid() & 0x7fffff);
}

static struct sockaddr_in own_port(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(own_address()),
				     .sin_port = htons(port) };
}

/* Small numbers, so that packets meet, and that of TSI's streams. Host ports that the device chose:
 * from 0x10000. */
static uint32_t take_port(struct reader *r)
{
	uint32_t value = take(r, 1);

	if (value == 0x7f)
		return TSI_STREAM_PORT;
	return value & 0x80 ? 0x10000 + (value & 0x7f) : value & 7;
}

static void packet(struct machine *m, struct reader *r, bool odd)
{
	static const uint8_t payload[70000];
	struct vsock_header header = guest_header(&m->guest, (uint16_t)(take(r, 1) % 9), 0, 0);
	uint32_t size = take(r, 1) * take(r, 1);

	header.src_port = take_port(r);
	header.dst_port = take_port(r);
	header.flags = take(r, 1) & 7;
	header.buf_alloc = take(r, 2);
	header.fwd_cnt = take(r, 2);
	if (odd) {
		header.type = (uint16_t)take(r, 1);
		header.src_cid = take(r, 1);
		header.dst_cid = take(r, 1);
		header.fwd_cnt = take(r, 4);
	}
	guest_send_data(&m->guest, header, payload, header.op == VSOCK_OP_RW ? size : 0);
}

/* A message of TSI's: the input's bytes, or an address that is good for something: to connect to,
 * or to listen at. */
static void tsi(struct machine *m, struct reader *r, unsigned how)
{
	struct vsock_header header = guest_header(&m->guest, VSOCK_OP_RW, take_port(r), 1024 + take(r, 1) % 22);
	uint32_t port = take(r, 1) & 7;
	struct sockaddr_in to = own_port(how & 4 ? SERVER_PORT : how & 1);
	struct tsi_to_address address = { .svm_port = port, .address.size = sizeof(to) };
	struct tsi_listen at = { .svm_port = port, .vm_port = port, .backlog = 3, .address.size = sizeof(to) };

	header.type = VSOCK_TYPE_DGRAM;
	if (how & 2) {
		size_t size = take(r, 1);
		const uint8_t *bytes = take_bytes(r, &size);

		guest_send_data(&m->guest, header, bytes, (uint32_t)size);
	} else if (header.dst_port == TSI_LISTEN) {
		memcpy(at.address.bytes, &to, sizeof(to));
		guest_send_data(&m->guest, header, &at, sizeof(at));
	} else {
		memcpy(address.address.bytes, &to, sizeof(to));
		guest_send_data(&m->guest, header, &address, sizeof(address));
	}
}

static void set_peer(struct machine *m, unsigned i, int fd)
{
	static const struct linger at_once = { 1, 0 }; /* or ports of TCP would be used up by TIME_WAIT */

	if (m->peers[i] >= 0) {
		setsockopt(m->peers[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(m->peers[i]);
	}
	m->peers[i] = fd;
}

/* A client of the guest's published listener. */
static void tcp_client(struct machine *m, unsigned i)
{
	struct sockaddr_in to = own_port(PUBLISHED_PORT);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)!connect(fd, (struct sockaddr *)&to, sizeof(to));
	set_peer(m, i, fd);
	guest_turn(&m->guest);
}

static void client(struct machine *m, unsigned i)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", m->paths[1]);
	(void)!connect(fd, (struct sockaddr *)&to, sizeof(to));
	set_peer(m, i, fd);
	guest_turn(&m->guest);
}

/* A buffer of the driver's as it likes. */
static void buffer(struct machine *m, struct reader *r, struct test_queue *q)
{
	uint16_t head = take(r, 1) % GUEST_QUEUE_SIZE;
	uint64_t at = (uint64_t)take(r, 2) << 5;
	uint32_t size = take(r, 2);
	uint16_t flags = take(r, 1) & 7;

	test_set_desc(q, head, at, size, flags, take(r, 1) % (GUEST_QUEUE_SIZE + 1));
	test_offer(q, head);
	guest_notify(&m->guest);
}

static void step(struct machine *m, struct reader *r)
{
	static uint8_t bytes[65536];
	unsigned op = take(r, 1) % OP_COUNT, peer = take(r, 1);
	int fd = m->peers[peer % PEERS];
	struct guest_packet got;

	switch (op) {
	case OP_PACKET:
	case OP_ODD_PACKET:
		packet(m, r, op == OP_ODD_PACKET);
		break;
	case OP_START:
		guest_start(&m->guest, peer & 1 ? 1u << VSOCK_F_DGRAM : 1u << VSOCK_F_DGRAM | 1u << TSI_F_EXTENDED);
		break;
	case OP_STATUS:
		guest_put(&m->guest, VIRTIO_MMIO_STATUS, take(r, 1));
		break;
	case OP_TAKE:
		/* A device that stopped half-way may leave lengths that are no packet's. */
		guest_turn(&m->guest);
		if (test_used(&m->guest.rx)->idx != m->guest.rx.seen_used) {
			uint32_t length = test_used(&m->guest.rx)->ring[m->guest.rx.seen_used % GUEST_QUEUE_SIZE].len;

			assert(length >= sizeof(struct vsock_header));
			if (length <= sizeof(got) && !m->guest.keep_buffers)
				guest_take(&m->guest, &got);
			else
				m->guest.rx.seen_used++;
		}
		break;
	case OP_KEEP:
		m->guest.keep_buffers = peer & 1;
		break;
	case OP_CLIENT:
		if (peer & 4)
			tcp_client(m, peer % PEERS);
		else
			client(m, peer % PEERS);
		break;
	case OP_SERVER:
		set_peer(m, peer % PEERS, accept4(peer & 4 ? m->server : m->listener, NULL, NULL, SOCK_NONBLOCK));
		break;
	case OP_WRITE:
		if (fd >= 0)
			(void)!write(fd, bytes, take(r, 2));
		guest_turn(&m->guest);
		break;
	case OP_READ:
		if (fd >= 0)
			(void)!read(fd, bytes, take(r, 2));
		guest_turn(&m->guest);
		break;
	case OP_SHUTDOWN:
		if (fd >= 0)
			shutdown(fd, peer >> 2 & 1 ? SHUT_RD : SHUT_WR);
		guest_turn(&m->guest);
		break;
	case OP_CLOSE:
		set_peer(m, peer % PEERS, -1);
		guest_turn(&m->guest);
		break;
	case OP_TX_BUFFER:
		buffer(m, r, &m->guest.tx);
		break;
	case OP_RX_BUFFER:
		buffer(m, r, &m->guest.rx);
		break;
	case OP_TSI:
		tsi(m, r, peer);
		break;
	case OP_STOP_QUEUE:
		guest_put(&m->guest, VIRTIO_MMIO_QUEUE_SEL, peer % 4);
		guest_put(&m->guest, VIRTIO_MMIO_QUEUE_READY, peer >> 2 & 1);
		guest_notify(&m->guest);
		break;
	}
}

/* The same socket for all runs, but with nobody who waits at it. */
static int tcp_server(void)
{
	static int server = -1;
	struct sockaddr_in at = own_port(SERVER_PORT);
	int fd;

	if (server < 0) {
		server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert(bind(server, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(server, 3) == 0);
	}
	while ((fd = accept(server, NULL, NULL)) >= 0)
		close(fd);
	return server;
}

static void create(struct machine *m)
{
	/* Nobody listens at port 1, somebody at the other; datagram sockets get any port. */
	static struct net_rule rules[] = { { AF_INET, { 0 }, 32, 1, 1 },
					   { AF_INET, { 0 }, 32, SERVER_PORT, SERVER_PORT } };
	static struct net_publish published[] = { { false, AF_INET, { 0 }, PUBLISHED_PORT, 1 },
						  { true, AF_INET, { 0 }, 0, 1 } };
	uint32_t own = htonl(own_address());
	struct vsock_port_config ports[] = { { OUT_PORT, m->paths[0], false }, { IN_PORT, m->paths[1], true } };
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	for (unsigned i = 0; i < 2; i++) {
		snprintf(m->paths[i], sizeof(m->paths[i]), "/tmp/walnut-fuzz-vsock-%d-%u", (int)getpid(), i);
		unlink(m->paths[i]);
	}
	for (unsigned i = 0; i < PEERS; i++)
		m->peers[i] = -1;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", m->paths[0]);
	m->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert(bind(m->listener, (struct sockaddr *)&to, sizeof(to)) == 0 && listen(m->listener, 3) == 0);
	m->server = tcp_server();
	for (unsigned i = 0; i < 2; i++) {
		memcpy(rules[i].address, &own, sizeof(own));
		memcpy(published[i].address, &own, sizeof(own));
	}
	m->config = (struct vsock_config){ .tsi = true, .policy = { rules, 2, published, 2 } };
	m->config.ports = ports;
	m->config.port_count = 2;
	assert(guest_create(&m->guest, &m->config) == 0);
	guest_start(&m->guest, 1u << VSOCK_F_DGRAM | 1u << TSI_F_EXTENDED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = { data, size };
	struct machine m = { 0 };

	signal(SIGPIPE, SIG_IGN);
	create(&m);
	while (r.size > 0)
		step(&m, &r);
	for (unsigned i = 0; i < PEERS; i++)
		set_peer(&m, i, -1);
	close(m.listener); /* nobody to wait for */
	guest_destroy(&m.guest);
	unlink(m.paths[0]);
	return 0;
}
