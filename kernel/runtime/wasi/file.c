/* Files and directories as descriptors; see file.h. */
#include "wasi/file.h"

#include "clock.h"
#include "fs/heap.h"

#define WRITABLE_SIZE 4096

static uint8_t filetype(const struct descriptor *descriptor)
{
	return file_of(descriptor)->open.node->type;
}

/* Files never make anybody wait. */
static bool poll(struct descriptor *descriptor, bool write, struct wasi_event *event)
{
	struct vfs_file *file = &file_of(descriptor)->open;
	struct wasi_filestat stat;

	event->size = WRITABLE_SIZE;
	if (!write) {
		event->error = (uint16_t)vfs_stat(file->node, file, &stat);
		event->size = !event->error && stat.size > file->offset ? stat.size - file->offset : 0;
	}
	return true;
}

static void close(struct descriptor *descriptor)
{
	vfs_close(&file_of(descriptor)->open);
	fs_free(descriptor->object, sizeof(struct file));
}

uint32_t file_position(struct vfs_file *file)
{
	struct wasi_filestat stat;
	uint32_t error;

	if (file->offset != VFS_AT_END)
		return WASI_SUCCESS;
	error = vfs_stat(file->node, file, &stat);
	if (!error)
		file->offset = stat.size;
	return error;
}

static uint32_t set_flags(struct descriptor *descriptor, uint16_t flags)
{
	struct vfs_file *file = &file_of(descriptor)->open;
	const struct vfs_ops *ops = file->node->fs->ops;
	uint32_t error;

	if (flags & ~WASI_FDFLAGS)
		return WASI_EINVAL;
	error = ops->set_flags && file->node->type != WASI_FILETYPE_DIRECTORY ? ops->set_flags(file, flags) : WASI_SUCCESS;
	if (!error)
		file->flags = descriptor->flags = flags;
	return error;
}

static uint32_t seek(struct descriptor *descriptor, int64_t offset, uint32_t whence, uint64_t *position)
{
	struct vfs_file *file = &file_of(descriptor)->open;
	struct wasi_filestat stat = { 0 };
	uint32_t error = WASI_SUCCESS;
	int64_t base = 0, sum;

	if (file->node->type == WASI_FILETYPE_DIRECTORY)
		return WASI_EISDIR;
	if (whence == WASI_WHENCE_CUR) {
		error = file_position(file);
		base = (int64_t)file->offset;
	} else if (whence == WASI_WHENCE_END) {
		error = vfs_stat(file->node, file, &stat);
		base = (int64_t)stat.size;
	} else if (whence != WASI_WHENCE_SET) {
		error = WASI_EINVAL;
	}
	if (error)
		return error;
	if (__builtin_add_overflow(base, offset, &sum) || sum < 0)
		return WASI_EINVAL;
	*position = file->offset = (uint64_t)sum;
	return WASI_SUCCESS;
}

static const struct descriptor_ops file_ops = {
	.filetype = filetype,
	.read = file_read,
	.write = file_write,
	.poll = poll,
	.close = close,
	.seek = seek,
	.set_flags = set_flags,
};

uint32_t file_add(const struct file *opened, uint64_t rights, uint64_t inheriting, uint32_t *fd)
{
	struct file *file = fs_allocate(sizeof(*file)), rejected = *opened;

	if (file) {
		*file = *opened;
		if (descriptor_open(&file_ops, file, rights, opened->open.flags, fd)) {
			descriptor_get(*fd)->inheriting = inheriting;
			return WASI_SUCCESS;
		}
		fs_free(file, sizeof(*file));
	}
	vfs_close(&rejected.open);
	return file ? WASI_EMFILE : WASI_ENOMEM;
}

uint32_t file_get(uint32_t fd, uint64_t right, uint32_t other_error, struct descriptor **descriptor)
{
	*descriptor = descriptor_get(fd);
	if (!*descriptor)
		return WASI_EBADF;
	if ((*descriptor)->ops != &file_ops)
		return other_error;
	return (*descriptor)->rights & right ? WASI_SUCCESS : WASI_ENOTCAPABLE;
}

uint32_t file_get_directory(uint32_t fd, uint64_t rights, struct descriptor **directory)
{
	*directory = descriptor_get(fd);
	if (!*directory)
		return WASI_EBADF;
	if ((*directory)->ops != &file_ops || filetype(*directory) != WASI_FILETYPE_DIRECTORY)
		return WASI_ENOTDIR;
	return rights & ~(*directory)->rights ? WASI_ENOTCAPABLE : WASI_SUCCESS;
}

uint32_t file_times(uint64_t access, uint64_t modification, uint32_t flags, struct vfs_attributes *attributes)
{
	const uint32_t both_access = WASI_FSTFLAG_ATIM | WASI_FSTFLAG_ATIM_NOW;
	const uint32_t both_modification = WASI_FSTFLAG_MTIM | WASI_FSTFLAG_MTIM_NOW;
	uint64_t now = 0;

	if (flags & ~WASI_FSTFLAGS || (flags & both_access) == both_access ||
	    (flags & both_modification) == both_modification)
		return WASI_EINVAL;
	if (flags & (WASI_FSTFLAG_ATIM_NOW | WASI_FSTFLAG_MTIM_NOW))
		now = clock_realtime_ns();
	*attributes = (struct vfs_attributes){
		.set = (flags & both_access ? VFS_SET_ACCESS_TIME : 0) |
		       (flags & both_modification ? VFS_SET_MODIFICATION_TIME : 0) |
		       (flags & WASI_FSTFLAG_ATIM_NOW ? VFS_ACCESS_TIME_NOW : 0) |
		       (flags & WASI_FSTFLAG_MTIM_NOW ? VFS_MODIFICATION_TIME_NOW : 0),
		.access_time = flags & WASI_FSTFLAG_ATIM_NOW ? now : access,
		.modification_time = flags & WASI_FSTFLAG_MTIM_NOW ? now : modification,
	};
	return WASI_SUCCESS;
}
