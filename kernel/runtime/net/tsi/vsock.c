/* The socket device's driver: virtio 1.2, section 5.10; see link.h. A packet is one
 * buffer, header and payload. What the host says in a packet is checked by socket.c; here
 * only that it is one. */
#include "exit.h"
#include "idle.h"
#include "lib/string.h"
#include "mem/space.h"
#include "net/tsi/link.h"
#include "net/tsi/socket.h"
#include "tsi.h"
#include "virtio/console.h"
#include "virtio/device.h"
#include "virtio_mmio.h"

struct buffer {
	struct vsock_header header;
	uint8_t payload[LINK_PAYLOAD_MAX];
	uint8_t pad[20];
} __attribute__((packed));
_Static_assert(sizeof(struct buffer) == 65536, "buffer");

static struct virtio_device device;
static struct virtq receive, transmit;
static struct buffer in[VIRTQ_SIZE] __attribute__((aligned(4096)));
static struct buffer out[VIRTQ_SIZE] __attribute__((aligned(4096)));
static bool has_tsi, extended;
static bool starved; /* somebody wanted to send and could not */

/* Buffers that hold data for a socket: the others are enough for those who do not read. */
#define KEPT_MAX (VIRTQ_SIZE / 2)
static uint32_t kept; /* bit i: in[i] */

/* Buffers that the device has not been told of: so that it begins with one while the next is filled. */
#define UNTOLD_MAX 2
static unsigned untold;

static bool take(struct virtq *queue, uint16_t *id, uint32_t *written)
{
	static const char broken[] = "the socket device broke the virtqueue's rules";
	int result = virtq_take(queue, id, written);

	if (result < 0)
		runtime_fail(broken, sizeof(broken) - 1);
	return result;
}

static void publish(struct virtq *queue)
{
	if (virtq_publish(queue))
		device_notify(&device, queue);
}

static void offer(uint16_t id)
{
	virtq_add(&receive, id, space_physical(&in[id]), sizeof(in[id].header) + LINK_PAYLOAD_MAX, true);
}

static void listen(bool wanted)
{
	if (wanted)
		device_enable_irq(&device);
	else
		device_acknowledge(&device);
	virtq_want_interrupt(&receive, wanted);
	virtq_want_interrupt(&transmit, wanted && starved);
}

static bool news(void)
{
	return link_poll() || (starved && link_can_send());
}

bool link_start(void)
{
	static const struct wait_source source = { .news = news, .listen = listen };
	static bool tried;
	const uint32_t wanted = 1u << VSOCK_F_DGRAM | 1u << TSI_F_EXTENDED;
	uint32_t features;

	if (tried)
		return transmit.rings;
	tried = true;
	if (!device_find(&device, VIRTIO_ID_VSOCK))
		return false;
	features = device_offered(&device) & wanted;
	features = device_start(&device, features);
	has_tsi = features & 1u << VSOCK_F_DGRAM;
	extended = has_tsi && (features & 1u << TSI_F_EXTENDED);
	if (!device_queue(&device, &receive, VSOCK_QUEUE_RX) || !device_queue(&device, &transmit, VSOCK_QUEUE_TX)) {
		transmit.rings = NULL;
		return false;
	}
	device_driver_ok(&device);
	for (uint16_t id = 0; id < receive.size; id++)
		offer(id);
	publish(&receive);
	console_wait_also(&source);
	return true;
}

bool link_has_tsi(void)
{
	return has_tsi;
}

bool link_is_extended(void)
{
	return extended;
}

bool link_can_send(void)
{
	uint32_t written;
	uint16_t id;

	while (take(&transmit, &id, &written))
		;
	starved = transmit.out == (1u << transmit.size) - 1;
	return !starved;
}

void link_send(struct vsock_header *header, const void *prefix, size_t prefix_size, const void *data,
	       size_t size, bool more)
{
	uint16_t id = (uint16_t)__builtin_ctz(~transmit.out);
	struct buffer *buffer = &out[id];

	header->len = (uint32_t)(prefix_size + size);
	memcpy(&buffer->header, header, sizeof(*header));
	memcpy(buffer->payload, prefix, prefix_size);
	memcpy(buffer->payload + prefix_size, data, size);
	virtq_add(&transmit, id, space_physical(buffer), (uint32_t)(sizeof(*header) + header->len), false);
	if (more && ++untold < UNTOLD_MAX && transmit.out != (1u << transmit.size) - 1)
		return;
	untold = 0;
	publish(&transmit);
}

static uint16_t id_of(const uint8_t *payload)
{
	return (uint16_t)(((uintptr_t)payload - (uintptr_t)in) / sizeof(in[0]));
}

bool link_can_keep(void)
{
	return __builtin_popcount(kept) < KEPT_MAX;
}

void link_keep(const uint8_t *data)
{
	kept |= 1u << id_of(data);
}

void link_release(const uint8_t *data)
{
	kept &= ~(1u << id_of(data));
	offer(id_of(data));
	publish(&receive);
}

bool link_poll(void)
{
	uint32_t written, handled = 0;
	uint16_t id;

	/* A ring's worth at a time: others have their turn. */
	for (; handled < receive.size && take(&receive, &id, &written); handled++) {
		struct vsock_header header;

		memcpy(&header, &in[id].header, sizeof(header));
		if (written >= sizeof(header) && header.len <= written - sizeof(header))
			tsi_packet(&header, in[id].payload);
		if (!(kept >> id & 1))
			offer(id);
	}
	if (handled)
		publish(&receive);
	tsi_flush();
	return handled;
}

void link_wait(uint64_t deadline)
{
	console_wait(0, deadline);
}
