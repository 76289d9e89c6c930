/* Reading and writing files. */
#include "wasi/file.h"
#include "wasi/guest.h"

#define BATCH 16 /* buffers for one operation */

WASI_EXPORT(fd_pread, uint32_t fd, uint32_t iovecs, uint32_t count, uint64_t offset, uint32_t size);
WASI_EXPORT(fd_pwrite, uint32_t fd, uint32_t iovecs, uint32_t count, uint64_t offset, uint32_t size);

struct transfer {
	const struct vfs_file *file;
	uint32_t iovecs, count; /* the program's */
	uint64_t offset;	/* where it goes on; for writing perhaps VFS_AT_END */
	uint64_t done;
};

/* The next iovecs, looked up anew: what was read may have overwritten them. */
static uint32_t next_batch(struct transfer *transfer, struct vfs_buffer *buffers, uint64_t *size)
{
	uint32_t count = transfer->count < BATCH ? transfer->count : BATCH, used = 0;

	*size = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct vfs_buffer *buffer = &buffers[used];

		if (!guest_iovec(transfer->iovecs, i, &buffer->data, &buffer->size))
			break;
		*size += buffer->size;
		used += buffer->size != 0;
	}
	transfer->iovecs += count * (uint32_t)sizeof(struct wasi_iovec);
	transfer->count -= count;
	return used;
}

static uint32_t move(struct transfer *transfer, bool write)
{
	const struct vfs_ops *ops = transfer->file->node->fs->ops;
	struct vfs_buffer buffers[BATCH];

	while (transfer->count) {
		uint64_t size, done = 0;
		uint32_t used = next_batch(transfer, buffers, &size), error;

		if (!used)
			continue;
		/* No file is longer; and the sum stays a number. */
		if (transfer->offset != VFS_AT_END && size > VFS_OFFSET_MAX - transfer->offset)
			return write && !transfer->done ? WASI_EFBIG : WASI_SUCCESS;
		error = write ? ops->write(transfer->file, buffers, used, &transfer->offset, &done) :
				ops->read(transfer->file, buffers, used, transfer->offset, &done);
		if (error)
			return transfer->done ? WASI_SUCCESS : error;
		if (transfer->offset != VFS_AT_END)
			transfer->offset += done;
		transfer->done += done;
		if (done < size)
			break;
	}
	return WASI_SUCCESS;
}

uint32_t file_read(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done)
{
	struct vfs_file *file = &file_of(descriptor)->open;
	struct transfer transfer = { file, iovecs, count, 0, 0 };
	uint32_t error = file_position(file);

	transfer.offset = file->offset;
	if (!error)
		error = move(&transfer, false);
	if (error)
		return error;
	file->offset = transfer.offset;
	*done = (uint32_t)transfer.done;
	return WASI_SUCCESS;
}

uint32_t file_write(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done)
{
	struct vfs_file *file = &file_of(descriptor)->open;
	bool append = file->flags & WASI_FDFLAG_APPEND;
	struct transfer transfer = { file, iovecs, count, append ? VFS_AT_END : 0, 0 };
	uint32_t error = WASI_SUCCESS;

	if (!append) {
		error = file_position(file);
		transfer.offset = file->offset;
	}
	if (!error)
		error = move(&transfer, true);
	if (error)
		return error;
	if (transfer.done)
		file->offset = transfer.offset;
	*done = (uint32_t)transfer.done;
	return WASI_SUCCESS;
}

/* A file that this can be done to at a position. */
static uint32_t positioned(uint32_t fd, uint64_t right, uint64_t offset, struct descriptor **descriptor)
{
	uint32_t error = file_get(fd, right, WASI_ESPIPE, descriptor);

	/* What was not opened for it is no good for it, as POSIX has it. */
	if (error == WASI_ENOTCAPABLE || (error == WASI_ESPIPE && !((*descriptor)->rights & right)))
		return WASI_EBADF;
	if (error)
		return error;
	if (!((*descriptor)->rights & WASI_RIGHT_FD_SEEK))
		return WASI_ENOTCAPABLE;
	return offset > VFS_OFFSET_MAX ? WASI_EINVAL : WASI_SUCCESS;
}

/* Checks what the program gave, and does it. */
static uint32_t run(uint32_t fd, bool write, struct transfer *transfer, uint32_t size)
{
	struct descriptor *descriptor;
	uint32_t total, error;
	uint8_t *unused;

	error = positioned(fd, write ? WASI_RIGHT_FD_WRITE : WASI_RIGHT_FD_READ, transfer->offset, &descriptor);
	if (!error)
		error = guest_check_iovecs(transfer->iovecs, transfer->count, &total);
	if (error)
		return error;
	if (!guest_range(size, sizeof(uint32_t), &unused))
		return WASI_EFAULT;
	transfer->file = &file_of(descriptor)->open;
	error = move(transfer, write);
	if (!error)
		guest_write_u32(size, (uint32_t)transfer->done);
	return error;
}

uint32_t wasi_fd_pread(uint32_t fd, uint32_t iovecs, uint32_t count, uint64_t offset, uint32_t size)
{
	struct transfer transfer = { NULL, iovecs, count, offset, 0 };

	return run(fd, false, &transfer, size);
}

uint32_t wasi_fd_pwrite(uint32_t fd, uint32_t iovecs, uint32_t count, uint64_t offset, uint32_t size)
{
	struct transfer transfer = { NULL, iovecs, count, offset, 0 };

	return run(fd, true, &transfer, size);
}
