/* Reading, writing, flushing and giving back space.
 *
 * Direct access wants aligned buffers, offsets and lengths. A guest that knows the disk's
 * blocks mostly has them; what is not aligned goes through a bounce buffer, and a part of a
 * block is written by reading the whole of it first. Only one thread at a time does that, or
 * two sectors of one block could undo each other; an aligned write never shares a block. */
#include "block/disk_image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "virtio/iov.h"

#define ZEROS_SIZE (16u << 10)
#define ZEROS_AT_ONCE 64u

static int transfer(struct disk_image *image, bool write, struct iovec *iov, unsigned count,
		    uint64_t offset)
{
	while (count > 0) {
		ssize_t n = write ? pwritev(image->fd, iov, (int)count, (off_t)offset)
				  : preadv(image->fd, iov, (int)count, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return write ? -EIO : -ENODATA;
		count = iov_skip(iov, iov, count, (uint64_t)n);
		offset += (uint64_t)n;
	}
	return 0;
}

static bool aligned(const struct disk_image *image, const struct iovec *iov, unsigned count,
		    uint64_t offset)
{
	uint64_t memory = 0, lengths = 0;

	for (unsigned i = 0; i < count; i++) {
		memory |= (uintptr_t)iov[i].iov_base;
		lengths |= iov[i].iov_len;
	}
	return memory % image->memory_align == 0 && (offset | lengths) % image->offset_align == 0;
}

/* One visit to the bounce buffer: `size` bytes, `skip` bytes into the block at `start`. */
static int bounce_once(struct disk_image *image, bool write, const struct iovec *iov, unsigned count,
		       uint64_t start, size_t skip, size_t size)
{
	size_t block = image->offset_align;
	size_t span = (skip + size + block - 1) & ~(block - 1);
	struct iovec whole = { image->bounce, span };
	int error = 0;

	if (!write || span != size)
		error = transfer(image, false, &whole, 1, start);
	if (error)
		return error;
	if (!write) {
		iov_scatter(iov, count, image->bounce + skip, size);
		return 0;
	}
	iov_gather(iov, count, image->bounce + skip, size);
	whole = (struct iovec){ image->bounce, span };
	return transfer(image, true, &whole, 1, start);
}

static int bounced(struct disk_image *image, bool write, struct iovec *iov, unsigned count,
		   uint64_t offset)
{
	int error = 0;

	pthread_mutex_lock(&image->bounce_lock);
	while (count > 0 && !error) {
		size_t skip = offset % image->offset_align;
		size_t size = 0;

		for (unsigned i = 0; i < count; i++)
			size += iov[i].iov_len;
		if (size > DISK_IMAGE_BOUNCE_SIZE - skip)
			size = DISK_IMAGE_BOUNCE_SIZE - skip;
		error = bounce_once(image, write, iov, count, offset - skip, skip, size);
		count = iov_skip(iov, iov, count, size);
		offset += size;
	}
	pthread_mutex_unlock(&image->bounce_lock);
	return error;
}

static int access_image(struct disk_image *image, bool write, struct iovec *iov, unsigned count,
			uint64_t offset)
{
	if (image->direct && !aligned(image, iov, count, offset))
		return bounced(image, write, iov, count, offset);
	return transfer(image, write, iov, count, offset);
}

int disk_image_read(struct disk_image *image, struct iovec *iov, unsigned count, uint64_t offset)
{
	return access_image(image, false, iov, count, offset);
}

int disk_image_write(struct disk_image *image, struct iovec *iov, unsigned count, uint64_t offset)
{
	return access_image(image, true, iov, count, offset);
}

uint64_t disk_image_read_cached(struct disk_image *image, const struct iovec *iov, unsigned count,
				uint64_t offset)
{
	ssize_t n = image->direct ? 0 : preadv2(image->fd, iov, (int)count, (off_t)offset, RWF_NOWAIT);

	return n > 0 ? (uint64_t)n : 0;
}

int disk_image_flush(struct disk_image *image)
{
	return fdatasync(image->fd) == 0 ? 0 : -errno;
}

/* fallocate(2), which never makes the file longer here. */
static int allocate(struct disk_image *image, int mode, uint64_t offset, uint64_t size)
{
	int n;

	do
		n = fallocate(image->fd, mode | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size);
	while (n != 0 && errno == EINTR);
	return n == 0 ? 0 : -errno;
}

static bool unsupported(int error)
{
	return error == -EOPNOTSUPP || error == -ENOSYS || error == -ENOTTY || error == -EINVAL;
}

int disk_image_discard(struct disk_image *image, uint64_t offset, uint64_t size)
{
	uint64_t range[2] = { offset, size };
	int error;

	if (image->block_device)
		error = ioctl(image->fd, BLKDISCARD, range) == 0 ? 0 : -errno;
	else
		error = allocate(image, FALLOC_FL_PUNCH_HOLE, offset, size);
	return unsupported(error) ? 0 : error;
}

static int write_zeros(struct disk_image *image, uint64_t offset, uint64_t size)
{
	static const uint8_t zeros[ZEROS_SIZE] __attribute__((aligned(4096)));
	struct iovec iov[ZEROS_AT_ONCE];
	int error = 0;

	while (size > 0 && !error) {
		uint64_t step = size < sizeof(zeros) * ZEROS_AT_ONCE ? size : sizeof(zeros) * ZEROS_AT_ONCE;
		unsigned count;

		for (unsigned i = 0; i < ZEROS_AT_ONCE; i++)
			iov[i] = (struct iovec){ (void *)(uintptr_t)zeros, sizeof(zeros) };
		count = iov_limit(iov, ZEROS_AT_ONCE, step);
		error = disk_image_write(image, iov, count, offset);
		offset += step;
		size -= step;
	}
	return error;
}

int disk_image_zero(struct disk_image *image, uint64_t offset, uint64_t size, bool unmap)
{
	int error = -EOPNOTSUPP;

	if (unmap)
		error = allocate(image, FALLOC_FL_PUNCH_HOLE, offset, size);
	if (unsupported(error))
		error = allocate(image, FALLOC_FL_ZERO_RANGE, offset, size);
	return unsupported(error) ? write_zeros(image, offset, size) : error;
}
