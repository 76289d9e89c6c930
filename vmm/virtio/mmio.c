/* virtio-mmio registers, status machine and queue set-up.
 *
 * Register accesses come from the vCPU's thread, queue work happens on the I/O
 * thread; the device's lock is between them. Notifications do not come through here:
 * an ioeventfd takes any write to QueueNotify, whichever the queue, and the I/O thread
 * then looks at all of them. That is one descriptor for a device instead of one for a
 * queue, and looking at an idle queue is one load. */
#include "virtio/mmio.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "boot/layout.h"
#include "device/bus.h"
#include "failure.h"
#include "log.h"

#include "virtio_mmio.h"

#define TRANSPORT_FEATURES \
	(1ull << VIRTIO_F_INDIRECT_DESC | 1ull << VIRTIO_F_EVENT_IDX | 1ull << VIRTIO_F_VERSION_1)

#define VENDOR_ID 0x544e4c57 /* "WLNT" */

static uint64_t device_features(const struct virtio_device *device)
{
	return device->features | TRANSPORT_FEATURES;
}

static void raise_interrupt(struct virtio_device *device, uint32_t cause)
{
	uint64_t one = 1;

	device->interrupt_status |= cause;
	device->interrupts++;
	(void)!write(device->irq_fd, &one, sizeof(one));
}

struct virtq *virtio_device_queue(struct virtio_device *device, unsigned queue)
{
	if (!(device->status & VIRTIO_STATUS_DRIVER_OK) || (device->status & VIRTIO_STATUS_NEEDS_RESET))
		return NULL;
	return device->queues[queue].ready ? &device->queues[queue] : NULL;
}

/* As if the driver had notified. */
void virtio_device_revisit(struct virtio_device *device)
{
	uint64_t one = 1;

	(void)!write(device->notify.fd, &one, sizeof(one));
}

void virtio_device_signal(struct virtio_device *device, struct virtq *vq)
{
	if (virtq_should_interrupt(vq))
		raise_interrupt(device, VIRTIO_MMIO_INT_VRING);
}

void virtio_device_leave(struct virtio_device *device, struct virtq *vq, bool more)
{
	virtq_want_notify(vq, true);
	if (more && virtq_has_next(vq))
		virtio_device_revisit(device);
	virtio_device_signal(device, vq);
}

void virtio_device_broken(struct virtio_device *device, const char *why)
{
	log_line(LOG_LEVEL_WARN, "virtio %s: %s; device stopped", device->ops->name, why);
	device->status |= VIRTIO_STATUS_NEEDS_RESET;
	device->config_generation++;
	if (device->status & VIRTIO_STATUS_DRIVER_OK)
		raise_interrupt(device, VIRTIO_MMIO_INT_CONFIG);
}

static void reset(struct virtio_device *device)
{
	if (device->ops->reset)
		device->ops->reset(device);
	memset(device->queues, 0, sizeof(device->queues));
	device->status = 0;
	device->interrupt_status = 0;
	device->driver_features = 0;
	device->device_features_select = 0;
	device->driver_features_select = 0;
	device->queue_select = 0;
}

static void write_status(struct virtio_device *device, uint32_t value)
{
	if (value == 0) {
		reset(device);
		return;
	}
	/* Bits are only ever added; NEEDS_RESET is ours. */
	value &= ~VIRTIO_STATUS_NEEDS_RESET;
	if ((value & device->status) != (device->status & ~VIRTIO_STATUS_NEEDS_RESET))
		return;
	if ((value & VIRTIO_STATUS_FEATURES_OK) && !(device->status & VIRTIO_STATUS_FEATURES_OK)) {
		/* Not taken over in the status register: the driver reads it back and
		 * sees that we refuse. */
		if ((device->driver_features & ~device_features(device)) ||
		    !virtio_device_has_feature(device, VIRTIO_F_VERSION_1))
			value &= ~VIRTIO_STATUS_FEATURES_OK;
	}
	if ((value & VIRTIO_STATUS_DRIVER_OK) && !(value & VIRTIO_STATUS_FEATURES_OK))
		value &= ~VIRTIO_STATUS_DRIVER_OK;
	if ((value & VIRTIO_STATUS_DRIVER_OK) && !(device->status & VIRTIO_STATUS_DRIVER_OK))
		virtio_device_revisit(device); /* it may have something to say at once */
	device->status |= value;
}

static struct virtq *selected_queue(struct virtio_device *device)
{
	return device->queue_select < device->queue_count ? &device->queues[device->queue_select] : NULL;
}

static void write_queue_ready(struct virtio_device *device, uint32_t value)
{
	struct virtq *vq = selected_queue(device);

	if (!vq || !(device->status & VIRTIO_STATUS_FEATURES_OK))
		return;
	if (!(value & 1)) {
		if (vq->ready && device->ops->queue_stopped)
			device->ops->queue_stopped(device, device->queue_select);
		vq->ready = false;
		return;
	}
	if (vq->ready)
		return;
	if (virtq_start(vq, device->mem, device->ops->queue_size_max,
			virtio_device_has_feature(device, VIRTIO_F_EVENT_IDX)))
		virtio_device_broken(device, "bad queue configuration");
}

static void set_half(uint64_t *to, uint32_t value, bool high)
{
	if (high)
		*to = (*to & 0xffffffff) | (uint64_t)value << 32;
	else
		*to = (*to & ~0xffffffffull) | value;
}

static void write_queue_register(struct virtio_device *device, uint64_t offset, uint32_t value)
{
	struct virtq *vq = selected_queue(device);

	if (!vq || vq->ready) /* 4.2.2.2: not while the queue is in use */
		return;
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		vq->size = value <= VIRTQ_SIZE_MAX ? (uint16_t)value : 0;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_half(&vq->desc_gpa, value, offset == VIRTIO_MMIO_QUEUE_DESC_HIGH);
		break;
	case VIRTIO_MMIO_QUEUE_DRIVER_LOW:
	case VIRTIO_MMIO_QUEUE_DRIVER_HIGH:
		set_half(&vq->avail_gpa, value, offset == VIRTIO_MMIO_QUEUE_DRIVER_HIGH);
		break;
	case VIRTIO_MMIO_QUEUE_DEVICE_LOW:
	case VIRTIO_MMIO_QUEUE_DEVICE_HIGH:
		set_half(&vq->used_gpa, value, offset == VIRTIO_MMIO_QUEUE_DEVICE_HIGH);
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
		if (!(device->status & VIRTIO_STATUS_FEATURES_OK) && device->driver_features_select < 2)
			set_half(&device->driver_features, value, device->driver_features_select == 1);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		device->queue_select = value;
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		write_queue_ready(device, value);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		device->interrupt_status &= ~value;
		break;
	case VIRTIO_MMIO_STATUS:
		write_status(device, value);
		break;
	default:
		write_queue_register(device, offset, value);
	}
}

static uint32_t read_register(struct virtio_device *device, uint64_t offset)
{
	struct virtq *vq = selected_queue(device);

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
		if (device->device_features_select >= 2)
			return 0;
		return (uint32_t)(device_features(device) >> 32 * device->device_features_select);
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

void virtio_mmio_poll(struct virtio_device *device)
{
	pthread_mutex_lock(&device->lock);
	for (unsigned i = 0; i < device->queue_count; i++)
		if (virtio_device_queue(device, i))
			device->ops->queue_ready(device, i);
	pthread_mutex_unlock(&device->lock);
}

static void notified(struct event_source *source, uint32_t events)
{
	struct virtio_device *device = (struct virtio_device *)((char *)source -
								 offsetof(struct virtio_device, notify));
	uint64_t count;

	if (read(source->fd, &count, sizeof(count)) == sizeof(count))
		device->notifies += count;
	virtio_mmio_poll(device);
}

int virtio_mmio_create(struct virtio_device *device, const struct virtio_device_ops *ops,
		       const struct guest_mem *mem, struct event_loop *loop, uint64_t base,
		       uint32_t irq, struct failure *failure)
{
	int error;

	*device = (struct virtio_device){
		.ops = ops, .mem = mem, .loop = loop, .base = base, .irq = irq,
		.features = ops->features, .queue_count = ops->queue_count,
		.notify = { .fd = -1, .ready = notified },
	};
	pthread_mutex_init(&device->lock, NULL);
	device->irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	device->notify.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (device->irq_fd < 0 || device->notify.fd < 0) {
		error = failure_errno(failure, -errno, "virtio %s: cannot create an eventfd", ops->name);
		goto out;
	}
	error = event_loop_add(loop, &device->notify, EPOLLIN);
	if (error)
		failure_errno(failure, error, "virtio %s: cannot watch notifications", ops->name);
out:
	if (error)
		virtio_mmio_destroy(device);
	return error;
}

void virtio_mmio_destroy(struct virtio_device *device)
{
	if (!device->ops)
		return;
	event_loop_remove(device->loop, &device->notify);
	if (device->notify.fd >= 0)
		close(device->notify.fd);
	if (device->irq_fd >= 0)
		close(device->irq_fd);
	pthread_mutex_destroy(&device->lock);
	device->ops = NULL;
}

void virtio_mmio_add(struct virtio_device *device, struct bus *mmio)
{
	bus_add(mmio, device->base, BOOT_VIRTIO_SIZE, &mmio_ops, device);
}
