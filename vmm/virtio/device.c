/* What a virtio device is to its driver whatever carries the registers: status machine,
 * features, set-up of queues (virtio 1.2, chapters 2 and 3).
 *
 * Register accesses come from vCPU threads, queue work happens on the thread of the device's
 * loop; the device's lock is between them. Notifications go by an eventfd, one for all queues
 * of a device: looking at an idle queue is one load. */
#include "virtio/device.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "failure.h"
#include "log.h"

#include "virtio.h" /* abi/ */

#define TRANSPORT_FEATURES \
	(1ull << VIRTIO_F_INDIRECT_DESC | 1ull << VIRTIO_F_EVENT_IDX | 1ull << VIRTIO_F_VERSION_1)

static uint64_t offered_features(const struct virtio_device *device)
{
	return device->features | TRANSPORT_FEATURES;
}

static void raise_interrupt(struct virtio_device *device, uint32_t cause, unsigned queue)
{
	device->interrupt_status |= cause;
	device->interrupts++;
	device->transport->interrupt(device, cause, queue);
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
		raise_interrupt(device, VIRTIO_INT_QUEUE, (unsigned)(vq - device->queues));
}

void virtio_device_leave(struct virtio_device *device, struct virtq *vq, bool more)
{
	virtq_want_notify(vq, true);
	if (more && virtq_has_next(vq))
		virtio_device_revisit(device);
	virtio_device_signal(device, vq);
}

void virtio_device_config_changed(struct virtio_device *device)
{
	device->config_generation++;
	if (device->status & VIRTIO_STATUS_DRIVER_OK)
		raise_interrupt(device, VIRTIO_INT_CONFIG, 0);
}

void virtio_device_broken(struct virtio_device *device, const char *why)
{
	log_line(LOG_LEVEL_WARN, "virtio %s: %s; device stopped", device->ops->name, why);
	device->status |= VIRTIO_STATUS_NEEDS_RESET;
	virtio_device_config_changed(device);
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
	if (device->transport->reset)
		device->transport->reset(device);
}

void virtio_device_write_status(struct virtio_device *device, uint32_t value)
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
		if ((device->driver_features & ~offered_features(device)) ||
		    !virtio_device_has_feature(device, VIRTIO_F_VERSION_1))
			value &= ~VIRTIO_STATUS_FEATURES_OK;
	}
	if ((value & VIRTIO_STATUS_DRIVER_OK) && !(value & VIRTIO_STATUS_FEATURES_OK))
		value &= ~VIRTIO_STATUS_DRIVER_OK;
	if ((value & VIRTIO_STATUS_DRIVER_OK) && !(device->status & VIRTIO_STATUS_DRIVER_OK)) {
		if (device->ops->driver_ready)
			device->ops->driver_ready(device);
		virtio_device_revisit(device); /* it may have something to say at once */
	}
	device->status |= value;
}

uint32_t virtio_device_read_features(const struct virtio_device *device)
{
	if (device->device_features_select >= 2)
		return 0;
	return (uint32_t)(offered_features(device) >> 32 * device->device_features_select);
}

void virtio_device_write_features(struct virtio_device *device, uint32_t value)
{
	if (!(device->status & VIRTIO_STATUS_FEATURES_OK) && device->driver_features_select < 2)
		virtio_set_half(&device->driver_features, value, device->driver_features_select == 1);
}

struct virtq *virtio_device_selected_queue(struct virtio_device *device)
{
	return device->queue_select < device->queue_count ? &device->queues[device->queue_select] : NULL;
}

void virtio_device_start_queue(struct virtio_device *device)
{
	struct virtq *vq = virtio_device_selected_queue(device);

	if (!vq || vq->ready || !(device->status & VIRTIO_STATUS_FEATURES_OK))
		return;
	if (virtq_start(vq, device->mem, device->ops->queue_size_max,
			virtio_device_has_feature(device, VIRTIO_F_EVENT_IDX)))
		virtio_device_broken(device, "bad queue configuration");
}

void virtio_device_stop_queue(struct virtio_device *device)
{
	struct virtq *vq = virtio_device_selected_queue(device);

	if (!vq || !(device->status & VIRTIO_STATUS_FEATURES_OK))
		return;
	if (vq->ready && device->ops->queue_stopped)
		device->ops->queue_stopped(device, device->queue_select);
	vq->ready = false;
}

void virtio_device_poll_locked(struct virtio_device *device)
{
	for (unsigned i = 0; i < device->queue_count; i++)
		if (virtio_device_queue(device, i))
			device->ops->queue_ready(device, i);
}

void virtio_device_poll(struct virtio_device *device)
{
	pthread_mutex_lock(&device->lock);
	virtio_device_poll_locked(device);
	pthread_mutex_unlock(&device->lock);
}

static void notified(struct event_source *source, uint32_t events)
{
	struct virtio_device *device = (struct virtio_device *)((char *)source -
								 offsetof(struct virtio_device, notify));
	uint64_t count;

	if (read(source->fd, &count, sizeof(count)) == sizeof(count))
		device->notifies += count;
	virtio_device_poll(device);
}

int virtio_device_create(struct virtio_device *device, const struct virtio_device_ops *ops,
			 const struct virtio_transport_ops *transport, const struct guest_mem *mem,
			 struct event_loop *loop, struct failure *failure)
{
	int error;

	*device = (struct virtio_device){
		.ops = ops, .transport = transport, .mem = mem, .loop = loop,
		.features = ops->features, .queue_count = ops->queue_count,
		.irq_fd = -1, .notify = { .fd = -1, .ready = notified },
	};
	pthread_mutex_init(&device->lock, NULL);
	device->notify.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (device->notify.fd < 0)
		return failure_errno(failure, -errno, "virtio %s: cannot create an eventfd", ops->name);
	error = event_loop_add(loop, &device->notify, EPOLLIN);
	if (error)
		failure_errno(failure, error, "virtio %s: cannot watch notifications", ops->name);
	return error;
}

void virtio_device_destroy(struct virtio_device *device)
{
	if (!device->ops)
		return;
	event_loop_remove(device->loop, &device->notify);
	if (device->notify.fd >= 0)
		close(device->notify.fd);
	if (device->transport->destroy)
		device->transport->destroy(device);
	pthread_mutex_destroy(&device->lock);
	device->ops = NULL;
}
