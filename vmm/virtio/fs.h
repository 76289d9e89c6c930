/* The file system device: virtio 1.2, section 5.11. A shared directory (fs/fs.h) behind a queue for
 * requests and one for what has to get past them (forgotten inodes).
 *
 * Requests are carried out one after the other, without the device's lock, by the one thread of
 * the device's loop, or, in a machine with one processor that waits for them anyway, by the processor's
 * thread, until they come so quickly that the device's looks out for them (fs_watch.h). There is no DAX
 * window. */
#ifndef WALNUT_VMM_VIRTIO_FS_H
#define WALNUT_VMM_VIRTIO_FS_H

#include "fs/fs.h"
#include "virtio/device.h"
#include "virtio/fs_watch.h"

#include "fuse.h"

struct failure;
struct fs_config;

enum { VIRTIO_FS_QUEUE_HIGH, VIRTIO_FS_QUEUE_REQUEST, VIRTIO_FS_QUEUE_COUNT };

struct virtio_fs {
	struct virtio_device device; /* first: ops get a pointer to it */
	struct fs fs;
	struct virtio_fs_config config;
	struct virtq_chain chain; /* of the request in progress */
	bool busy;
	bool forgotten;	     /* the client is gone: the share is to be reset */
	uint32_t epoch;	     /* counts resets: requests from before are nobody's */
	unsigned pausing;    /* somebody waits until the device is not busy */
	pthread_cond_t idle;
	struct fs_watch watch;
};

/* Opens the share, which may use fd_limit descriptors. The device itself is created by
 * add() of vm/devices.c before, on a loop of one thread that may block. virtio_fs_ops.close() is due
 * in any case. */
int virtio_fs_open(struct virtio_fs *device, const struct fs_config *config, uint32_t fd_limit,
		   struct failure *failure);

extern const struct virtio_device_ops virtio_fs_ops;

#endif
