/* fd_read and fd_write. */
#include "idle.h"
#include "lib/string.h"
#include "wasi/descriptor.h"
#include "wasi/guest.h"

#define STAGING_SIZE 4096

WASI_EXPORT(fd_read, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t size);
WASI_EXPORT(fd_write, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t size);

/* Waits until there is input or its end. Returns an errno. */
static uint32_t await_input(const struct descriptor *descriptor)
{
	while (console_state(CONSOLE_INPUT) == CONSOLE_BLOCKED) {
		if (descriptor->flags & WASI_FDFLAG_NONBLOCK)
			return WASI_EAGAIN;
		console_wait(1u << CONSOLE_INPUT, IDLE_FOREVER);
	}
	return WASI_SUCCESS;
}

/* What was not opened for it is no good for it, as POSIX has it. Returns an errno. */
static uint32_t check_use(const struct descriptor *descriptor, uint64_t right)
{
	if (!descriptor)
		return WASI_EBADF;
	if (right == WASI_RIGHT_FD_READ && descriptor_filetype(descriptor) == WASI_FILETYPE_DIRECTORY)
		return WASI_EISDIR;
	return descriptor->rights & right ? WASI_SUCCESS : WASI_EBADF;
}

uint32_t wasi_fd_read(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t size)
{
	struct descriptor *descriptor = descriptor_get(fd);
	uint32_t total, error, room, done = 0;
	uint8_t *to;

	error = check_use(descriptor, WASI_RIGHT_FD_READ);
	if (error)
		return error;
	error = guest_check_iovecs(iovecs, count, &total);
	if (error)
		return error;
	if (!guest_range(size, sizeof(uint32_t), &to))
		return WASI_EFAULT;
	if (descriptor->ops) {
		error = descriptor->ops->read(descriptor, iovecs, count, &done);
		if (!error)
			guest_write_u32(size, done);
		return error;
	}
	if (total) {
		error = await_input(descriptor);
		if (error)
			return error;
	}
	/* What arrives may overwrite the iovecs, so each is checked again. */
	for (uint32_t i = 0; i < count && guest_iovec(iovecs, i, &to, &room); i++) {
		size_t part = 0, got;

		while (part < room && (got = console_read((void *)((uintptr_t)to + part), room - part)))
			part += got;
		done += (uint32_t)part;
		if (part < room)
			break;
	}
	guest_write_u32(size, done);
	return WASI_SUCCESS;
}

/* Writes all of it, or what fits without waiting. Returns an errno if that is
 * nothing. */
static uint32_t write_out(const struct descriptor *descriptor, const uint8_t *data, uint32_t size,
			  uint32_t *done)
{
	uint32_t part = 0;

	while (part < size) {
		uint32_t sent = (uint32_t)console_write(descriptor->stream,
							(const void *)((uintptr_t)data + part), size - part);

		part += sent;
		if (sent)
			continue;
		*done += part;
		if (console_state(descriptor->stream) == CONSOLE_CLOSED)
			return *done ? WASI_SUCCESS : WASI_EPIPE;
		if (descriptor->flags & WASI_FDFLAG_NONBLOCK)
			return *done ? WASI_SUCCESS : WASI_EAGAIN;
		*done -= part;
		console_wait(1u << descriptor->stream, IDLE_FOREVER);
	}
	*done += part;
	return WASI_SUCCESS;
}

/* Several pieces are collected first: each hand-over to the host has its price. */
static uint32_t write_collected(const struct descriptor *descriptor, uint32_t iovecs, uint32_t count,
				uint32_t *done)
{
	uint8_t staging[STAGING_SIZE], *from;
	uint32_t staged = 0, size, error;

	for (uint32_t i = 0; i < count && guest_iovec(iovecs, i, &from, &size); i++) {
		for (uint32_t at = 0, piece; at < size; at += piece) {
			piece = size - at < STAGING_SIZE - staged ? size - at : STAGING_SIZE - staged;
			memcpy(staging + staged, (const void *)((uintptr_t)from + at), piece);
			staged += piece;
			if (staged == STAGING_SIZE) {
				uint32_t before = *done;

				error = write_out(descriptor, staging, staged, done);
				if (error || *done - before < staged)
					return error;
				staged = 0;
			}
		}
	}
	return write_out(descriptor, staging, staged, done);
}

uint32_t wasi_fd_write(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t size)
{
	struct descriptor *descriptor = descriptor_get(fd);
	uint32_t total, error, first_size = 0, done = 0;
	uint8_t *first;

	error = check_use(descriptor, WASI_RIGHT_FD_WRITE);
	if (error)
		return error;
	error = guest_check_iovecs(iovecs, count, &total);
	if (error)
		return error;
	if (!guest_range(size, sizeof(uint32_t), &first))
		return WASI_EFAULT;
	if (descriptor->ops) {
		error = descriptor->ops->write(descriptor, iovecs, count, &done);
		if (!error)
			guest_write_u32(size, done);
		return error;
	}
	/* Leading empty pieces are common: a library's buffer, then new data. */
	for (; count && guest_iovec(iovecs, 0, &first, &first_size) && !first_size; count--)
		iovecs += (uint32_t)sizeof(struct wasi_iovec);
	if (first_size == total)
		error = write_out(descriptor, first, total, &done);
	else
		error = write_collected(descriptor, iovecs, count, &done);
	if (error)
		return error;
	guest_write_u32(size, done);
	return WASI_SUCCESS;
}
