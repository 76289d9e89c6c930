/* libFuzzer on the socket device's driver, TSI and the sockets on it: the input is what the host and the
 * program do, one after the other. The host lies in packets, not in its virtqueues, which have a target of
 * their own. Where the program waits for an answer, the input goes on with the host; at its end the
 * host becomes a good one, so that the wait has an end. */
#include <stdlib.h>
#include <string.h>

#include "net/tsi/link.h"
#include "net/tsi/socket.h"
#include "virtio/console.h"
#include "virtio/device.h"
#include "virtio_mmio.h"

#include "program.h"

#define SMALL 600

static struct virtq_rings rings[VSOCK_QUEUE_COUNT];
static uint16_t next_receive, next_transmit;

/* Packets that wait for a receive buffer. */
static struct {
	struct vsock_header header;
	uint8_t payload[SMALL];
} answers[64];
static unsigned answer_count;
static struct vsock_header last_request;

bool device_find(struct virtio_device *device, uint32_t id)
{
	return id == VIRTIO_ID_VSOCK;
}

uint32_t device_offered(struct virtio_device *device)
{
	return UINT32_MAX;
}

uint32_t device_start(struct virtio_device *device, uint32_t features)
{
	return features;
}

bool device_queue(struct virtio_device *device, struct virtq *queue, uint16_t number)
{
	virtq_init(queue, &rings[number], number, VIRTQ_SIZE);
	return true;
}

void device_driver_ok(struct virtio_device *device)
{
}

void device_notify(struct virtio_device *device, const struct virtq *queue)
{
}

void device_enable_irq(struct virtio_device *device)
{
}

void device_acknowledge(struct virtio_device *device)
{
}

uint64_t space_physical(const void *object)
{
	return (uint64_t)object;
}

void *space_allocate(size_t size)
{
	return calloc(1, size);
}

void console_wait_also(const struct wait_source *source)
{
}

void runtime_fail(const char *reason, size_t size)
{
	abort(); /* the rings are in order */
}

const struct network *const network_stack;

static void complete(struct virtq_rings *ring, uint16_t id, uint32_t length)
{
	ring->used.ring[ring->used.idx % VIRTQ_SIZE] = (struct virtq_used_elem){ id, length };
	ring->used.idx++;
}

/* False: the driver has no buffer there. */
static bool give(const struct vsock_header *header, const uint8_t *payload, size_t size)
{
	struct virtq_rings *receive = &rings[VSOCK_QUEUE_RX];
	uint16_t id;
	uint8_t *to;

	if (next_receive == receive->available.idx)
		return false;
	id = receive->available.ring[next_receive++ % VIRTQ_SIZE];
	to = (uint8_t *)receive->descriptors[id].addr;
	memcpy(to, header, sizeof(*header));
	memcpy(to + sizeof(*header), payload, size);
	complete(receive, id, (uint32_t)(sizeof(*header) + size));
	return true;
}

static void give_answers(void)
{
	while (answer_count > 0 && give(&answers[answer_count - 1].header, answers[answer_count - 1].payload,
					answers[answer_count - 1].header.len))
		answer_count--;
}

/* What a good host says to it. */
static void answer(const struct vsock_header *to)
{
	struct tsi_name name = { .address = { TSI_ADDRESS_INET, { SOCKET_INET, 0, 0, 99, 127, 0, 0, 1 } } };
	struct vsock_header header = {
		.src_cid = VSOCK_CID_HOST, .dst_cid = VSOCK_CID_GUEST, .src_port = to->dst_port, .dst_port = to->src_port,
		.type = to->type, .op = VSOCK_OP_RW, .buf_alloc = 100000, .fwd_cnt = 0,
	};

	if (answer_count == sizeof(answers) / sizeof(answers[0]))
		return;
	if (to->type == VSOCK_TYPE_DGRAM)
		header.len = sizeof(name);
	else if (to->op == VSOCK_OP_REQUEST)
		header.op = VSOCK_OP_RESPONSE;
	else if (to->op == VSOCK_OP_SHUTDOWN && to->flags == VSOCK_SHUTDOWN_BOTH)
		header.op = VSOCK_OP_RST;
	else
		return;
	answers[answer_count].header = header;
	memcpy(answers[answer_count++].payload, &name, header.len);
}

static void take_packets(bool good)
{
	struct virtq_rings *transmit = &rings[VSOCK_QUEUE_TX];

	while (next_transmit != transmit->available.idx) {
		uint16_t id = transmit->available.ring[next_transmit++ % VIRTQ_SIZE];
		struct vsock_header header;

		memcpy(&header, (const void *)transmit->descriptors[id].addr, sizeof(header));
		if (header.len != transmit->descriptors[id].len - sizeof(header))
			abort();
		if (header.type == VSOCK_TYPE_DGRAM)
			last_request = header;
		if (good)
			answer(&header);
		complete(transmit, id, 0);
	}
	give_answers();
}

struct socket_address some_address(uint16_t family)
{
	struct socket_address address = { .size = SOCKET_ADDRESS_VSOCK };
	uint8_t kind = take_byte();
	uint32_t cid = kind & 4 ? UINT32_MAX : VSOCK_CID_HOST, port = kind & 3;

	if (family == SOCKET_VSOCK) {
		memcpy(address.bytes, &family, sizeof(family));
		memcpy(address.bytes + 4, &port, sizeof(port));
		memcpy(address.bytes + 8, &cid, sizeof(cid));
		return address;
	}
	address = socket_any_address(family);
	address.bytes[3] = kind & 3;
	if (kind & 4)
		address.bytes[family == SOCKET_INET ? 4 : 23] = family == SOCKET_INET ? 127 : 1;
	else if (kind & 8)
		address.bytes[5] = 9;
	return address;
}

/* Fields that lead to a socket, or any. */
static void host_packet(void)
{
	uint8_t what = take_byte(), how = take_byte();
	const struct tsi_socket *socket = (const struct tsi_socket *)sockets[what % SOCKETS];
	struct vsock_header header = {
		.src_cid = VSOCK_CID_HOST, .dst_cid = VSOCK_CID_GUEST, .src_port = how & 16 ? TSI_STREAM_PORT : take(1) + 1000,
		.dst_port = socket ? socket->port : take(2), .type = how & 1 ? VSOCK_TYPE_DGRAM : VSOCK_TYPE_STREAM,
		.op = how >> 1 & 7, .flags = take(1), .buf_alloc = take(3), .fwd_cnt = take(3),
	};
	size_t size = take(2) % SMALL;

	if (socket && (how & 32))
		header.src_port = socket->peer_port;
	if (header.type == VSOCK_TYPE_DGRAM && (how & 64))
		header.dst_port = 1023;
	if (what & 64)
		header.fwd_cnt %= 5000;
	if (size > input.size)
		size = input.size;
	header.len = what & 128 ? take(4) : (uint32_t)size;
	if (size > input.size)
		size = input.size;
	if (give(&header, input.data, size)) {
		input.data += size;
		input.size -= size;
	}
}

/* One whose size makes it stay in its buffer. */
static void large_packet(void)
{
	static uint8_t payload[LINK_PAYLOAD_MAX];
	const struct tsi_socket *socket = (const struct tsi_socket *)sockets[take_byte() % SOCKETS];
	struct vsock_header header = {
		.src_cid = VSOCK_CID_HOST, .dst_cid = VSOCK_CID_GUEST, .type = VSOCK_TYPE_STREAM, .op = VSOCK_OP_RW,
		.buf_alloc = 1 << 20, .len = take(2),
	};

	if (!socket || header.len > sizeof(payload))
		return;
	header.src_port = socket->peer_port;
	header.dst_port = socket->port;
	give(&header, payload, header.len);
}

static void host_step(void)
{
	switch (take_byte() % 8) {
	case 0:
		take_packets(false);
		break;
	case 1:
	case 2:
		take_packets(true);
		break;
	case 3:
		large_packet();
		break;
	default:
		host_packet();
	}
}

void console_wait(uint32_t mask, uint64_t deadline)
{
	if (input.size) {
		host_step();
		return;
	}
	/* The request may have been one that the host kept silent about. */
	if (rings[VSOCK_QUEUE_TX].available.idx == next_transmit)
		answer(&last_request);
	take_packets(true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = (struct input){ data, size };
	if (!network_start())
		abort();
	while (input.size) {
		uint8_t what = take_byte();

		if (what & 1)
			use_socket(what & 2 ? SOCKET_VSOCK : SOCKET_INET6, SOCKET_INET);
		else
			host_step();
		network_poll();
	}
	close_sockets();
	for (int i = 0; i < 20; i++) {
		take_packets(true);
		network_poll();
	}
	return 0;
}
