/* The data of shared files: between buffers of the program, which are many and small, and the
 * client's, which are one and large. */
#include "fs/share_node.h"
#include "fs/transport.h"
#include "lib/string.h"

#define READ_AHEAD (64u << 10)

/* Where a transfer is in the buffers. */
struct place {
	const struct vfs_buffer *buffers;
	uint32_t at; /* in the first of them */
};

/* Copies between `data` and the buffers from the place on. */
static void move(struct place *place, uint8_t *data, uint32_t size, bool gather)
{
	while (size) {
		uint32_t left = place->buffers->size - place->at, piece = size < left ? size : left;
		void *buffer = (void *)((uintptr_t)place->buffers->data + place->at);

		if (gather)
			memcpy(data, buffer, piece);
		else
			memcpy(buffer, data, piece);
		data += piece;
		size -= piece;
		place->at += piece;
		if (place->at == place->buffers->size) {
			place->buffers++;
			place->at = 0;
		}
	}
}

static uint64_t total_of(const struct vfs_buffer *buffers, uint32_t count)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < count; i++)
		total += buffers[i].size;
	return total;
}

/* What was read ahead and not given out, in the client's buffer. Each byte is given out once, and
 * any other request ends it: what the host changes is seen as soon as by a C library's stream. */
static struct {
	uint64_t exchanges; /* the client's count when it came */
	uint64_t handle, offset;
	uint32_t share, size;
	const uint8_t *data;
} ahead;

static uint32_t get(const struct vfs_file *file, uint64_t offset, uint32_t wanted, const uint8_t **data, uint32_t *got)
{
	uint32_t share = share_number(file->node), size = wanted, error;
	uint64_t handle = share_handle(file)->number;
	bool follows = ahead.exchanges == fuse_exchanges() && ahead.share == share && ahead.handle == handle &&
		       ahead.offset == offset;

	if (!follows || ahead.size == 0) {
		if (size < READ_AHEAD && (follows || offset == 0))
			size = READ_AHEAD;
		error = fuse_read(share, FUSE_READ, share_node(file->node)->id, handle, offset, size, &ahead.data,
				  &ahead.size);
		if (error)
			return error;
		ahead.exchanges = fuse_exchanges();
		ahead.share = share;
		ahead.handle = handle;
		ahead.offset = offset;
	}
	*data = ahead.data;
	*got = wanted < ahead.size ? wanted : ahead.size;
	ahead.data += *got;
	ahead.offset += *got;
	ahead.size -= *got;
	return WASI_SUCCESS;
}

uint32_t share_read(const struct vfs_file *file, const struct vfs_buffer *buffers, uint32_t count, uint64_t offset,
		    uint64_t *done)
{
	struct place place = { buffers, 0 };
	uint64_t total = total_of(buffers, count);
	uint32_t error = WASI_SUCCESS;

	while (*done < total) {
		uint64_t left = total - *done;
		const uint8_t *data;
		uint32_t got;

		error = get(file, offset, left < FUSE_DATA_MAX ? (uint32_t)left : FUSE_DATA_MAX, &data, &got);
		if (error || got == 0)
			break;
		move(&place, (uint8_t *)data, got, false);
		*done += got;
		offset += got;
	}
	return *done ? WASI_SUCCESS : error;
}

/* With VFS_AT_END the server puts them behind the last byte, wherever that is. */
uint32_t share_write(const struct vfs_file *file, const struct vfs_buffer *buffers, uint32_t count, uint64_t *offset,
		     uint64_t *done)
{
	uint32_t share = share_number(file->node), max = fuse_write_max(share), error = WASI_SUCCESS, written;
	uint64_t at = *offset == VFS_AT_END ? 0 : *offset, total = total_of(buffers, count);
	struct place place = { buffers, 0 };

	while (*done < total) {
		uint32_t wanted = total - *done < max ? (uint32_t)(total - *done) : max;

		move(&place, fuse_write_buffer(), wanted, true);
		error = fuse_write(share, share_node(file->node)->id, share_handle(file)->number, at + *done, wanted,
				   &written);
		if (error)
			break;
		*done += written;
		if (written < wanted)
			break;
	}
	return *done ? WASI_SUCCESS : error;
}
