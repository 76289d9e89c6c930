/* What a virtio device, its transport and what they have in common (device.c: status machine,
 * features, queues) know of each other. The device is a const table of operations and a struct
 * that embeds struct virtio_device; the transport (mmio.c, pci.c) has the registers. */
#ifndef WALNUT_VMM_VIRTIO_DEVICE_H
#define WALNUT_VMM_VIRTIO_DEVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "virtio/virtq.h"
#include "vm/event_loop.h"

#define VIRTIO_QUEUES_MAX 16

struct failure;
struct virtio_device;
struct virtio_pci;

/* All but close are called with the device's lock held. */
struct virtio_device_ops {
	const char *name;
	uint32_t id;
	uint64_t features; /* of such devices; the transport adds its own */
	uint16_t queue_count; /* at most VIRTIO_QUEUES_MAX */
	uint16_t queue_size_max;

	/* Bytes of the configuration space; NULL: there is none, or it cannot be written. Out
	 * of range: zeros are read, writes are dropped. */
	void (*config_read)(struct virtio_device *device, uint64_t offset, void *data, unsigned size);
	void (*config_write)(struct virtio_device *device, uint64_t offset, const void *data, unsigned size);

	/* The driver is about to use the device; what it takes of the features is settled. NULL:
	 * nothing to do. */
	void (*driver_ready)(struct virtio_device *device);

	/* The queue is ready and may hold requests. On the thread of the device's loop; one that
	 * lets go of the lock meanwhile may be called again on another of them. */
	void (*queue_ready)(struct virtio_device *device, unsigned queue);

	/* The driver has notified, and its processor waits until this comes back: for what is quicker
	 * done than handed over. Where the transport can, and the machine has one processor, it is called
	 * instead of queue_ready, on the vCPU's thread. NULL: hand over. */
	void (*notified)(struct virtio_device *device);

	/* The driver reset the device, or one queue of it: forget requests in flight. NULL:
	 * nothing to do. */
	void (*reset)(struct virtio_device *device);
	void (*queue_stopped)(struct virtio_device *device, unsigned queue);

	/* Releases what the device holds of the host, but not its memory. Without the lock,
	 * when no thread serves it any more; it may have been opened in part only. NULL:
	 * nothing to do. */
	void (*close)(struct virtio_device *device);
};

/* The transport's side. All but destroy are called with the device's lock held. */
struct virtio_transport_ops {
	/* VIRTIO_INT_QUEUE for that queue, or VIRTIO_INT_CONFIG; interrupt_status has it already. */
	void (*interrupt)(struct virtio_device *device, uint32_t cause, unsigned queue);

	/* After a reset; NULL: nothing to do. */
	void (*reset)(struct virtio_device *device);

	/* Releases what the transport holds; NULL: nothing. */
	void (*destroy)(struct virtio_device *device);
};

struct virtio_device {
	const struct virtio_device_ops *ops;
	const struct virtio_transport_ops *transport;
	const struct guest_mem *mem;
	struct event_loop *loop;
	pthread_mutex_t lock;

	struct event_source notify; /* ioeventfd: any notification of the driver's */

	/* The transport's own. */
	uint32_t irq;  /* interrupt line */
	uint64_t base; /* virtio-mmio: where the registers are */
	int irq_fd;    /* and what raises the line (irqfd) */
	struct virtio_pci *pci;

	uint64_t features;    /* that this one offers; from ops, its open function may change it */
	uint16_t queue_count; /* the same */

	uint32_t status;
	uint32_t interrupt_status;
	uint64_t driver_features;
	uint32_t device_features_select;
	uint32_t driver_features_select;
	uint32_t queue_select;
	uint32_t config_generation;
	struct virtq queues[VIRTIO_QUEUES_MAX];

	_Atomic uint64_t notifies; /* counted for the statistics */
	uint64_t interrupts;
};

/* The queue, when the driver has it running and the device may use it; else NULL. */
struct virtq *virtio_device_queue(struct virtio_device *device, unsigned queue);

/* The part of a configuration space that an access is for; nothing if it reaches over the end. */
static inline void virtio_config_copy(const void *config, size_t config_size, uint64_t offset, void *data,
				      unsigned size)
{
	if (offset < config_size && size <= config_size - offset)
		memcpy(data, (const char *)config + offset, size);
}

static inline bool virtio_device_has_feature(const struct virtio_device *device, unsigned bit)
{
	return device->driver_features >> bit & 1;
}

/* Ends a visit to the queue: asks for notification of the next request, raises the
 * interrupt if completions ask for one. With `more`, requests that are still there are
 * visited again after others had their turn, so that a driver that never stops offering
 * them does not keep the I/O thread to itself; without, something else will wake the
 * device up. */
void virtio_device_leave(struct virtio_device *device, struct virtq *vq, bool more);

/* Raises the interrupt if completions ask for one, in the middle of a visit. */
void virtio_device_signal(struct virtio_device *device, struct virtq *vq);

/* Has all queues visited once more, after others had their turn. */
void virtio_device_revisit(struct virtio_device *device);

/* The configuration space reads differently from now on. */
void virtio_device_config_changed(struct virtio_device *device);

/* The driver broke the rules: the device stops until it is reset. */
void virtio_device_broken(struct virtio_device *device, const char *why);

/* For the transport. */

/* Prepares the embedded device: `ops` are set here, the rest of the enclosing struct is
 * the caller's. Its queues are served on the loop's thread. virtio_device_destroy(), which
 * accepts a zeroed device too, is due in any case. */
int virtio_device_create(struct virtio_device *device, const struct virtio_device_ops *ops,
			 const struct virtio_transport_ops *transport, const struct guest_mem *mem,
			 struct event_loop *loop, struct failure *failure);
void virtio_device_destroy(struct virtio_device *device);

/* Lets the device look at all of its queues now. On the loop's thread. */
void virtio_device_poll(struct virtio_device *device);

/* The same with the device's lock held, on a thread of the device's own choice. */
void virtio_device_poll_locked(struct virtio_device *device);

/* What registers do that both transports have. With the device's lock held. */
void virtio_device_write_status(struct virtio_device *device, uint32_t value);
uint32_t virtio_device_read_features(const struct virtio_device *device); /* the selected half */
void virtio_device_write_features(struct virtio_device *device, uint32_t value);
struct virtq *virtio_device_selected_queue(struct virtio_device *device); /* NULL: no such queue */
void virtio_device_start_queue(struct virtio_device *device); /* the selected one */
void virtio_device_stop_queue(struct virtio_device *device);

static inline void virtio_set_half(uint64_t *to, uint32_t value, bool high)
{
	if (high)
		*to = (*to & 0xffffffff) | (uint64_t)value << 32;
	else
		*to = (*to & ~0xffffffffull) | value;
}

#endif
