#include "wasi/transfer.h"

#include "fs/client.h"
#include "fs/transport.h"
#include "lib/string.h"
#include "wasi/guest.h"

#define READ_AHEAD (64u << 10)

/* Where a transfer is in the program's buffers. They are read anew for each piece, as what
 * arrives may overwrite them. */
struct place {
	uint32_t iovecs, count, index, at;
};

/* The next piece of at most *size bytes; false: no more. */
static bool next_piece(struct place *place, uint8_t **piece, uint32_t *size)
{
	uint32_t whole;

	while (place->index < place->count && guest_iovec(place->iovecs, place->index, piece, &whole)) {
		if (place->at < whole) {
			*piece = (uint8_t *)((uintptr_t)*piece + place->at);
			*size = *size < whole - place->at ? *size : whole - place->at;
			place->at += *size;
			return true;
		}
		place->index++;
		place->at = 0;
	}
	return false;
}

static void scatter(struct place *place, const uint8_t *data, uint32_t size)
{
	uint8_t *piece;

	for (uint32_t done = 0, n; done < size; done += n) {
		n = size - done;
		if (!next_piece(place, &piece, &n))
			break;
		memcpy(piece, data + done, n);
	}
}

static void gather(struct place *place, uint8_t *to, uint32_t size)
{
	uint8_t *piece;

	for (uint32_t done = 0, n; done < size; done += n) {
		n = size - done;
		if (!next_piece(place, &piece, &n))
			break;
		memcpy(to + done, piece, n);
	}
}

uint32_t file_position(struct file *file)
{
	struct fuse_attr attr;
	uint32_t error;

	if (!file->at_end)
		return WASI_SUCCESS;
	error = fuse_getattr(file->dir, file->node, &attr);
	if (error)
		return error;
	file->position = attr.size;
	file->at_end = false;
	return WASI_SUCCESS;
}

/* What was read ahead and not given out, in the client's buffer. Each byte is given out once, and
 * any other request ends it: what the host changes is seen as soon as by a C library's stream. */
static struct {
	uint64_t exchanges; /* the client's count when it came */
	uint64_t handle, offset;
	uint32_t dir, size;
	const uint8_t *data;
} ahead;

static uint32_t get(const struct file *file, uint64_t offset, uint32_t wanted, const uint8_t **data,
		    uint32_t *got)
{
	bool follows = ahead.exchanges == fuse_exchanges() && ahead.dir == file->dir && ahead.handle == file->handle &&
		       ahead.offset == offset;
	uint32_t size = wanted, error;

	if (!follows || ahead.size == 0) {
		if (size < READ_AHEAD && (follows || offset == 0))
			size = READ_AHEAD;
		error = fuse_read(file->dir, FUSE_READ, file->node, file->handle, offset, size, &ahead.data, &ahead.size);
		if (error)
			return error;
		ahead.exchanges = fuse_exchanges();
		ahead.dir = file->dir;
		ahead.handle = file->handle;
		ahead.offset = offset;
	}
	*data = ahead.data;
	*got = wanted < ahead.size ? wanted : ahead.size;
	ahead.data += *got;
	ahead.offset += *got;
	ahead.size -= *got;
	return WASI_SUCCESS;
}

uint32_t file_read_at(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint64_t offset, uint32_t *done)
{
	const struct file *file = file_of(descriptor);
	struct place place = { .iovecs = iovecs, .count = count };
	uint32_t error = WASI_SUCCESS, total;

	guest_check_iovecs(iovecs, count, &total);
	*done = 0;
	while (*done < total && offset <= INT64_MAX - total) {
		uint32_t wanted = total - *done, got;
		const uint8_t *data;

		if (wanted > FUSE_DATA_MAX)
			wanted = FUSE_DATA_MAX;
		error = get(file, offset, wanted, &data, &got);
		if (error || got == 0)
			break;
		scatter(&place, data, got);
		*done += got;
		offset += got;
	}
	return *done ? WASI_SUCCESS : error;
}

uint32_t file_write_at(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint64_t offset, uint32_t *done)
{
	const struct file *file = file_of(descriptor);
	struct place place = { .iovecs = iovecs, .count = count };
	uint32_t max = fuse_write_max(file->dir), error = WASI_SUCCESS, written, total;

	guest_check_iovecs(iovecs, count, &total);
	*done = 0;
	if (offset > INT64_MAX - total)
		return WASI_EFBIG;
	while (*done < total) {
		uint32_t wanted = total - *done < max ? total - *done : max;

		gather(&place, fuse_write_buffer(), wanted);
		error = fuse_write(file->dir, file->node, file->handle, offset, wanted, &written);
		if (error)
			break;
		*done += written;
		offset += written;
		if (written < wanted)
			break;
	}
	return *done ? WASI_SUCCESS : error;
}

uint32_t file_read(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done)
{
	struct file *file = file_of(descriptor);
	uint32_t error = file_position(file);

	if (!error)
		error = file_read_at(descriptor, iovecs, count, file->position, done);
	if (!error)
		file->position += *done;
	return error;
}

uint32_t file_write(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done)
{
	struct file *file = file_of(descriptor);
	uint32_t error = file_write_at(descriptor, iovecs, count, file->position, done);

	if (!error && *done) {
		file->position += *done;
		file->at_end = descriptor->flags & WASI_FDFLAG_APPEND;
	}
	return error;
}
