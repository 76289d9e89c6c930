/* Open files and what they do, but for their data and a directory's entries. */
#include "wasi/file.h"

#include "lib/string.h"
#include "mem/space.h"
#include "wasi/transfer.h"

#define O_RDONLY 0u
#define O_WRONLY 1u
#define O_RDWR 2u
#define O_APPEND 02000u
#define O_DSYNC 010000u
#define O_SYNC 04010000u

#define MODE_TYPE 0170000u
#define SECOND UINT64_C(1000000000)
#define POLL_SIZE 4096 /* more is not asked of the server for it */

uint32_t file_open_flags(uint64_t rights, uint32_t flags)
{
	bool reads = rights & WASI_RIGHT_FD_READ;
	bool writes = rights & (WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE);
	uint32_t result = writes ? (reads ? O_RDWR : O_WRONLY) : O_RDONLY;

	if (flags & WASI_FDFLAG_APPEND)
		result |= O_APPEND;
	if (flags & WASI_FDFLAG_DSYNC)
		result |= O_DSYNC;
	if (flags & (WASI_FDFLAG_SYNC | WASI_FDFLAG_RSYNC))
		result |= O_SYNC;
	return result;
}

uint8_t file_type(uint32_t mode)
{
	switch (mode & MODE_TYPE) {
	case 0020000:
		return WASI_FILETYPE_CHARACTER_DEVICE;
	case 0040000:
		return WASI_FILETYPE_DIRECTORY;
	case 0060000:
		return WASI_FILETYPE_BLOCK_DEVICE;
	case 0100000:
		return WASI_FILETYPE_REGULAR_FILE;
	case 0120000:
		return WASI_FILETYPE_SYMBOLIC_LINK;
	case 0140000:
		return WASI_FILETYPE_SOCKET_STREAM;
	default:
		return WASI_FILETYPE_UNKNOWN;
	}
}

void file_fill_stat(uint32_t dir, const struct fuse_attr *attr, struct wasi_filestat *stat)
{
	*stat = (struct wasi_filestat){
		.device = dir + 1,
		.inode = attr->ino,
		.filetype = file_type(attr->mode),
		.link_count = attr->nlink,
		.size = attr->size,
		.access_time = attr->atime * SECOND + attr->atimensec,
		.modification_time = attr->mtime * SECOND + attr->mtimensec,
		.change_time = attr->ctime * SECOND + attr->ctimensec,
	};
}

uint32_t file_set_times(uint32_t dir, uint64_t node, uint64_t access, uint64_t modification, uint32_t flags)
{
	const uint32_t both_access = WASI_TIME_ATIM | WASI_TIME_ATIM_NOW;
	const uint32_t both_modification = WASI_TIME_MTIM | WASI_TIME_MTIM_NOW;
	struct fuse_setattr_in in = { .atime = access / SECOND, .atimensec = (uint32_t)(access % SECOND),
				      .mtime = modification / SECOND,
				      .mtimensec = (uint32_t)(modification % SECOND) };

	if ((flags & ~(both_access | both_modification)) || (flags & both_access) == both_access ||
	    (flags & both_modification) == both_modification)
		return WASI_EINVAL;
	in.valid |= flags & WASI_TIME_ATIM ? FATTR_ATIME : 0;
	in.valid |= flags & WASI_TIME_ATIM_NOW ? FATTR_ATIME | FATTR_ATIME_NOW : 0;
	in.valid |= flags & WASI_TIME_MTIM ? FATTR_MTIME : 0;
	in.valid |= flags & WASI_TIME_MTIM_NOW ? FATTR_MTIME | FATTR_MTIME_NOW : 0;
	return in.valid ? fuse_setattr(dir, node, &in) : WASI_SUCCESS;
}

static struct file *open_files, *free_files;

struct file *file_create(void)
{
	struct file *file = free_files;

	if (file)
		free_files = file->next;
	else
		file = space_allocate(sizeof(*file));
	if (!file)
		return NULL;
	memset(file, 0, sizeof(*file));
	file->next = open_files;
	open_files = file;
	return file;
}

/* Another open file of the same node goes on to count its look-ups: to the server they are one. */
static void give_back(const struct file *file)
{
	for (struct file *other = open_files; other; other = other->next)
		if (other->dir == file->dir && other->node == file->node) {
			other->lookups += file->lookups;
			return;
		}
	fuse_forget(file->dir, file->node, file->lookups);
}

void file_destroy(struct file *file)
{
	struct file **link = &open_files;

	while (*link != file)
		link = &(*link)->next;
	*link = file->next;
	if (file->opened)
		fuse_release(file->dir, file->type == WASI_FILETYPE_DIRECTORY ? FUSE_RELEASEDIR : FUSE_RELEASE,
			     file->node, file->handle);
	if (file->node)
		give_back(file);
	file->next = free_files;
	free_files = file;
}

uint32_t file_need_handle(struct file *file)
{
	uint32_t error;

	if (file->opened)
		return WASI_SUCCESS;
	error = fuse_open(file->dir, file->type == WASI_FILETYPE_DIRECTORY ? FUSE_OPENDIR : FUSE_OPEN, file->node,
			  file->open_flags, &file->handle);
	file->opened = !error;
	return error;
}

static void close_file(struct descriptor *descriptor)
{
	file_destroy(file_of(descriptor));
}

static uint8_t type_of(const struct descriptor *descriptor)
{
	return file_of(descriptor)->type;
}

/* A file never waits. */
static bool poll_file(struct descriptor *descriptor, bool write, struct wasi_event *event)
{
	event->size = POLL_SIZE;
	return true;
}

static uint32_t stat_file(struct descriptor *descriptor, struct wasi_filestat *stat)
{
	const struct file *file = file_of(descriptor);
	struct fuse_attr attr;
	uint32_t error = fuse_getattr(file->dir, file->node, &attr);

	if (!error)
		file_fill_stat(file->dir, &attr, stat);
	return error;
}

static uint32_t seek_file(struct descriptor *descriptor, int64_t offset, uint32_t whence, uint64_t *position)
{
	struct file *file = file_of(descriptor);
	struct wasi_filestat stat = { 0 };
	uint32_t error = WASI_SUCCESS;
	int64_t base = 0, result;

	if (file->type == WASI_FILETYPE_DIRECTORY)
		return WASI_EISDIR;
	if (whence == WASI_SEEK_CUR) {
		error = file_position(file);
		base = (int64_t)file->position;
	} else if (whence == WASI_SEEK_END) {
		error = stat_file(descriptor, &stat);
		base = (int64_t)stat.size;
	} else if (whence != WASI_SEEK_SET) {
		return WASI_EINVAL;
	}
	if (error)
		return error;
	if (__builtin_add_overflow(base, offset, &result) || result < 0)
		return WASI_EINVAL;
	file->position = *position = (uint64_t)result;
	file->at_end = false;
	return WASI_SUCCESS;
}

static uint32_t sync_file(struct descriptor *descriptor, bool data_only)
{
	struct file *file = file_of(descriptor);
	uint32_t error = file_need_handle(file);

	return error ? error : fuse_sync(file->dir, file->type == WASI_FILETYPE_DIRECTORY ? FUSE_FSYNCDIR : FUSE_FSYNC,
					 file->node, file->handle, data_only);
}

static uint32_t allocate_file(struct descriptor *descriptor, uint64_t offset, uint64_t size)
{
	const struct file *file = file_of(descriptor);

	return size ? fuse_allocate(file->dir, file->node, file->handle, offset, size) : WASI_EINVAL;
}

/* The server knows how a handle was opened: another way to write needs another handle. */
static uint32_t set_file_flags(struct descriptor *descriptor, uint16_t flags)
{
	struct file *file = file_of(descriptor);
	uint32_t open_flags = (file->open_flags & ~O_APPEND) | (flags & WASI_FDFLAG_APPEND ? O_APPEND : 0), error;
	uint64_t handle;

	if (file->type != WASI_FILETYPE_DIRECTORY && open_flags != file->open_flags) {
		error = fuse_open(file->dir, FUSE_OPEN, file->node, open_flags, &handle);
		if (error)
			return error;
		fuse_release(file->dir, FUSE_RELEASE, file->node, file->handle);
		file->handle = handle;
		file->open_flags = open_flags;
	}
	descriptor->flags = (uint16_t)((descriptor->flags & ~(WASI_FDFLAG_APPEND | WASI_FDFLAG_NONBLOCK)) | flags);
	return WASI_SUCCESS;
}

static uint32_t set_file_size(struct descriptor *descriptor, uint64_t size)
{
	const struct file *file = file_of(descriptor);
	const struct fuse_setattr_in in = { .valid = FATTR_SIZE | FATTR_FH, .size = size, .fh = file->handle };

	return size > INT64_MAX ? WASI_EINVAL : fuse_setattr(file->dir, file->node, &in);
}

static uint32_t set_descriptor_times(struct descriptor *descriptor, uint64_t access, uint64_t modification,
				     uint32_t flags)
{
	const struct file *file = file_of(descriptor);

	return file_set_times(file->dir, file->node, access, modification, flags);
}

static const struct file_ops file_ops = {
	.read_at = file_read_at,
	.write_at = file_write_at,
	.seek = seek_file,
	.sync = sync_file,
	.allocate = allocate_file,
	.stat = stat_file,
	.set_flags = set_file_flags,
	.set_size = set_file_size,
	.set_times = set_descriptor_times,
	.list = file_list,
};

const struct descriptor_ops file_descriptor_ops = {
	.filetype = type_of,
	.read = file_read,
	.write = file_write,
	.poll = poll_file,
	.close = close_file,
	.file = &file_ops,
};
