/* fd_* but for reading and writing. For a standard stream much of it is knowing which refusal
 * fits: as Linux answers for a pipe. Files answer through their operations. */
#include "wasi/file_ops.h"
#include "wasi/guest.h"

#define WASI_ADVICE_LAST 5

WASI_EXPORT(fd_advise, uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice);
WASI_EXPORT(fd_allocate, uint32_t fd, uint64_t offset, uint64_t size);
WASI_EXPORT(fd_close, uint32_t fd);
WASI_EXPORT(fd_datasync, uint32_t fd);
WASI_EXPORT(fd_fdstat_get, uint32_t fd, uint32_t stat);
WASI_EXPORT(fd_fdstat_set_flags, uint32_t fd, uint32_t flags);
WASI_EXPORT(fd_fdstat_set_rights, uint32_t fd, uint64_t base, uint64_t inheriting);
WASI_EXPORT(fd_filestat_get, uint32_t fd, uint32_t stat);
WASI_EXPORT(fd_filestat_set_size, uint32_t fd, uint64_t size);
WASI_EXPORT(fd_filestat_set_times, uint32_t fd, uint64_t access, uint64_t modification, uint32_t flags);
WASI_EXPORT(fd_readdir, uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t used);
WASI_EXPORT(fd_renumber, uint32_t from, uint32_t to);
WASI_EXPORT(fd_seek, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t position);
WASI_EXPORT(fd_sync, uint32_t fd);
WASI_EXPORT(fd_tell, uint32_t fd, uint32_t position);

static uint8_t filetype(const struct descriptor *descriptor)
{
	if (descriptor->ops)
		return descriptor->ops->filetype(descriptor);
	return descriptor->terminal ? WASI_FILETYPE_CHARACTER_DEVICE : WASI_FILETYPE_UNKNOWN;
}

/* Its operations as a file; NULL: it is none. */
static const struct file_ops *file_of(const struct descriptor *descriptor)
{
	return descriptor->ops ? descriptor->ops->file : NULL;
}

/* The descriptor, if it is an open file or directory, in *descriptor. Else an errno, for what is neither
 * `other_error`; ENOTCAPABLE without the right. */
static uint32_t get(uint32_t fd, uint64_t right, uint32_t other_error, struct descriptor **descriptor)
{
	*descriptor = descriptor_get(fd);
	if (!*descriptor)
		return WASI_EBADF;
	if (!file_of(*descriptor))
		return other_error;
	return (*descriptor)->rights & right ? WASI_SUCCESS : WASI_ENOTCAPABLE;
}

uint32_t wasi_fd_advise(uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice)
{
	struct descriptor *descriptor;
	uint32_t error = get(fd, WASI_RIGHT_FD_ADVISE, WASI_ESPIPE, &descriptor);

	if (!error && (advice > WASI_ADVICE_LAST || offset > INT64_MAX || size > INT64_MAX))
		return WASI_EINVAL;
	return error; /* advice is free to be ignored */
}

uint32_t wasi_fd_allocate(uint32_t fd, uint64_t offset, uint64_t size)
{
	struct descriptor *descriptor;
	uint32_t error = get(fd, WASI_RIGHT_FD_ALLOCATE, WASI_ESPIPE, &descriptor);

	return error ? error : file_of(descriptor)->allocate(descriptor, offset, size);
}

uint32_t wasi_fd_close(uint32_t fd)
{
	struct descriptor *descriptor = descriptor_get(fd);

	if (!descriptor)
		return WASI_EBADF;
	descriptor_close(descriptor);
	return WASI_SUCCESS;
}

uint32_t wasi_fd_datasync(uint32_t fd)
{
	struct descriptor *descriptor;
	uint32_t error = get(fd, WASI_RIGHT_FD_DATASYNC, WASI_EINVAL, &descriptor);

	return error ? error : file_of(descriptor)->sync(descriptor, true);
}

uint32_t wasi_fd_sync(uint32_t fd)
{
	struct descriptor *descriptor;
	uint32_t error = get(fd, WASI_RIGHT_FD_SYNC, WASI_EINVAL, &descriptor);

	return error ? error : file_of(descriptor)->sync(descriptor, false);
}

uint32_t wasi_fd_fdstat_get(uint32_t fd, uint32_t to)
{
	const struct descriptor *descriptor = descriptor_get(fd);
	struct wasi_fdstat stat = { 0 };

	if (!descriptor)
		return WASI_EBADF;
	stat.filetype = filetype(descriptor);
	stat.flags = descriptor->flags;
	stat.rights_base = descriptor->rights;
	stat.rights_inheriting = descriptor->inheriting;
	return guest_write(to, &stat, sizeof(stat)) ? WASI_SUCCESS : WASI_EFAULT;
}

uint32_t wasi_fd_fdstat_set_flags(uint32_t fd, uint32_t flags)
{
	struct descriptor *descriptor = descriptor_get(fd);

	if (!descriptor)
		return WASI_EBADF;
	if (!(descriptor->rights & WASI_RIGHT_FD_FDSTAT_SET_FLAGS))
		return WASI_ENOTCAPABLE;
	if (flags & ~(WASI_FDFLAG_APPEND | WASI_FDFLAG_NONBLOCK))
		return WASI_EINVAL;
	if (file_of(descriptor))
		return file_of(descriptor)->set_flags(descriptor, (uint16_t)flags);
	descriptor->flags = (uint16_t)flags;
	return WASI_SUCCESS;
}

/* Rights can be given up, never gained. */
uint32_t wasi_fd_fdstat_set_rights(uint32_t fd, uint64_t base, uint64_t inheriting)
{
	struct descriptor *descriptor = descriptor_get(fd);

	if (!descriptor)
		return WASI_EBADF;
	if (base & ~descriptor->rights || inheriting & ~descriptor->inheriting)
		return WASI_ENOTCAPABLE;
	descriptor->rights = base;
	descriptor->inheriting = inheriting;
	return WASI_SUCCESS;
}

uint32_t wasi_fd_filestat_get(uint32_t fd, uint32_t to)
{
	struct descriptor *descriptor = descriptor_get(fd);
	struct wasi_filestat stat = { .link_count = 1 };
	uint32_t error = WASI_SUCCESS;

	if (!descriptor)
		return WASI_EBADF;
	if (!(descriptor->rights & WASI_RIGHT_FD_FILESTAT_GET))
		return WASI_ENOTCAPABLE;
	stat.filetype = filetype(descriptor);
	if (file_of(descriptor))
		error = file_of(descriptor)->stat(descriptor, &stat);
	if (error)
		return error;
	return guest_write(to, &stat, sizeof(stat)) ? WASI_SUCCESS : WASI_EFAULT;
}

uint32_t wasi_fd_filestat_set_size(uint32_t fd, uint64_t size)
{
	struct descriptor *descriptor;
	uint32_t error = get(fd, WASI_RIGHT_FD_FILESTAT_SET_SIZE, WASI_EINVAL, &descriptor);

	return error ? error : file_of(descriptor)->set_size(descriptor, size);
}

uint32_t wasi_fd_filestat_set_times(uint32_t fd, uint64_t access, uint64_t modification, uint32_t flags)
{
	struct descriptor *descriptor;
	uint32_t error = get(fd, WASI_RIGHT_FD_FILESTAT_SET_TIMES, WASI_ENOTSUP, &descriptor);

	return error ? error : file_of(descriptor)->set_times(descriptor, access, modification, flags);
}

uint32_t wasi_fd_readdir(uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t used)
{
	struct descriptor *descriptor;
	uint32_t error = get(fd, WASI_RIGHT_FD_READDIR, WASI_ENOTDIR, &descriptor), listed = 0;
	uint8_t *unused;

	if (!error && filetype(descriptor) != WASI_FILETYPE_DIRECTORY)
		error = WASI_ENOTDIR;
	if (error)
		return error;
	if (!guest_range(buffer, size, &unused) || !guest_range(used, sizeof(uint32_t), &unused))
		return WASI_EFAULT;
	error = file_of(descriptor)->list(descriptor, buffer, size, cookie, &listed);
	if (!error)
		guest_write_u32(used, listed);
	return error;
}

uint32_t wasi_fd_renumber(uint32_t from_fd, uint32_t to_fd)
{
	struct descriptor *from = descriptor_get(from_fd), *to = descriptor_get(to_fd);

	if (!from || !to)
		return WASI_EBADF;
	if (from != to) {
		descriptor_close(to);
		*to = *from;
		/* Its object lives on under the other number. */
		from->ops = NULL;
		descriptor_close(from);
	}
	return WASI_SUCCESS;
}

uint32_t wasi_fd_seek(uint32_t fd, uint64_t offset, uint32_t whence, uint32_t position)
{
	uint64_t right = whence == WASI_SEEK_CUR && offset == 0 ? WASI_RIGHT_FD_TELL | WASI_RIGHT_FD_SEEK :
								 WASI_RIGHT_FD_SEEK;
	struct descriptor *descriptor;
	uint32_t error = get(fd, right, WASI_ESPIPE, &descriptor);
	uint64_t result;

	if (!error)
		error = file_of(descriptor)->seek(descriptor, (int64_t)offset, whence, &result);
	if (error)
		return error;
	return guest_write_u64(position, result) ? WASI_SUCCESS : WASI_EFAULT;
}

uint32_t wasi_fd_tell(uint32_t fd, uint32_t position)
{
	return wasi_fd_seek(fd, 0, WASI_SEEK_CUR, position);
}
