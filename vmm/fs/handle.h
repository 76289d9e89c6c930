/* Open files and directories. A handle's number is the guest's name for it, made as those of
 * inodes are. */
#ifndef WALNUT_VMM_FS_HANDLE_H
#define WALNUT_VMM_FS_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

/* Entries of a directory as the host told them last. Asking the host to go back to where the guest
 * is would lose some: on tmpfs before Linux 6.6 places are counted, and what was
 * removed in front of one moves it. */
struct fs_listing {
	uint64_t first; /* the place in front of the entries here */
	uint64_t next;	/* the place behind the last entry that the guest has got */
	uint32_t at, end;
	_Alignas(8) uint8_t entries[4096];
};

struct fs_handle {
	uint64_t fh;
	uint64_t nodeid;
	int fd; /* -1: not in use */
	bool directory;
	struct fs_listing *listing; /* owned; NULL: nothing was read */
};

struct fs_handles {
	struct fs_handle *slots;
	uint32_t capacity;
	uint32_t count, limit;
};

/* -ENFILE: the guest has `limit` handles already. On failure the descriptor stays the caller's. */
int fs_handle_create(struct fs_handles *handles, uint64_t nodeid, int fd, bool directory, uint64_t *fh);

/* The handle, if it is one of that node and that kind, else NULL. Good until the next one is created. */
struct fs_handle *fs_handle_of(const struct fs_handles *handles, uint64_t fh, uint64_t nodeid, bool directory);

/* Any handle on that node, or NULL. */
struct fs_handle *fs_handle_on(const struct fs_handles *handles, uint64_t nodeid);

void fs_handle_destroy(struct fs_handles *handles, struct fs_handle *handle);

/* Closes them all and frees the table; the limit stays. */
void fs_handles_destroy(struct fs_handles *handles);

#endif
