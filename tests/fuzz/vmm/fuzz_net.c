/* libFuzzer on the network device: buffers, headers and registers as a hostile guest would have
 * them; another side that sends frames and anything else, stalls and goes. */
#include <arpa/inet.h>
#include <assert.h>
#include <signal.h>

#include "../../unit/vmm/net_guest.h"
#include "reader.h"

#define FEATURES (1ull << VIRTIO_NET_F_MRG_RXBUF | 1ull << VIRTIO_F_EVENT_IDX | 1ull << VIRTIO_F_INDIRECT_DESC | 1)

enum { OP_FRAME, OP_BUFFER, OP_START, OP_REGISTER, OP_TAKE, OP_WIRE_FRAME, OP_WIRE_BYTES, OP_WIRE_READ, OP_WIRE_CLOSE,
       OP_STOP_QUEUE, OP_RX_BUFFERS, OP_COUNT };

/* A frame with any header, of any size. */
static void frame(struct net_guest *g, struct reader *r)
{
	static const uint8_t bytes[NET_FRAME_MAX + 100];
	struct virtio_net_header header = { .flags = (uint8_t)take(r, 1), .gso_type = (uint8_t)take(r, 1) };
	uint32_t size = take(r, 2);

	header.csum_start = (uint16_t)take(r, 2);
	header.csum_offset = (uint16_t)take(r, 2);
	net_offer_tx(g, 0, header, bytes, size);
	net_notify(g);
}

/* A buffer of the driver's as it likes. */
static void buffer(struct net_guest *g, struct reader *r)
{
	struct test_queue *q = &g->guest.queues[take(r, 1) & 1];
	uint16_t head = take(r, 1) % NET_QUEUE_SIZE;
	uint64_t at = (uint64_t)take(r, 2) << 5;
	uint32_t size = take(r, 2);
	uint16_t flags = take(r, 1) & 7;

	test_set_desc(q, head, at, size, flags, take(r, 1) % (NET_QUEUE_SIZE + 1));
	test_offer(q, head);
	net_notify(g);
}

static void wire_frame(struct net_guest *g, struct reader *r, bool stream)
{
	static uint8_t bytes[4 + NET_FRAME_MAX];
	uint32_t size = NET_FRAME_MIN + take(r, 2) % (NET_FRAME_MAX - NET_FRAME_MIN), prefix = htonl(size);

	memcpy(bytes, &prefix, 4);
	if (g->wire >= 0)
		(void)!send(g->wire, stream ? bytes : bytes + 4, stream ? size + 4 : size, MSG_NOSIGNAL);
	net_turn(g);
}

/* Completions are never longer than what was offered, and each is of a frame with its header. */
static void check(struct net_guest *g)
{
	static uint8_t got[1 << 18];

	if (!(g->net.device.status & VIRTIO_STATUS_NEEDS_RESET))
		net_take(g, got, sizeof(got));
}

static void step(struct net_guest *g, struct reader *r, bool stream)
{
	static uint8_t bytes[65536];
	unsigned op = take(r, 1) % OP_COUNT, what;
	const uint8_t *data;
	size_t size;

	switch (op) {
	case OP_FRAME:
		frame(g, r);
		break;
	case OP_BUFFER:
		buffer(g, r);
		break;
	case OP_START:
		what = take(r, 1);
		net_start(g, what & 1 ? FEATURES : 0, (uint16_t)(what % NET_QUEUE_SIZE));
		break;
	case OP_REGISTER:
		what = take(r, 1) * 4;
		mmio_put(&g->guest, what == VIRTIO_MMIO_QUEUE_NOTIFY ? 0 : what, take(r, 4));
		break;
	case OP_TAKE:
		check(g);
		break;
	case OP_WIRE_FRAME:
		wire_frame(g, r, stream);
		break;
	case OP_WIRE_BYTES:
		size = take(r, 1);
		data = take_bytes(r, &size);
		if (g->wire >= 0)
			(void)!send(g->wire, data, size, MSG_NOSIGNAL);
		net_turn(g);
		break;
	case OP_WIRE_READ:
		if (g->wire >= 0)
			(void)!recv(g->wire, bytes, take(r, 2), 0);
		net_turn(g);
		break;
	case OP_WIRE_CLOSE:
		if (g->wire >= 0)
			close(g->wire);
		g->wire = -1;
		net_turn(g);
		break;
	case OP_STOP_QUEUE:
		mmio_put(&g->guest, VIRTIO_MMIO_QUEUE_SEL, take(r, 1) % 3);
		mmio_put(&g->guest, VIRTIO_MMIO_QUEUE_READY, 0);
		net_notify(g);
		break;
	case OP_RX_BUFFERS:
		what = take(r, 2);
		for (uint16_t i = 0; i < 8; i++)
			net_offer_rx(g, i, what);
		net_notify(g);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = { data, size };
	struct net_guest g = { 0 };
	bool stream = take(&r, 1) & 1;

	signal(SIGPIPE, SIG_IGN);
	assert(net_create(&g, stream ? SOCK_STREAM : SOCK_DGRAM) == 0);
	net_start(&g, FEATURES, NET_QUEUE_SIZE / 2);
	while (r.size > 0)
		step(&g, &r, stream);
	net_destroy(&g);
	return 0;
}
