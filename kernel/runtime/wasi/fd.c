/* fd_* that are about descriptors of every kind. */
#include "wasi/descriptor.h"
#include "wasi/guest.h"

WASI_EXPORT(fd_close, uint32_t fd);
WASI_EXPORT(fd_fdstat_get, uint32_t fd, uint32_t stat);
WASI_EXPORT(fd_fdstat_set_flags, uint32_t fd, uint32_t flags);
WASI_EXPORT(fd_fdstat_set_rights, uint32_t fd, uint64_t base, uint64_t inheriting);
WASI_EXPORT(fd_renumber, uint32_t from, uint32_t to);
WASI_EXPORT(fd_seek, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t position);
WASI_EXPORT(fd_tell, uint32_t fd, uint32_t position);

uint32_t wasi_fd_close(uint32_t fd)
{
	struct descriptor *descriptor = descriptor_get(fd);

	if (!descriptor)
		return WASI_EBADF;
	descriptor_close(descriptor);
	return WASI_SUCCESS;
}

uint32_t wasi_fd_fdstat_get(uint32_t fd, uint32_t to)
{
	const struct descriptor *descriptor = descriptor_get(fd);
	struct wasi_fdstat stat = { 0 };

	if (!descriptor)
		return WASI_EBADF;
	stat.filetype = descriptor_filetype(descriptor);
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
	if (flags & ~WASI_FDFLAGS)
		return WASI_EINVAL;
	if (descriptor->ops && descriptor->ops->set_flags)
		return descriptor->ops->set_flags(descriptor, (uint16_t)flags);
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
	if (base & ~descriptor->rights || inheriting & ~descriptor->inheriting)
		return WASI_ENOTCAPABLE;
	descriptor->rights = base;
	descriptor->inheriting = inheriting;
	return WASI_SUCCESS;
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

/* `right`: one of these is enough. */
static uint32_t seek(uint32_t fd, uint64_t right, int64_t offset, uint32_t whence, uint32_t position)
{
	struct descriptor *descriptor = descriptor_get(fd);
	uint64_t at;
	uint8_t *unused;
	uint32_t error;

	if (!descriptor)
		return WASI_EBADF;
	if (!descriptor->ops || !descriptor->ops->seek)
		return WASI_ESPIPE;
	if (!(descriptor->rights & right))
		return WASI_ENOTCAPABLE;
	if (!guest_range(position, sizeof(at), &unused))
		return WASI_EFAULT;
	error = descriptor->ops->seek(descriptor, offset, whence, &at);
	if (!error)
		guest_write_u64(position, at);
	return error;
}

uint32_t wasi_fd_seek(uint32_t fd, uint64_t offset, uint32_t whence, uint32_t position)
{
	bool tells = !offset && whence == WASI_WHENCE_CUR;

	return seek(fd, WASI_RIGHT_FD_SEEK | (tells ? WASI_RIGHT_FD_TELL : 0), (int64_t)offset, whence, position);
}

uint32_t wasi_fd_tell(uint32_t fd, uint32_t position)
{
	return seek(fd, WASI_RIGHT_FD_TELL, 0, WASI_WHENCE_CUR, position);
}
