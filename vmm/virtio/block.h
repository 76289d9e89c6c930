/* The block device: virtio 1.2, section 5.2. A disk image behind any number of queues.
 *
 * Requests are taken off the queues under the device's lock and carried out without it, by
 * whichever of the loop's threads was told of them; each has a lane, a place for one request.
 * Who is about to wait for the disk while another request is there has the next thread woken. So
 * what the host has in memory is served without a change of threads, and what it has not by
 * several at once. */
#ifndef WALNUT_VMM_VIRTIO_BLOCK_H
#define WALNUT_VMM_VIRTIO_BLOCK_H

#include <stdatomic.h>

#include "block/disk_image.h"
#include "virtio/device.h"
#include "vm/worker.h"

#include "virtio_block.h"

#define BLOCK_LANES WORKER_THREADS_MAX
#define BLOCK_QUEUES_MAX 8
#define BLOCK_QUEUE_SIZE 256

#define BLOCK_SEGMENTS_MAX (BLOCK_QUEUE_SIZE - 2) /* header and status have descriptors, too */
#define BLOCK_SEGMENT_SIZE_MAX (1u << 20)
#define BLOCK_REQUEST_MAX ((uint64_t)BLOCK_SEGMENTS_MAX * BLOCK_SEGMENT_SIZE_MAX)
#define BLOCK_RANGES_MAX 16 /* of a discard */

struct block;
struct disk_config;
struct failure;

struct block_lane {
	struct block *block;
	bool busy;
	bool more;	    /* another request waited behind this one, and a lane is free */
	uint64_t features;  /* the driver's, when the request was taken */
	bool write_through; /* the same */
	struct virtq_chain chain;
	struct iovec slice[VIRTQ_DEVICE_SIZE_MAX];
};

struct block {
	struct virtio_device device; /* first: ops get a pointer to it */
	struct disk_image image;
	const char *path; /* the configuration's */
	char serial[VIRTIO_BLK_ID_BYTES];
	struct virtio_blk_config config;
	int8_t writeback; /* as the driver wrote it, -1: it did not */
	_Atomic uint64_t reported[3]; /* errors that the log has seen, by errno */

	struct block_lane lanes[BLOCK_LANES];
	unsigned busy;	     /* lanes */
	pthread_cond_t idle; /* a lane is done */
	unsigned pausing;    /* somebody waits until none is busy */
	uint32_t epoch;	     /* counts resets: requests from before are nobody's */
	atomic_uint resetting;
	const atomic_bool *ending; /* the machine's: no more work */
};

/* Opens the image. The device itself is created by virtio_mmio_create(&block->device,
 * &block_ops, ...) before, on a loop whose threads may block, at most BLOCK_LANES of them.
 * When *ending becomes true, requests end early. block_ops.close() is due in any case. */
int block_open(struct block *block, const struct disk_config *config, unsigned queue_count,
	       const atomic_bool *ending, struct failure *failure);

/* Carries out the request in the lane's chain, which has a header and a place for the status.
 * Without the lock. Returns how many bytes were written to the chain's buffers. */
uint32_t block_execute(struct block_lane *lane);

/* The lane's thread is about to wait for the disk: others take what is in the queues. */
void block_will_wait(struct block_lane *lane);

/* Whether requests are to end early. */
static inline bool block_aborting(const struct block *block)
{
	return block->resetting > 0 || *block->ending;
}

extern const struct virtio_device_ops block_ops;

#endif
