/* The device's side of a split virtqueue: virtio 1.2, section 2.7. The rings lie in
 * guest memory and their content is hostile. This is the only code that reads
 * descriptors: devices see chains of host addresses that are already checked.
 *
 * Nothing here locks; the transport serializes the calls for one device. */
#ifndef WALNUT_VMM_VIRTQ_H
#define WALNUT_VMM_VIRTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "virtio_ring.h"

/* The largest queue a device may offer; bounds the length of a chain. */
#define VIRTQ_DEVICE_SIZE_MAX 256

struct guest_mem;

struct virtq {
	/* As the driver configured it. */
	uint16_t size;
	bool ready;
	uint64_t desc_gpa, avail_gpa, used_gpa;

	/* Valid while ready. */
	const struct guest_mem *mem;
	const struct virtq_desc *desc;
	const struct virtq_avail *avail;
	struct virtq_used *used;
	bool event_idx;
	uint16_t next_avail;
	uint16_t next_used;
	uint16_t signalled_used; /* next_used at the last decision about an interrupt */
	bool signalled_valid;
};

/* One request: first the buffers that the device reads, then those it writes. */
struct virtq_chain {
	uint16_t head;
	uint16_t read_count;
	uint16_t write_count;
	uint64_t read_size;  /* bytes, all readable buffers */
	uint64_t write_size;
	struct iovec iov[VIRTQ_DEVICE_SIZE_MAX];
};

static inline struct iovec *virtq_chain_readable(struct virtq_chain *chain)
{
	return chain->iov;
}

static inline struct iovec *virtq_chain_writable(struct virtq_chain *chain)
{
	return chain->iov + chain->read_count;
}

/* Checks size (a power of two up to size_max) and the three addresses, and starts the
 * queue. -EINVAL: not a usable queue. */
int virtq_start(struct virtq *vq, const struct guest_mem *mem, uint16_t size_max, bool event_idx);

/* Takes the next request off the queue. 1: *chain is filled in; 0: there is none;
 * -EINVAL: the driver broke the rules (a loop, a chain longer than the queue, a
 * buffer outside RAM, ...): the device must stop and ask for a reset. */
int virtq_next_chain(struct virtq *vq, struct virtq_chain *chain);

/* Puts back the chain taken last, or as many as that, as if they had not been taken. */
void virtq_undo_next(struct virtq *vq);
void virtq_undo(struct virtq *vq, unsigned count);

/* True when a request waits. */
bool virtq_has_next(const struct virtq *vq);

/* Asks the driver to notify for the next request, or not to bother; the latter is a
 * hint. After enabling, look at virtq_has_next() once more. */
void virtq_want_notify(struct virtq *vq, bool want);

/* Gives the request back; written: bytes the device wrote to its buffers. */
void virtq_complete(struct virtq *vq, uint16_t head, uint32_t written);

/* Gives several back, which the driver then sees at once. */
void virtq_complete_many(struct virtq *vq, const uint16_t *heads, const uint32_t *written, unsigned count);

/* Whether requests completed since the last call are worth an interrupt. */
bool virtq_should_interrupt(struct virtq *vq);

#endif
