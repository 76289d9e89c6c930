/* virtio-mmio registers. QueueNotify seldom comes through here: an ioeventfd takes any write to
 * it, whichever the queue, but for devices that do their work at once. */
#include "virtio/mmio.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "boot/layout.h"
#include "device/bus.h"
#include "failure.h"

#include "virtio_mmio.h"

#define VENDOR_ID 0x544e4c57 /* "WLNT" */

static void write_queue_register(struct virtio_device *device, uint64_t offset, uint32_t value)
{
	struct virtq *vq = virtio_device_selected_queue(device);

	if (!vq || vq->ready) /* 4.2.2.2: not while the queue is in use */
		return;
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		vq->size = value <= VIRTQ_SIZE_MAX ? (uint16_t)value : 0;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		virtio_set_half(&vq->desc_gpa, value, offset == VIRTIO_MMIO_QUEUE_DESC_HIGH);
		break;
	case VIRTIO_MMIO_QUEUE_DRIVER_LOW:
	case VIRTIO_MMIO_QUEUE_DRIVER_HIGH:
		virtio_set_half(&vq->avail_gpa, value, offset == VIRTIO_MMIO_QUEUE_DRIVER_HIGH);
		break;
	case VIRTIO_MMIO_QUEUE_DEVICE_LOW:
	case VIRTIO_MMIO_QUEUE_DEVICE_HIGH:
		virtio_set_half(&vq->used_gpa, value, offset == VIRTIO_MMIO_QUEUE_DEVICE_HIGH);
		break;
	}
}

static void write_register(struct virtio_device *device, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		device->device_features_select = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		device->driver_features_select = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		virtio_device_write_features(device, value);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		device->queue_select = value;
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		if (value & 1)
			virtio_device_start_queue(device);
		else
			virtio_device_stop_queue(device);
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		device->notifies++;
		if (device->ops->notified)
			device->ops->notified(device);
		else
			virtio_device_revisit(device);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		device->interrupt_status &= ~value;
		break;
	case VIRTIO_MMIO_STATUS:
		virtio_device_write_status(device, value);
		break;
	default:
		write_queue_register(device, offset, value);
	}
}

static uint32_t read_register(struct virtio_device *device, uint64_t offset)
{
	struct virtq *vq = virtio_device_selected_queue(device);

	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return VIRTIO_MMIO_MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VIRTIO_MMIO_MODERN;
	case VIRTIO_MMIO_DEVICE_ID:
		return device->ops->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VENDOR_ID;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return virtio_device_read_features(device);
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return vq ? device->ops->queue_size_max : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return vq && vq->ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return device->interrupt_status;
	case VIRTIO_MMIO_STATUS:
		return device->status;
	case VIRTIO_MMIO_SHM_LEN_LOW:
	case VIRTIO_MMIO_SHM_LEN_HIGH:
	case VIRTIO_MMIO_SHM_BASE_LOW:
	case VIRTIO_MMIO_SHM_BASE_HIGH:
		return UINT32_MAX; /* 4.2.2: there is no such region */
	case VIRTIO_MMIO_CONFIG_GENERATION:
		return device->config_generation;
	default:
		return 0;
	}
}

static void mmio_read(void *opaque, uint64_t offset, void *data, unsigned size)
{
	struct virtio_device *device = opaque;
	uint32_t value;

	memset(data, 0, size);
	pthread_mutex_lock(&device->lock);
	if (offset >= VIRTIO_MMIO_CONFIG) {
		if (device->ops->config_read)
			device->ops->config_read(device, offset - VIRTIO_MMIO_CONFIG, data, size);
	} else if (size == sizeof(value) && offset % sizeof(value) == 0) {
		value = read_register(device, offset);
		memcpy(data, &value, sizeof(value));
	}
	pthread_mutex_unlock(&device->lock);
}

static void mmio_write(void *opaque, uint64_t offset, const void *data, unsigned size)
{
	struct virtio_device *device = opaque;
	uint32_t value;

	pthread_mutex_lock(&device->lock);
	if (offset >= VIRTIO_MMIO_CONFIG) {
		if (device->ops->config_write)
			device->ops->config_write(device, offset - VIRTIO_MMIO_CONFIG, data, size);
	} else if (size == sizeof(value) && offset % sizeof(value) == 0) {
		memcpy(&value, data, sizeof(value));
		write_register(device, offset, value);
	}
	pthread_mutex_unlock(&device->lock);
}

static const struct bus_ops mmio_ops = { .read = mmio_read, .write = mmio_write };

static void interrupt(struct virtio_device *device, uint32_t cause, unsigned queue)
{
	uint64_t one = 1;

	(void)!write(device->irq_fd, &one, sizeof(one));
}

static void destroy(struct virtio_device *device)
{
	if (device->irq_fd >= 0)
		close(device->irq_fd);
}

static const struct virtio_transport_ops transport_ops = { .interrupt = interrupt, .destroy = destroy };

int virtio_mmio_create(struct virtio_device *device, const struct virtio_device_ops *ops,
		       const struct guest_mem *mem, struct event_loop *loop, uint64_t base,
		       uint32_t irq, struct failure *failure)
{
	int error = virtio_device_create(device, ops, &transport_ops, mem, loop, failure);

	device->base = base;
	device->irq = irq;
	if (!error) {
		device->irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (device->irq_fd < 0)
			error = failure_errno(failure, -errno, "virtio %s: cannot create an eventfd", ops->name);
	}
	if (error)
		virtio_device_destroy(device);
	return error;
}

void virtio_mmio_add(struct virtio_device *device, struct bus *mmio)
{
	bus_add(mmio, device->base, BOOT_VIRTIO_SIZE, &mmio_ops, device);
}
