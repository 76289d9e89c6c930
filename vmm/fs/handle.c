#include "fs/handle.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define CAPACITY_MIN 16

static int grow(struct fs_handles *handles)
{
	uint32_t capacity = handles->capacity ? handles->capacity * 2 : CAPACITY_MIN;
	struct fs_handle *grown = reallocarray(handles->slots, capacity, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	for (uint32_t i = handles->capacity; i < capacity; i++)
		grown[i] = (struct fs_handle){ .fh = i, .fd = -1 };
	handles->slots = grown;
	handles->capacity = capacity;
	return 0;
}

int fs_handle_create(struct fs_handles *handles, uint64_t nodeid, int fd, bool directory, uint64_t *fh)
{
	uint32_t slot = 0;
	int error;

	if (handles->count >= handles->limit)
		return -ENFILE;
	if (handles->count == handles->capacity) {
		slot = handles->capacity;
		error = grow(handles);
		if (error)
			return error;
	}
	while (handles->slots[slot].fd >= 0)
		slot++;
	handles->slots[slot].nodeid = nodeid;
	handles->slots[slot].fd = fd;
	handles->slots[slot].directory = directory;
	handles->count++;
	*fh = handles->slots[slot].fh;
	return 0;
}

struct fs_handle *fs_handle_of(const struct fs_handles *handles, uint64_t fh, uint64_t nodeid, bool directory)
{
	uint32_t slot = (uint32_t)fh;
	struct fs_handle *handle;

	if (slot >= handles->capacity)
		return NULL;
	handle = &handles->slots[slot];
	return handle->fd >= 0 && handle->fh == fh && handle->nodeid == nodeid && handle->directory == directory ?
	       handle : NULL;
}

struct fs_handle *fs_handle_on(const struct fs_handles *handles, uint64_t nodeid)
{
	for (uint32_t i = 0; i < handles->capacity; i++)
		if (handles->slots[i].fd >= 0 && handles->slots[i].nodeid == nodeid)
			return &handles->slots[i];
	return NULL;
}

void fs_handle_destroy(struct fs_handles *handles, struct fs_handle *handle)
{
	close(handle->fd);
	free(handle->listing);
	handle->fd = -1;
	handle->listing = NULL;
	handle->fh += 1ull << 32; /* another generation */
	handles->count--;
}

void fs_handles_destroy(struct fs_handles *handles)
{
	for (uint32_t i = 0; i < handles->capacity; i++)
		if (handles->slots[i].fd >= 0)
			fs_handle_destroy(handles, &handles->slots[i]);
	free(handles->slots);
	*handles = (struct fs_handles){ .limit = handles->limit };
}
