/* Opening disk images: what they are, how large, who else uses them. */
#include "block/disk_image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "log.h"

#define PAGE_SIZE 4096u

static int check_kind(const struct stat *st, const char *path, struct failure *failure)
{
	if (S_ISREG(st->st_mode) || S_ISBLK(st->st_mode))
		return 0;
	return failure_set(failure, S_ISDIR(st->st_mode) ? -EISDIR : -EINVAL, "disk %s: %s", path,
			   S_ISDIR(st->st_mode) ? "is a directory" : "neither a file nor a block device");
}

static int in_use(const char *path, struct failure *failure)
{
	return failure_set(failure, -EBUSY,
			   "disk %s: disk image busy, another machine or program uses it", path);
}

/* Looks before it opens: opening a pipe or a device can have effects. And once more
 * afterwards, for the name may have come to mean another file in between. */
static int open_file(struct disk_image *image, const char *path, struct failure *failure)
{
	int flags = (image->read_only ? O_RDONLY : O_RDWR) | (image->direct ? O_DIRECT : 0);
	struct stat st;
	int error;

	if (stat(path, &st) != 0)
		return failure_errno(failure, -errno, "disk %s", path);
	error = check_kind(&st, path, failure);
	if (error)
		return error;
	/* A block device that the host has mounted is not for writing: O_EXCL finds out. */
	if (S_ISBLK(st.st_mode) && !image->read_only)
		flags |= O_EXCL;
	image->fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	image->opened = image->fd >= 0;
	if (!image->opened && errno == EBUSY)
		return in_use(path, failure);
	if (!image->opened && errno == EINVAL && image->direct)
		return failure_set(failure, -EINVAL, "disk %s: its file system has no direct I/O", path);
	if (!image->opened || fstat(image->fd, &st) != 0)
		return failure_errno(failure, -errno, "disk %s", path);
	image->block_device = S_ISBLK(st.st_mode);
	return check_kind(&st, path, failure);
}

/* Locks belong to the open file, not to the process: the same image cannot be written
 * through two disks of one machine either. QEMU's locks and these see each other. */
static int lock(const struct disk_image *image, const char *path, struct failure *failure)
{
	struct flock whole = { .l_type = image->read_only ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(image->fd, F_OFD_SETLK, &whole) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return in_use(path, failure);
	log_line(LOG_LEVEL_WARN, "disk %s: cannot be locked: %s", path, strerror(errno));
	return 0;
}

static int measure_device(struct disk_image *image)
{
	unsigned physical = 0, optimal = 0;
	int logical = 0;
	uint64_t size;

	if (ioctl(image->fd, BLKGETSIZE64, &size) != 0 || ioctl(image->fd, BLKSSZGET, &logical) != 0)
		return -errno;
	image->size = size;
	image->logical_block = logical >= (int)DISK_IMAGE_SECTOR ? (uint32_t)logical : DISK_IMAGE_SECTOR;
	image->physical_block = ioctl(image->fd, BLKPBSZGET, &physical) == 0 ? physical : 0;
	image->optimal_io = ioctl(image->fd, BLKIOOPT, &optimal) == 0 ? optimal : 0;
	return 0;
}

static int measure_file(struct disk_image *image)
{
	struct stat st;

	if (fstat(image->fd, &st) != 0)
		return -errno;
	image->size = (uint64_t)st.st_size;
	image->logical_block = DISK_IMAGE_SECTOR;
	/* Writes of less than the file system's block read it first. */
	image->physical_block = st.st_blksize <= PAGE_SIZE ? (uint32_t)st.st_blksize : PAGE_SIZE;
	return 0;
}

static int measure(struct disk_image *image, const char *path, struct failure *failure)
{
	int error = image->block_device ? measure_device(image) : measure_file(image);
	uint32_t physical = image->physical_block;

	if (error)
		return failure_errno(failure, error, "disk %s: cannot tell its size", path);
	if (physical < image->logical_block || (physical & (physical - 1)))
		image->physical_block = image->logical_block;
	if (image->size % DISK_IMAGE_SECTOR)
		log_line(LOG_LEVEL_WARN, "disk %s: the last %u bytes are less than a sector and left out", path,
			 (unsigned)(image->size % DISK_IMAGE_SECTOR));
	image->size -= image->size % DISK_IMAGE_SECTOR;
	if (image->size == 0)
		return failure_set(failure, -EINVAL, "disk %s: smaller than a sector of %u bytes", path,
				   DISK_IMAGE_SECTOR);
	return 0;
}

/* Said and no more: what the format is must not depend on bytes that a guest may have written. */
static void warn_of_qcow2(const struct disk_image *image, const char *path)
{
	static const char magic[4] = "QFI\xfb";
	char start[sizeof(magic)];

	if (!image->direct && pread(image->fd, start, sizeof(start), 0) == sizeof(start) &&
	    memcmp(start, magic, sizeof(magic)) == 0)
		log_line(LOG_LEVEL_WARN, "disk %s: looks like qcow2, but its bytes are used as they are (qemu-nbd makes a "
			 "block device of it)", path);
}

static void find_alignment(struct disk_image *image)
{
	image->memory_align = image->offset_align =
		image->block_device ? image->logical_block : PAGE_SIZE;
#ifdef STATX_DIOALIGN
	struct statx stx;

	if (statx(image->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) == 0 &&
	    (stx.stx_mask & STATX_DIOALIGN) && stx.stx_dio_offset_align && stx.stx_dio_mem_align) {
		image->memory_align = stx.stx_dio_mem_align;
		image->offset_align = stx.stx_dio_offset_align;
	}
#endif
}

static int prepare_direct(struct disk_image *image, const char *path, struct failure *failure)
{
	find_alignment(image);
	if (image->memory_align > PAGE_SIZE || image->offset_align > PAGE_SIZE)
		return failure_set(failure, -ENOTSUP, "disk %s: direct I/O there wants blocks of %u bytes", path,
				   image->offset_align);
	/* Else writing the last sectors would make the file longer. */
	if (image->size % image->offset_align)
		return failure_set(failure, -EINVAL,
				   "disk %s: direct I/O there wants a size that is a multiple of %u bytes", path,
				   image->offset_align);
	image->bounce = aligned_alloc(PAGE_SIZE, DISK_IMAGE_BOUNCE_SIZE);
	return image->bounce ? 0 : failure_set(failure, -ENOMEM, "disk %s: out of memory", path);
}

int disk_image_open(struct disk_image *image, const char *path, bool read_only, bool direct,
		    struct failure *failure)
{
	int error;

	image->read_only = read_only;
	image->direct = direct;
	pthread_mutex_init(&image->bounce_lock, NULL);
	error = open_file(image, path, failure);
	if (!error)
		error = lock(image, path, failure);
	if (!error)
		error = measure(image, path, failure);
	if (!error && direct)
		error = prepare_direct(image, path, failure);
	if (error)
		disk_image_close(image);
	else
		warn_of_qcow2(image, path);
	return error;
}

void disk_image_close(struct disk_image *image)
{
	if (image->opened)
		close(image->fd);
	image->opened = false;
	free(image->bounce);
	image->bounce = NULL;
}
