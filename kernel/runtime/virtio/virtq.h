/* The driver's side of a split virtqueue (virtio 1.2, section 2.7), one descriptor
 * for a buffer. The caller numbers its buffers 0 … size-1 and the number is the
 * descriptor, so there is no free list that a device could corrupt: what comes back
 * is checked against what is out. The rings are shared with the device and nothing
 * is ever read back from them but what the device has to say. */
#ifndef WALNUT_RUNTIME_VIRTQ_H
#define WALNUT_RUNTIME_VIRTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio_ring.h"

#define VIRTQ_SIZE 16 /* at most; a power of two */

/* The three rings of one queue, in memory that device and driver share. */
struct virtq_rings {
	struct virtq_desc descriptors[VIRTQ_SIZE];
	struct {
		uint16_t flags, idx, ring[VIRTQ_SIZE], used_event;
	} available;
	struct {
		uint16_t flags, idx;
		struct virtq_used_elem ring[VIRTQ_SIZE];
		uint16_t avail_event;
	} used;
} __attribute__((aligned(VIRTQ_DESC_ALIGN)));
_Static_assert(offsetof(struct virtq_rings, available) % VIRTQ_AVAIL_ALIGN == 0, "alignment");
_Static_assert(offsetof(struct virtq_rings, used) % VIRTQ_USED_ALIGN == 0, "alignment");

struct virtq {
	struct virtq_rings *rings;
	uint16_t size;
	uint16_t number;	/* of the device's queues */
	uint16_t available_idx; /* next entry to fill */
	uint16_t used_idx;	/* next entry to read */
	uint16_t published;	/* available_idx as the device knows it */
	bool event_idx;		/* VIRTIO_F_EVENT_IDX was negotiated */
	uint32_t out;		/* bit i: the device has buffer i */
	uint32_t lengths[VIRTQ_SIZE]; /* what was offered */
};

/* `rings` is zero. Interrupts are off until virtq_want_interrupt(). */
void virtq_init(struct virtq *queue, struct virtq_rings *rings, uint16_t number, uint16_t size);

/* Puts buffer `id`, which the device does not have, at the device's disposal; it
 * may write to it if `writable`. */
void virtq_add(struct virtq *queue, uint16_t id, uint64_t physical, uint32_t size, bool writable);

/* The same for a request to read and a place for its answer, which take the numbers
 * `id` and id + 1; it comes back as `id`. */
void virtq_add_request(struct virtq *queue, uint16_t id, uint64_t request, uint32_t request_size,
		       uint64_t answer, uint32_t answer_size);

/* The same for a request in several pieces: the device reads `read_count` of them and may write to
 * the others, at least one. They take the numbers from `id` on, which is what comes back. */
struct virtq_piece {
	uint64_t physical;
	uint32_t size;
};
void virtq_add_pieces(struct virtq *queue, uint16_t id, const struct virtq_piece *pieces, uint32_t count,
		      uint32_t read_count);

/* For a queue of a device that has agreed to VIRTIO_F_EVENT_IDX: notifications and interrupts
 * are asked for by index then. Before the first virtq_publish(). */
void virtq_use_event_idx(struct virtq *queue);

/* Lets the device see what was added; true: it wants a notification. */
bool virtq_publish(struct virtq *queue);

static inline bool virtq_has(const struct virtq *queue, uint16_t id)
{
	return queue->out >> id & 1;
}

/* Takes back one buffer the device is done with: 1, 0 when there is none, or -1
 * when the device broke the rules (an id it does not have, more bytes than fit). */
int virtq_take(struct virtq *queue, uint16_t *id, uint32_t *written);

/* Whether virtq_take() would find something. */
bool virtq_ready(const struct virtq *queue);

/* Asks for interrupts, or not. After asking, look at virtq_ready() once more. */
void virtq_want_interrupt(struct virtq *queue, bool wanted);

#endif
