/* A disk image of the host: a regular file or a block device, raw. Knows nothing of
 * virtio. Reading and writing may be done by several threads at once. */
#ifndef WALNUT_VMM_BLOCK_DISK_IMAGE_H
#define WALNUT_VMM_BLOCK_DISK_IMAGE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct failure;

#define DISK_IMAGE_SECTOR 512u
#define DISK_IMAGE_BOUNCE_SIZE (256u << 10) /* a multiple of any block */

struct disk_image {
	int fd; /* valid if opened: 0 may be an image's, too */
	bool opened;
	bool read_only;
	bool direct;	       /* past the page cache */
	bool block_device;
	uint64_t size;	       /* bytes, whole sectors */
	uint32_t logical_block; /* bytes; what a partition table counts in */
	uint32_t physical_block;
	uint32_t optimal_io;   /* bytes; 0: not known */

	/* Direct access only: what addresses, offsets and lengths have to be multiples of,
	 * and where requests that are not go through. */
	uint32_t memory_align, offset_align;
	pthread_mutex_t bounce_lock;
	uint8_t *bounce; /* DISK_IMAGE_BOUNCE_SIZE bytes */
};

/* Opens and locks the image: any number of readers, or one that writes; -EBUSY if that
 * cannot be. Bytes behind the last whole sector do not belong to the disk. Accepts only a
 * zeroed object; disk_image_close() is due in any case. */
int disk_image_open(struct disk_image *image, const char *path, bool read_only, bool direct,
		    struct failure *failure);

/* Accepts a zeroed or half-built object. */
void disk_image_close(struct disk_image *image);

/* The following return 0 or a negative errno; ranges lie inside the image. */

/* The list of buffers is used up. -ENODATA: the file has become shorter than the range. */
int disk_image_read(struct disk_image *image, struct iovec *iov, unsigned count, uint64_t offset);
int disk_image_write(struct disk_image *image, struct iovec *iov, unsigned count, uint64_t offset);

/* Reads what is in the host's memory already, from the start of the range on. Never waits.
 * Returns how many bytes that were. */
uint64_t disk_image_read_cached(struct disk_image *image, const struct iovec *iov, unsigned count,
				uint64_t offset);

/* What was written is on stable storage. */
int disk_image_flush(struct disk_image *image);

/* The range's content is not needed any more: a hint, which succeeds where the host cannot
 * make use of it. */
int disk_image_discard(struct disk_image *image, uint64_t offset, uint64_t size);

/* The range reads as zeros; with `unmap` its space may be given back. */
int disk_image_zero(struct disk_image *image, uint64_t offset, uint64_t size, bool unmap);

#endif
