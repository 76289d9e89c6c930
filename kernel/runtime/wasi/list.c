/* fd_readdir: FUSE's entries as WASI's. Cookies are the server's places. */
#include "fs/transport.h"
#include "lib/string.h"
#include "wasi/file.h"
#include "wasi/guest.h"

#define ROOM_MIN 280 /* of one entry with the longest name */
#define ROOM_MAX 32768

/* Linux's DT_* have the numbers of file modes. */
static uint8_t entry_type(uint32_t type)
{
	return file_type(type << 12);
}

/* As much of it as fits; the program sees by the size that there is more. */
static uint32_t put(uint32_t buffer, uint32_t room, const void *data, uint32_t size)
{
	if (size > room)
		size = room;
	guest_write(buffer, data, size);
	return size;
}

static uint32_t put_entry(uint32_t buffer, uint32_t room, const struct fuse_entry *entry)
{
	const struct wasi_dirent dirent = { .next = entry->next, .inode = entry->ino, .name_size = entry->name.size,
					    .type = entry_type(entry->type) };
	uint32_t used = put(buffer, room, &dirent, sizeof(dirent));

	return used + put(buffer + used, room - used, entry->name.text, entry->name.size);
}

uint32_t file_list(struct descriptor *descriptor, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t *used)
{
	struct file *file = file_of(descriptor);
	uint32_t error = file_need_handle(file);

	*used = 0;
	while (!error && *used < size) {
		uint32_t room = size - *used, got, at = 0;
		struct fuse_entry entry;
		const uint8_t *data;

		room = room < ROOM_MIN ? ROOM_MIN : room > ROOM_MAX ? ROOM_MAX : room;
		error = fuse_read(file->dir, FUSE_READDIR, file->node, file->handle, cookie, room, &data, &got);
		if (error || got == 0)
			break;
		while (*used < size && fuse_entry(data, got, &at, &entry)) {
			*used += put_entry(buffer + *used, size - *used, &entry);
			cookie = entry.next;
		}
		if (at == 0)
			return WASI_EIO; /* entries that are none */
	}
	return *used ? WASI_SUCCESS : error;
}
