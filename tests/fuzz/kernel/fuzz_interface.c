/* libFuzzer on the network device's driver, lwIP and the sockets on it: the input is what the network,
 * the device, the program and time do, one after the other. Frames may be made sound (addresses,
 * checksums), so that they get far. The stack stays between inputs; connections, sockets and time that is
 * waited for do not. */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "../../unit/kernel/host_heap.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/sys.h"
#include "net/lwip/interface.h"
#include "net/lwip/lwip_socket.h"
#include "net/lwip/random.h"
#include "net/network.h"
#include "virtio.h"
#include "virtio/console.h"
#include "virtio/device.h"
#include "virtio/net.h"
#include "virtio_net.h"

#include "program.h"

#define MS UINT64_C(1000000)

static struct virtq_rings rings[VIRTIO_NET_QUEUE_COUNT];
static struct virtq *queues[VIRTIO_NET_QUEUE_COUNT];
static uint16_t next_available;
static uint64_t now = MS;
static jmp_buf broken;

/* The device, as the driver finds it. */
bool device_find(struct virtio_device *device, uint32_t id)
{
	return id == VIRTIO_ID_NET;
}

uint32_t device_offered(struct virtio_device *device)
{
	return UINT32_MAX & ~(1u << VIRTIO_NET_F_MTU);
}

uint32_t device_start(struct virtio_device *device, uint32_t features)
{
	return features;
}

bool device_queue(struct virtio_device *device, struct virtq *queue, uint16_t number)
{
	memset(&rings[number], 0, sizeof(rings[number]));
	virtq_init(queue, &rings[number], number, VIRTQ_SIZE);
	queues[number] = queue;
	next_available = 0;
	return true;
}

uint32_t device_config(struct virtio_device *device, uint32_t offset)
{
	return 0x12345602;
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

/* The rest of the kernel. */
uint64_t space_physical(const void *object)
{
	return (uint64_t)object;
}

uint64_t space_ram_total(void)
{
	return UINT64_C(16) << 20;
}

void *space_allocate(size_t size)
{
	return calloc(1, size);
}

uint64_t clock_monotonic_ns(void)
{
	return now;
}

uint64_t clock_deadline(uint64_t ns)
{
	return ns;
}

u32_t sys_now(void)
{
	return (u32_t)(now / MS);
}

void lwip_random_bytes(void *data, size_t size)
{
	memset(data, 7, size);
}

uint32_t lwip_random(void)
{
	return 0x07070707;
}

void lwip_panic(const char *what)
{
	fprintf(stderr, "lwIP: %s\n", what);
	abort();
}

void runtime_fail(const char *reason, size_t size)
{
	longjmp(broken, 1);
}

void console_wait_also(const struct wait_source *source)
{
}

void console_wait(uint32_t mask, uint64_t deadline)
{
	now += 100 * MS;
}

const struct network network_tsi;

/* The next buffer that the driver has offered, or none. */
static uint8_t *next_buffer(uint16_t *id)
{
	struct virtq_rings *receive = &rings[VIRTIO_NET_RX];

	if (next_available == receive->available.idx)
		return NULL;
	*id = receive->available.ring[next_available++ % VIRTQ_SIZE];
	return (uint8_t *)receive->descriptors[*id].addr;
}

static void complete(struct virtq_rings *ring, uint32_t id, uint32_t length)
{
	ring->used.ring[ring->used.idx % VIRTQ_SIZE] = (struct virtq_used_elem){ id, length };
	ring->used.idx++;
}

static void transmit_done(void)
{
	struct virtq_rings *transmit = &rings[VIRTIO_NET_TX];

	while (transmit->used.idx != transmit->available.idx)
		complete(transmit, transmit->available.ring[transmit->used.idx % VIRTQ_SIZE], 0);
}

/* Ours is what it is sent to, and its header's sum is right. */
static void make_sound(uint8_t *frame, size_t size)
{
	static const uint8_t own[6] = { 0x02, 0x56, 0x34, 0x12, 0x02, 0x56 }, address[4] = { 10, 0, 2, 15 };
	uint32_t sum = 0;
	unsigned header;

	memcpy(frame, own, sizeof(own));
	if (size < 34 || frame[12] != 8 || frame[13] != 0)
		return;
	header = (frame[14] & 15u) * 4;
	if (header < 20 || 14 + header > size)
		return;
	frame[14] = (uint8_t)(0x40 | header / 4);
	if (!(frame[33] & 0x80))
		memcpy(frame + 30, address, sizeof(address));
	frame[24] = frame[25] = 0;
	for (unsigned i = 0; i < header; i += 2)
		sum += (uint32_t)frame[14 + i] << 8 | frame[15 + i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	frame[24] = (uint8_t)(sum >> 8);
	frame[25] = (uint8_t)sum;
}

static void receive_frame(bool sound)
{
	struct virtio_net_header header = { .num_buffers = 1, .flags = sound ? VIRTIO_NET_HEADER_DATA_VALID : 0 };
	size_t size = take(2) % 2048;
	uint16_t id;
	uint8_t *to = next_buffer(&id);

	if (!to)
		return;
	if (size > input.size)
		size = input.size;
	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), input.data, size);
	if (sound && size >= 14)
		make_sound(to + sizeof(header), size);
	input.data += size;
	input.size -= size;
	complete(&rings[VIRTIO_NET_RX], id, (uint32_t)(sizeof(header) + size));
}

/* Headers, numbers and lengths as the input has them. */
static void lie(void)
{
	uint8_t kind = take_byte();
	uint32_t length = take(2);
	uint16_t id;
	uint8_t *to = next_buffer(&id);

	if (!to)
		return;
	for (unsigned i = 0; i < sizeof(struct virtio_net_header); i++)
		to[i] = take_byte();
	if (kind & 1)
		to[offsetof(struct virtio_net_header, num_buffers)] &= 3;
	complete(&rings[VIRTIO_NET_RX], kind & 2 ? take_byte() : id, length);
}

struct socket_address some_address(uint16_t family)
{
	struct socket_address address = socket_any_address(family);
	uint8_t kind = take_byte();

	address.bytes[3] = kind & 3 ? 80 + (kind & 3) : 0;
	if (kind & 4)
		memcpy(address.bytes + 4, (uint8_t[]){ 10, 0, 2, kind & 8 ? 2 : 15 }, 4);
	else if (kind & 8)
		memcpy(address.bytes + 4, (uint8_t[]){ 127, 0, 0, 1 }, 4);
	if (family == SOCKET_INET6 && kind & 16)
		address.bytes[8] = 0xfe;
	return address;
}

static void step(void)
{
	switch (take_byte() % 8) {
	case 0:
		receive_frame(false);
		break;
	case 1:
		lie();
		break;
	case 2:
		now += take(2) * MS;
		break;
	case 3:
		transmit_done();
		break;
	case 4:
	case 5:
		use_socket(SOCKET_INET6, SOCKET_INET);
		break;
	default:
		receive_frame(true);
	}
	network_poll();
}

static void start_over(void)
{
	close_sockets();
	while (tcp_active_pcbs)
		tcp_abort(tcp_active_pcbs);
	while (tcp_tw_pcbs)
		tcp_abort(tcp_tw_pcbs);
	for (int i = 0; i < 100; i++) {
		transmit_done();
		now += 500 * MS;
		network_poll();
	}
}

static void ensure_address(void)
{
	ip4_addr_t own, mask, router;

	if (!ip4_addr_isany_val(*netif_ip4_addr(netif_default)))
		return;
	IP4_ADDR(&own, 10, 0, 2, 15);
	IP4_ADDR(&mask, 255, 255, 255, 0);
	IP4_ADDR(&router, 10, 0, 2, 2);
	netif_set_addr(netif_default, &own, &mask, &router);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct net_information again;

	input = (struct input){ data, size };
	network_start();
	ensure_address();
	if (setjmp(broken) == 0) {
		while (input.size)
			step();
	} else {
		/* The machine would have ended; this one goes on with a device that is new. */
		net_start(&again);
	}
	if (setjmp(broken) == 0)
		start_over();
	else
		net_start(&again);
	return 0;
}
