/* fd_readdir. */
#include "lib/string.h"
#include "wasi/file.h"
#include "wasi/guest.h"
#include "wasi/preopen.h"

WASI_EXPORT(fd_readdir, uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t used);

PREOPEN_NEEDED;

struct listing {
	uint8_t *to;
	uint32_t size, used;
};

/* As much as fits: the last entry may be cut off anywhere. */
static void put(struct listing *listing, const void *data, uint32_t size)
{
	uint32_t room = listing->size - listing->used;

	if (size > room)
		size = room;
	memcpy((void *)((uintptr_t)listing->to + listing->used), data, size);
	listing->used += size;
}

static bool emit(void *context, const struct vfs_entry *entry)
{
	struct wasi_dirent dirent = { entry->next, entry->inode, entry->name.size, entry->type, { 0 } };
	struct listing *listing = context;

	put(listing, &dirent, sizeof(dirent));
	put(listing, entry->name.text, entry->name.size);
	return listing->used < listing->size;
}

uint32_t wasi_fd_readdir(uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t used)
{
	struct listing listing = { .size = size };
	struct descriptor *descriptor;
	const struct vfs_file *file;
	uint32_t error = file_get(fd, RIGHTS_ALL, WASI_ENOTDIR, &descriptor);
	uint8_t *unused;

	if (error)
		return error;
	file = &file_of(descriptor)->open;
	if (file->node->type != WASI_FILETYPE_DIRECTORY)
		return WASI_ENOTDIR;
	if (!(descriptor->rights & WASI_RIGHT_FD_READDIR))
		return WASI_ENOTCAPABLE;
	if (!guest_range(buffer, size, &listing.to) || !guest_range(used, sizeof(uint32_t), &unused))
		return WASI_EFAULT;
	if (size)
		error = file->node->fs->ops->readdir(file, cookie, emit, &listing);
	if (!error)
		guest_write_u32(used, listing.used);
	return error;
}
