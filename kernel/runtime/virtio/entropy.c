/* Entropy; see entropy.h. The device is asked for a pool at a time and each byte of
 * it is given out once. */
#include "virtio/entropy.h"

#include <cpuid.h>

#include "exit.h"
#include "idle.h"
#include "lib/string.h"
#include "mem/space.h"
#include "tsc.h"
#include "virtio/device.h"
#include "virtio_mmio.h"

#define POOL_SIZE 1024
#define SPIN_TICKS 300000
#define RDRAND_TRIES 10 /* as Intel's manual advises */

static struct virtio_device device;
static struct virtq queue;
static uint8_t pool[POOL_SIZE] __attribute__((aligned(1024)));
static uint32_t pool_at, pool_size;
static enum { UNKNOWN, DEVICE, PROCESSOR, NOTHING } source;

static bool has_rdrand(void)
{
	uint32_t eax, ebx, ecx = 0, edx;

	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && ecx & bit_RDRND;
}

static void choose(void)
{
	source = has_rdrand() ? PROCESSOR : NOTHING;
	if (!device_find(&device, VIRTIO_ID_RNG))
		return;
	device_start(&device, 0);
	if (!device_queue(&device, &queue, 0))
		return;
	device_driver_ok(&device);
	source = DEVICE;
}

static void refill(void)
{
	static const char broken[] = "the entropy device broke the virtqueue's rules";
	uint64_t spin_end = tsc_read() + SPIN_TICKS;
	uint16_t id;
	int taken;

	virtq_add(&queue, 0, space_physical(pool), sizeof(pool), true);
	if (virtq_publish(&queue))
		device_notify(&device, &queue);
	while (!(taken = virtq_take(&queue, &id, &pool_size))) {
		if (tsc_read() < spin_end) {
			__builtin_ia32_pause();
			continue;
		}
		device_enable_irq(&device);
		virtq_want_interrupt(&queue, true);
		if (!virtq_ready(&queue)) {
			idle_until(IDLE_FOREVER);
			device_acknowledge(&device);
		}
	}
	if (taken < 0)
		runtime_fail(broken, sizeof(broken) - 1);
	pool_at = 0;
}

static void get_from_device(uint8_t *to, size_t size)
{
	while (size) {
		size_t piece = pool_size - pool_at;

		if (!piece) {
			refill();
			continue;
		}
		if (piece > size)
			piece = size;
		memcpy(to, pool + pool_at, piece);
		memset(pool + pool_at, 0, piece);
		pool_at += (uint32_t)piece;
		to = (uint8_t *)((uintptr_t)to + piece);
		size -= piece;
	}
}

static bool rdrand(uint64_t *value)
{
	bool ok = false;

	for (int i = 0; !ok && i < RDRAND_TRIES; i++)
		__asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(ok));
	return ok;
}

static bool get_from_processor(uint8_t *to, size_t size)
{
	uint64_t value;

	for (size_t at = 0; at < size; at += sizeof(value)) {
		if (!rdrand(&value))
			return false;
		memcpy((void *)((uintptr_t)to + at), &value, size - at < sizeof(value) ? size - at : sizeof(value));
	}
	return true;
}

bool entropy_get(void *data, size_t size)
{
	if (source == UNKNOWN)
		choose();
	if (source == DEVICE) {
		get_from_device(data, size);
		return true;
	}
	return source == PROCESSOR && get_from_processor(data, size);
}
