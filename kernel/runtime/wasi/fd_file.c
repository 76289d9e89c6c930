/* fd_* that are about files only. Streams answer as Linux does for a pipe. */
#include "wasi/file.h"
#include "wasi/guest.h"

WASI_EXPORT(fd_advise, uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice);
WASI_EXPORT(fd_allocate, uint32_t fd, uint64_t offset, uint64_t size);
WASI_EXPORT(fd_datasync, uint32_t fd);
WASI_EXPORT(fd_filestat_get, uint32_t fd, uint32_t stat);
WASI_EXPORT(fd_filestat_set_size, uint32_t fd, uint64_t size);
WASI_EXPORT(fd_filestat_set_times, uint32_t fd, uint64_t access, uint64_t modification, uint32_t flags);
WASI_EXPORT(fd_sync, uint32_t fd);

/* Advice is taken by doing what is done anyway. */
uint32_t wasi_fd_advise(uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice)
{
	struct descriptor *descriptor;
	uint32_t error = file_get(fd, WASI_RIGHT_FD_ADVISE, WASI_ESPIPE, &descriptor);

	if (error)
		return error;
	return advice > WASI_ADVICE_MAX || offset > VFS_OFFSET_MAX || size > VFS_OFFSET_MAX ? WASI_EINVAL :
											      WASI_SUCCESS;
}

uint32_t wasi_fd_allocate(uint32_t fd, uint64_t offset, uint64_t size)
{
	struct descriptor *descriptor;
	uint32_t error = file_get(fd, WASI_RIGHT_FD_ALLOCATE, WASI_ESPIPE, &descriptor);

	if (error)
		return error;
	if (!size || offset > VFS_OFFSET_MAX || size > VFS_OFFSET_MAX)
		return WASI_EINVAL;
	if (size > VFS_OFFSET_MAX - offset)
		return WASI_EFBIG;
	return file_of(descriptor)->open.node->fs->ops->allocate(&file_of(descriptor)->open, offset, size);
}

static uint32_t sync(uint32_t fd, uint64_t right, bool data_only)
{
	struct descriptor *descriptor;
	uint32_t error = file_get(fd, right, WASI_EINVAL, &descriptor);

	return error ? error : file_of(descriptor)->open.node->fs->ops->sync(&file_of(descriptor)->open, data_only);
}

uint32_t wasi_fd_datasync(uint32_t fd)
{
	return sync(fd, WASI_RIGHT_FD_DATASYNC, true);
}

uint32_t wasi_fd_sync(uint32_t fd)
{
	return sync(fd, WASI_RIGHT_FD_SYNC, false);
}

uint32_t wasi_fd_filestat_get(uint32_t fd, uint32_t to)
{
	struct wasi_filestat stat = { .link_count = 1 };
	struct descriptor *descriptor;
	uint32_t error = file_get(fd, WASI_RIGHT_FD_FILESTAT_GET, WASI_ESPIPE, &descriptor);

	if (error == WASI_ESPIPE && descriptor->rights & WASI_RIGHT_FD_FILESTAT_GET)
		stat.filetype = descriptor_filetype(descriptor);
	else if (error)
		return error == WASI_ESPIPE ? WASI_ENOTCAPABLE : error;
	else
		error = vfs_stat(file_of(descriptor)->open.node, &file_of(descriptor)->open, &stat);
	if (error && error != WASI_ESPIPE)
		return error;
	return guest_write(to, &stat, sizeof(stat)) ? WASI_SUCCESS : WASI_EFAULT;
}

uint32_t wasi_fd_filestat_set_size(uint32_t fd, uint64_t size)
{
	struct vfs_attributes attributes = { .set = VFS_SET_SIZE, .size = size };
	struct descriptor *descriptor;
	uint32_t error = file_get(fd, WASI_RIGHT_FD_FILESTAT_SET_SIZE, WASI_EINVAL, &descriptor);

	if (error)
		return error;
	if (size > VFS_OFFSET_MAX)
		return WASI_EINVAL;
	return vfs_setattr(file_of(descriptor)->open.node, &file_of(descriptor)->open, &attributes);
}

uint32_t wasi_fd_filestat_set_times(uint32_t fd, uint64_t access, uint64_t modification, uint32_t flags)
{
	struct vfs_attributes attributes;
	struct descriptor *descriptor;
	uint32_t error = file_get(fd, WASI_RIGHT_FD_FILESTAT_SET_TIMES, WASI_ENOTSUP, &descriptor);

	if (!error)
		error = file_times(access, modification, flags, &attributes);
	return error ? error : vfs_setattr(file_of(descriptor)->open.node, &file_of(descriptor)->open, &attributes);
}
