/* virtio-fs (virtio 1.2, section 5.11); see transport.h. */
#include "fs/transport.h"

#include "idle.h"
#include "mem/space.h"
#include "tsc.h"
#include "virtio/mmio.h"
#include "virtio_mmio.h"

#define DIRECTORIES_MAX 16
#define QUEUE_REQUESTS 1 /* 0 is for what must not wait behind others */
#define SPIN_TICKS 300000

static struct device {
	struct mmio_device mmio;
	struct virtq queue;
} devices[DIRECTORIES_MAX];

uint8_t fuse_request[FUSE_MESSAGE_MAX] __attribute__((aligned(4096)));
uint8_t fuse_answer[FUSE_MESSAGE_MAX] __attribute__((aligned(4096)));

bool fuse_transport_start(uint32_t number)
{
	struct device *device = &devices[number];

	if (number >= DIRECTORIES_MAX || !mmio_find_next(&device->mmio, VIRTIO_ID_FS, number))
		return false;
	mmio_start(&device->mmio, 0);
	if (!mmio_queue(&device->mmio, &device->queue, QUEUE_REQUESTS))
		return false;
	mmio_driver_ok(&device->mmio);
	return true;
}

int64_t fuse_transport_exchange(uint32_t number, uint32_t size, uint32_t room)
{
	struct device *device = &devices[number];
	uint64_t spin_end;
	uint32_t written;
	uint16_t id;
	int taken;

	virtq_add_request(&device->queue, 0, space_physical(fuse_request), size, space_physical(fuse_answer), room);
	if (virtq_publish(&device->queue))
		mmio_notify(&device->mmio, &device->queue);
	spin_end = tsc_read() + SPIN_TICKS;
	while (!(taken = virtq_take(&device->queue, &id, &written))) {
		if (tsc_read() < spin_end) {
			__builtin_ia32_pause();
			continue;
		}
		mmio_enable_irq(&device->mmio);
		virtq_want_interrupt(&device->queue, true);
		if (!virtq_ready(&device->queue)) {
			idle_until(IDLE_FOREVER);
			mmio_acknowledge(&device->mmio);
		}
	}
	virtq_want_interrupt(&device->queue, false);
	return taken < 0 ? -1 : written;
}
