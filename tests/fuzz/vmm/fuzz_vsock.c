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

enum { OP_PACKET, OP_ODD_PACKET, OP_START, OP_STATUS, OP_TAKE, OP_KEEP, OP_CLIENT, OP_SERVER, OP_WRITE, OP_READ,
       OP_SHUTDOWN, OP_CLOSE, OP_TX_BUFFER, OP_RX_BUFFER, OP_STOP_QUEUE, OP_TSI, OP_COUNT };

struct machine {
	struct vsock_guest guest;
	struct vsock_config config;
	char paths[2][80];
	int listener;
	int peers[PEERS];
};

/* Small numbers, so that packets meet. Host ports that the device chose: from 0x10000. */
static uint32_t take_port(struct reader *r)
{
	uint32_t value = take(r, 1);

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

/* A message of TSI's: the input's bytes, or an address that is good for something. */
static void tsi(struct machine *m, struct reader *r, unsigned how)
{
	struct vsock_header header = guest_header(&m->guest, VSOCK_OP_RW, take_port(r), 1024 + take(r, 1) % 22);
	struct { uint32_t port, size; struct sockaddr_in to; uint8_t rest[120]; } message = {
		take(r, 1) & 7, sizeof(message.to), { .sin_family = AF_INET, .sin_port = htons(how & 1) }, { 0 },
	};

	header.type = VSOCK_TYPE_DGRAM;
	message.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (how & 2) {
		size_t size = take(r, 1);
		const uint8_t *bytes = take_bytes(r, &size);

		guest_send_data(&m->guest, header, bytes, (uint32_t)size);
	} else {
		guest_send_data(&m->guest, header, &message, sizeof(message));
	}
}

static void set_peer(struct machine *m, unsigned i, int fd)
{
	if (m->peers[i] >= 0)
		close(m->peers[i]);
	m->peers[i] = fd;
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
		client(m, peer % PEERS);
		break;
	case OP_SERVER:
		set_peer(m, peer % PEERS, accept4(m->listener, NULL, NULL, SOCK_NONBLOCK));
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

static void create(struct machine *m)
{
	/* Nobody listens at the port; what the guest binds gets any. */
	static struct net_rule rule = { AF_INET, { 127, 0, 0, 1 }, 32, 1, 1 };
	static struct net_publish published[] = { { .guest_port = 1, .family = AF_INET, .address = { 127, 0, 0, 1 } },
						  { true, AF_INET, { 127, 0, 0, 1 }, 0, 1 } };
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
	m->config = (struct vsock_config){ .tsi = true, .policy = { &rule, 1, published, 2 } };
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
