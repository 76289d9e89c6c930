/* virtio-fs (virtio 1.2, section 5.11); see transport.h. */
#include "fs/transport.h"

#include "idle.h"
#include "lib/string.h"
#include "mem/space.h"
#include "tsc.h"
#include "virtio/device.h"
#include "virtio_mmio.h"

#define DIRECTORIES_MAX 16
#define QUEUE_REQUESTS 1 /* 0 is for what must not wait behind others */
#define SPIN_TICKS 300000

/* Buffers of the queue: what is waited for has the first, the others two each. */
#define WAITED 0
#define LATER (VIRTQ_SIZE - 2)
#define AHEAD (LATER - 2 * FUSE_AHEAD_PLACES)
#define LATER_ANSWER 64

_Static_assert(FUSE_DIRECT_PIECES + 2 <= AHEAD, "a request has to fit into the queue");

static struct device {
	struct virtio_device mmio;
	struct virtq queue;
	bool unnoticed; /* it does not look by itself for what was published last */
	uint32_t written[VIRTQ_SIZE];
	uint8_t later[FUSE_LATER_MAX], later_answer[LATER_ANSWER];
} devices[DIRECTORIES_MAX];

static uint8_t ahead_requests[FUSE_AHEAD_PLACES][FUSE_AHEAD_REQUEST];
uint8_t fuse_ahead[FUSE_AHEAD_PLACES][FUSE_AHEAD_ROOM] __attribute__((aligned(4096)));

uint8_t fuse_request[FUSE_MESSAGE_MAX] __attribute__((aligned(4096)));
uint8_t fuse_answer[FUSE_MESSAGE_MAX] __attribute__((aligned(4096)));

bool fuse_transport_start(uint32_t number)
{
	struct device *device = &devices[number];

	if (number >= DIRECTORIES_MAX || !device_find_next(&device->mmio, VIRTIO_ID_FS, number))
		return false;
	device_start(&device->mmio, 0);
	if (!device_queue(&device->mmio, &device->queue, QUEUE_REQUESTS) || device->queue.size < VIRTQ_SIZE)
		return false;
	device_driver_ok(&device->mmio);
	return true;
}

static void publish(struct device *device)
{
	if (virtq_publish(&device->queue))
		device->unnoticed = true;
}

static void notify(struct device *device)
{
	device->unnoticed = false;
	device_notify(&device->mmio, &device->queue);
}

/* Until the device has written something, awake for a while. */
static void wait_some(struct device *device)
{
	uint64_t spin_end = tsc_read() + SPIN_TICKS;

	while (!virtq_ready(&device->queue)) {
		if (tsc_read() < spin_end) {
			__builtin_ia32_pause();
			continue;
		}
		device_enable_irq(&device->mmio);
		virtq_want_interrupt(&device->queue, true);
		if (!virtq_ready(&device->queue)) {
			idle_until(IDLE_FOREVER);
			device_acknowledge(&device->mmio);
		}
		virtq_want_interrupt(&device->queue, false);
	}
}

/* How many bytes were written to the answer; -1: the server broke the rules. Others that end meanwhile
 * are noted. */
static int64_t wait(struct device *device, uint16_t for_id)
{
	uint32_t written;
	uint16_t id;

	while (virtq_has(&device->queue, for_id)) {
		int taken = virtq_take(&device->queue, &id, &written);

		if (taken < 0)
			return -1;
		if (taken)
			device->written[id] = written;
		else
			(device->unnoticed ? notify : wait_some)(device);
	}
	return device->written[for_id];
}

static int64_t exchange(uint32_t number, const struct virtq_piece *pieces, uint32_t count, uint32_t read_count)
{
	struct device *device = &devices[number];

	virtq_add_pieces(&device->queue, WAITED, pieces, count, read_count);
	publish(device);
	return wait(device, WAITED);
}

bool fuse_transport_later(uint32_t number, uint32_t size)
{
	struct device *device = &devices[number];

	if (wait(device, LATER) < 0)
		return false;
	memcpy(device->later, fuse_request, size);
	virtq_add_request(&device->queue, LATER, space_physical(device->later), size,
			  space_physical(device->later_answer), sizeof(device->later_answer));
	publish(device);
	return true;
}

void fuse_transport_begin(uint32_t number, uint32_t place, uint32_t size, uint32_t room)
{
	struct device *device = &devices[number];

	memcpy(ahead_requests[place], fuse_request, size);
	virtq_add_request(&device->queue, (uint16_t)(AHEAD + 2 * place), space_physical(ahead_requests[place]), size,
			  space_physical(fuse_ahead[place]), room);
	publish(device);
}

int64_t fuse_transport_end(uint32_t number, uint32_t place)
{
	return wait(&devices[number], (uint16_t)(AHEAD + 2 * place));
}

int64_t fuse_transport_exchange(uint32_t number, uint32_t size, uint32_t room)
{
	const struct virtq_piece pieces[] = {
		{ space_physical(fuse_request), size }, { space_physical(fuse_answer), room },
	};

	return exchange(number, pieces, 2, 1);
}

int64_t fuse_transport_send(uint32_t number, uint32_t size, const struct fuse_direct *data, uint32_t room)
{
	struct virtq_piece pieces[FUSE_DIRECT_PIECES + 2] = { { space_physical(fuse_request), size } };

	memcpy(&pieces[1], data->pieces, data->count * sizeof(pieces[0]));
	pieces[data->count + 1] = (struct virtq_piece){ space_physical(fuse_answer), room };
	return exchange(number, pieces, data->count + 2, data->count + 1);
}

int64_t fuse_transport_receive(uint32_t number, uint32_t size, uint32_t room, const struct fuse_direct *data)
{
	struct virtq_piece pieces[FUSE_DIRECT_PIECES + 2] = {
		{ space_physical(fuse_request), size }, { space_physical(fuse_answer), room },
	};

	memcpy(&pieces[2], data->pieces, data->count * sizeof(pieces[0]));
	return exchange(number, pieces, data->count + 2, 1);
}
