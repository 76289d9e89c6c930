#include "fs/ahead.h"

#include "fs/share_node.h"

#define NEVER UINT64_MAX

static struct {
	uint64_t looks; /* the client's count when these came */
	uint64_t node, handle;
	uint64_t offset; /* of the next byte */
	uint32_t share, size;
	uint32_t place;	 /* of the client's, where they are */
	bool ends;	 /* fewer came than were asked for */
	bool whole;	 /* a window without an end in it */
	bool under_way; /* the next one, in the other place */
	const uint8_t *data;
} ahead = { .looks = NEVER };

static bool follows(const struct vfs_file *file, uint64_t offset)
{
	return ahead.looks == fuse_looks() && ahead.share == share_number(file->node) &&
	       ahead.handle == share_handle(file)->number && ahead.offset == offset;
}

bool ahead_ends(const struct vfs_file *file, uint64_t offset)
{
	return follows(file, offset) && ahead.size == 0 && ahead.ends;
}

void ahead_drop(void)
{
	ahead.looks = NEVER;
}

/* Through another share it may be the same file. */
void ahead_written(const struct vfs_file *file)
{
	if (ahead.share != share_number(file->node) || ahead.node == share_node(file->node)->id)
		ahead_drop();
}

/* `size` of what was got at `offset` are left to be given out, from the end. */
static void note(const struct vfs_file *file, uint64_t offset, uint32_t wanted, uint32_t got, uint32_t size)
{
	ahead.looks = fuse_looks();
	ahead.share = share_number(file->node);
	ahead.node = share_node(file->node)->id;
	ahead.handle = share_handle(file)->number;
	ahead.offset = offset + got - size;
	ahead.size = size;
	ahead.ends = got > 0 && got < wanted;
	ahead.whole = ahead.under_way = false;
}

void ahead_note(const struct vfs_file *file, uint64_t offset, uint32_t wanted, uint32_t got)
{
	note(file, offset, wanted, got, 0);
}

static uint32_t begin(const struct vfs_file *file, uint32_t place, uint64_t offset)
{
	return fuse_read_begin(share_number(file->node), place, share_node(file->node)->id, share_handle(file)->number,
			       offset, FUSE_AHEAD_MAX);
}

/* The window at `offset`. Behind a whole one the next is asked for as well, and not waited for. */
static uint32_t fetch(const struct vfs_file *file, uint64_t offset, bool next)
{
	bool more = next && ahead.whole && offset < VFS_OFFSET_MAX - 2 * FUSE_AHEAD_MAX;
	bool there = next && ahead.under_way;
	uint32_t place = there ? 1 - ahead.place : 0, got;
	uint32_t error = there ? WASI_SUCCESS : begin(file, place, offset);

	if (error)
		return error;
	if (more && begin(file, 1 - place, offset + FUSE_AHEAD_MAX))
		more = false;
	error = fuse_read_end(place, &ahead.data, &got);
	if (error) {
		ahead_drop();
		return error;
	}
	note(file, offset, FUSE_AHEAD_MAX, got, got);
	ahead.place = place;
	ahead.whole = got == FUSE_AHEAD_MAX;
	ahead.under_way = more && ahead.whole;
	return WASI_SUCCESS;
}

uint32_t ahead_get(const struct vfs_file *file, uint64_t offset, uint32_t wanted, const uint8_t **data, uint32_t *got)
{
	bool next = follows(file, offset);
	uint32_t error = WASI_SUCCESS;

	if (!next || ahead.size == 0) {
		if (wanted >= FUSE_AHEAD_MAX || (!next && offset != 0)) {
			error = fuse_read(share_number(file->node), FUSE_READ, share_node(file->node)->id,
					  share_handle(file)->number, offset, wanted, data, got);
			if (!error)
				ahead_note(file, offset, wanted, *got);
			return error;
		}
		error = fetch(file, offset, next);
		if (error)
			return error;
	}
	*data = ahead.data;
	*got = wanted < ahead.size ? wanted : ahead.size;
	ahead.data += *got;
	ahead.offset += *got;
	ahead.size -= *got;
	return WASI_SUCCESS;
}
