/* The data of shared files: between buffers of the program, which are many and small, and the
 * client's, which are one and large. */
#include "fs/ahead.h"
#include "fs/share_node.h"
#include "fs/transport.h"
#include "lib/string.h"
#include "mem/space.h"

#define DIRECT_MIN FUSE_AHEAD_MAX /* below, one copy more costs less than what is not read ahead */

static uint32_t minimum(uint64_t a, uint64_t b)
{
	return (uint32_t)(a < b ? a : b);
}

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

/* Leaves bytes out. */
static void skip(struct place *place, uint32_t size)
{
	while (size) {
		uint32_t left = place->buffers->size - place->at, piece = size < left ? size : left;

		size -= piece;
		place->at += piece;
		if (place->at == place->buffers->size) {
			place->buffers++;
			place->at = 0;
		}
	}
}

/* Where the next `size` bytes are in RAM, or as many as a request may have. Few are not worth it: false. */
static bool find(const struct place *from, uint64_t size, uint32_t max, struct fuse_direct *direct)
{
	struct place place = *from;
	uint64_t run;

	direct->count = direct->size = 0;
	if (size > max)
		size = max;
	while (direct->size < size && direct->count < FUSE_DIRECT_PIECES) {
		struct virtq_piece *piece = &direct->pieces[direct->count];
		uint32_t left = place.buffers->size - place.at;

		run = space_run((void *)((uintptr_t)place.buffers->data + place.at), &piece->physical);
		if (run == 0)
			return false;
		piece->size = minimum(minimum(left, run), size - direct->size);
		skip(&place, piece->size);
		direct->size += piece->size;
		direct->count++;
	}
	return direct->size >= DIRECT_MIN;
}

static uint64_t total_of(const struct vfs_buffer *buffers, uint32_t count)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < count; i++)
		total += buffers[i].size;
	return total;
}

static uint32_t get_direct(const struct vfs_file *file, uint64_t offset, const struct fuse_direct *direct, uint32_t *got)
{
	uint32_t error = fuse_read_direct(share_number(file->node), share_node(file->node)->id,
					  share_handle(file)->number, offset, direct, got);

	if (error)
		return error;
	ahead_note(file, offset, direct->size, *got);
	return WASI_SUCCESS;
}

uint32_t share_read(const struct vfs_file *file, const struct vfs_buffer *buffers, uint32_t count, uint64_t offset,
		    uint64_t *done)
{
	uint32_t max = fuse_direct_max(share_number(file->node)), error = WASI_SUCCESS;
	struct place place = { buffers, 0 };
	uint64_t total = total_of(buffers, count);
	struct fuse_direct direct;

	if (total && ahead_ends(file, offset)) {
		ahead_drop(); /* the next time it is looked anew */
		return WASI_SUCCESS;
	}
	while (*done < total && !ahead_ends(file, offset)) {
		uint64_t left = total - *done;
		const uint8_t *data;
		uint32_t got;

		if (find(&place, left, max, &direct)) {
			error = get_direct(file, offset, &direct, &got);
			if (!error)
				skip(&place, got);
		} else {
			error = ahead_get(file, offset, minimum(left, FUSE_DATA_MAX), &data, &got);
			if (!error)
				move(&place, (uint8_t *)data, got, false);
		}
		if (error || got == 0)
			break;
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
	struct fuse_direct direct;

	ahead_written(file);
	while (*done < total) {
		uint64_t node = share_node(file->node)->id, handle = share_handle(file)->number;
		uint32_t wanted = minimum(total - *done, max);

		if (find(&place, total - *done, fuse_direct_max(share), &direct)) {
			wanted = direct.size;
			skip(&place, wanted);
			error = fuse_write_direct(share, node, handle, at + *done, &direct, &written);
		} else {
			move(&place, fuse_write_buffer(), wanted, true);
			error = fuse_write(share, node, handle, at + *done, wanted, &written);
		}
		if (error)
			break;
		*done += written;
		if (written < wanted)
			break;
	}
	return *done ? WASI_SUCCESS : error;
}
