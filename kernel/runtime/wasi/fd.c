/* fd_* but for reading and writing. All there is are the standard streams, so much
 * of it is knowing which refusal fits: as Linux answers for a pipe. */
#include "wasi/descriptor.h"
#include "wasi/guest.h"

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
WASI_EXPORT(fd_prestat_get, uint32_t fd, uint32_t prestat);
WASI_EXPORT(fd_prestat_dir_name, uint32_t fd, uint32_t path, uint32_t size);
WASI_EXPORT(fd_readdir, uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t used);
WASI_EXPORT(fd_renumber, uint32_t from, uint32_t to);
WASI_EXPORT(fd_seek, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t position);
WASI_EXPORT(fd_sync, uint32_t fd);
WASI_EXPORT(fd_tell, uint32_t fd, uint32_t position);

/* `error` for an open descriptor. */
static uint32_t refuse(uint32_t fd, uint32_t error)
{
	return descriptor_get(fd) ? error : WASI_EBADF;
}

static uint8_t filetype(const struct descriptor *descriptor)
{
	if (descriptor->ops)
		return descriptor->ops->filetype(descriptor);
	return descriptor->terminal ? WASI_FILETYPE_CHARACTER_DEVICE : WASI_FILETYPE_UNKNOWN;
}

uint32_t wasi_fd_advise(uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice)
{
	return refuse(fd, WASI_ESPIPE);
}

uint32_t wasi_fd_allocate(uint32_t fd, uint64_t offset, uint64_t size)
{
	return refuse(fd, WASI_ESPIPE);
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
	return refuse(fd, WASI_EINVAL);
}

uint32_t wasi_fd_sync(uint32_t fd)
{
	return refuse(fd, WASI_EINVAL);
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
	descriptor->flags = (uint16_t)flags;
	return WASI_SUCCESS;
}

/* Rights can be given up, never gained. */
uint32_t wasi_fd_fdstat_set_rights(uint32_t fd, uint64_t base, uint64_t inheriting)
{
	struct descriptor *descriptor = descriptor_get(fd);

	if (!descriptor)
		return WASI_EBADF;
	if (base & ~descriptor->rights || inheriting)
		return WASI_ENOTCAPABLE;
	descriptor->rights = base;
	return WASI_SUCCESS;
}

uint32_t wasi_fd_filestat_get(uint32_t fd, uint32_t to)
{
	const struct descriptor *descriptor = descriptor_get(fd);
	struct wasi_filestat stat = { .link_count = 1 };

	if (!descriptor)
		return WASI_EBADF;
	if (!(descriptor->rights & WASI_RIGHT_FD_FILESTAT_GET))
		return WASI_ENOTCAPABLE;
	stat.filetype = filetype(descriptor);
	return guest_write(to, &stat, sizeof(stat)) ? WASI_SUCCESS : WASI_EFAULT;
}

uint32_t wasi_fd_filestat_set_size(uint32_t fd, uint64_t size)
{
	return refuse(fd, WASI_EINVAL);
}

uint32_t wasi_fd_filestat_set_times(uint32_t fd, uint64_t access, uint64_t modification, uint32_t flags)
{
	return refuse(fd, WASI_ENOTSUP);
}

/* No descriptor is a preopened directory; libraries look for them from 3 on until
 * this answer. */
uint32_t wasi_fd_prestat_get(uint32_t fd, uint32_t prestat)
{
	return WASI_EBADF;
}

uint32_t wasi_fd_prestat_dir_name(uint32_t fd, uint32_t path, uint32_t size)
{
	return WASI_EBADF;
}

uint32_t wasi_fd_readdir(uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t used)
{
	return refuse(fd, WASI_ENOTDIR);
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
	return refuse(fd, WASI_ESPIPE);
}

uint32_t wasi_fd_tell(uint32_t fd, uint32_t position)
{
	return refuse(fd, WASI_ESPIPE);
}
