/* The network device's driver; see net.h. Receive buffers are of a size that most frames fit
 * into one; longer ones come in several, if the device has mergeable buffers. */
#include "virtio/net.h"

#include "exit.h"
#include "lib/string.h"
#include "mem/space.h"
#include "virtio.h"
#include "virtio/device.h"
#include "virtio_mmio.h"
#include "virtio_net.h"

#define BUFFER_SIZE 16384u

struct transmit_buffer {
	struct virtio_net_header header;
	uint8_t frame[NET_FRAME_MAX];
	uint8_t pad[4096 - (sizeof(struct virtio_net_header) + NET_FRAME_MAX) % 4096];
};

static struct virtio_device device;
static struct virtq receive, transmit;
static uint8_t in[VIRTQ_SIZE][BUFFER_SIZE] __attribute__((aligned(4096)));
static struct transmit_buffer out[VIRTQ_SIZE] __attribute__((aligned(4096)));
static uint16_t room_id;
static bool starved;		/* net_room() had none */
static bool released, sent;	/* since the last net_publish() */

static bool take(struct virtq *queue, uint16_t *id, uint32_t *written)
{
	static const char broken[] = "the network device broke the virtqueue's rules";
	int result = virtq_take(queue, id, written);

	if (result < 0)
		runtime_fail(broken, sizeof(broken) - 1);
	return result;
}

static void offer(uint16_t id)
{
	virtq_add(&receive, id, space_physical(in[id]), BUFFER_SIZE, true);
	released = true;
}

static void read_config(uint32_t features, struct net_information *information)
{
	uint32_t low, high;

	information->completes_checksums = features & 1u << VIRTIO_NET_F_CSUM;
	information->has_mac = features & 1u << VIRTIO_NET_F_MAC;
	if (information->has_mac) {
		low = device_config(&device, 0);
		high = device_config(&device, 4);
		memcpy(information->mac, &low, 4);
		memcpy(information->mac + 4, &high, 2);
	}
	information->mtu = 0;
	if (features & 1u << VIRTIO_NET_F_MTU)
		information->mtu = (uint16_t)(device_config(&device, 8) >> 16);
}

bool net_start(struct net_information *information)
{
	const uint32_t wanted = 1u << VIRTIO_NET_F_CSUM | 1u << VIRTIO_NET_F_GUEST_CSUM | 1u << VIRTIO_NET_F_MAC |
				1u << VIRTIO_NET_F_MTU | 1u << VIRTIO_NET_F_MRG_RXBUF | 1u << VIRTIO_F_EVENT_IDX;
	uint32_t features;

	if (!device_find(&device, VIRTIO_ID_NET))
		return false;
	features = device_start(&device, device_offered(&device) & wanted);
	if (!device_queue(&device, &receive, VIRTIO_NET_RX) || !device_queue(&device, &transmit, VIRTIO_NET_TX))
		return false;
	if (features & 1u << VIRTIO_F_EVENT_IDX) {
		virtq_use_event_idx(&receive);
		virtq_use_event_idx(&transmit);
	}
	read_config(features, information);
	device_driver_ok(&device);
	for (uint16_t id = 0; id < receive.size; id++)
		offer(id);
	net_publish();
	return true;
}

static void add_part(struct net_frame *frame, uint16_t id, uint32_t skip, uint32_t written)
{
	frame->ids[frame->part_count] = id;
	frame->parts[frame->part_count].data = in[id] + skip;
	frame->parts[frame->part_count++].size = written - skip;
	frame->size += written - skip;
}

/* Of a frame whose first buffer was taken. False: it is none. */
static bool complete(struct net_frame *frame, uint16_t id, uint32_t written)
{
	struct virtio_net_header header;
	uint16_t count;

	memcpy(&header, in[id], sizeof(header));
	*frame = (struct net_frame){ 0 };
	add_part(frame, id, written < sizeof(header) ? written : sizeof(header), written);
	if (written < sizeof(header))
		return false;
	frame->checked = header.flags & (VIRTIO_NET_HEADER_NEEDS_CSUM | VIRTIO_NET_HEADER_DATA_VALID);
	/* A device without mergeable buffers leaves the number alone. */
	count = header.num_buffers ? header.num_buffers : 1;
	if (count > receive.size)
		return false;
	while (frame->part_count < count && take(&receive, &id, &written))
		add_part(frame, id, 0, written);
	return frame->part_count == count && frame->size && frame->size <= NET_FRAME_MAX;
}

bool net_receive(struct net_frame *frame)
{
	uint32_t written;
	uint16_t id;

	/* A ring's worth of nonsense, then others have their turn. */
	for (uint16_t i = 0; i < receive.size && take(&receive, &id, &written); i++) {
		if (complete(frame, id, written))
			return true;
		net_release(frame);
	}
	return false;
}

void net_release(const struct net_frame *frame)
{
	for (uint32_t i = 0; i < frame->part_count; i++)
		offer(frame->ids[i]);
}

uint8_t *net_room(void)
{
	uint32_t written;
	uint16_t id;

	while (take(&transmit, &id, &written))
		;
	starved = transmit.out == (1u << transmit.size) - 1;
	if (starved)
		return NULL;
	room_id = (uint16_t)__builtin_ctz(~transmit.out);
	return out[room_id].frame;
}

void net_send(uint32_t size, uint16_t checksum_start, uint16_t checksum_offset)
{
	struct transmit_buffer *buffer = &out[room_id];

	buffer->header = (struct virtio_net_header){
		.flags = checksum_start ? VIRTIO_NET_HEADER_NEEDS_CSUM : 0,
		.csum_start = checksum_start, .csum_offset = checksum_offset,
	};
	virtq_add(&transmit, room_id, space_physical(buffer), (uint32_t)sizeof(buffer->header) + size, false);
	sent = true;
}

void net_publish(void)
{
	if (released && virtq_publish(&receive))
		device_notify(&device, &receive);
	if (sent && virtq_publish(&transmit))
		device_notify(&device, &transmit);
	released = sent = false;
}

void net_listen(bool wanted)
{
	if (wanted)
		device_enable_irq(&device);
	else
		device_acknowledge(&device);
	virtq_want_interrupt(&receive, wanted);
	virtq_want_interrupt(&transmit, wanted && starved);
}
