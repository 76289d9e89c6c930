/* A server of the FUSE protocol (abi/fuse.h) over one directory of the host. What carries the
 * messages is not its business.
 *
 * The client is hostile. Nothing outside the directory can be reached: names are single
 * components, looked up from descriptors, symlinks are never followed (the client does that,
 * by names), and only regular files and directories are ever opened.
 *
 * One thread at a time: calls may block as long as the host's file system does. */
#ifndef WALNUT_VMM_FS_H
#define WALNUT_VMM_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "fs/handle.h"
#include "fs/inode.h"

struct failure;

/* What a READ or a WRITE may move. */
#define FS_DATA_MAX (1u << 20)
#define FS_BUFFER_SIZE (32u << 10)

struct fs {
	bool read_only;
	bool detached;	/* set before fs_open(): the share is to be in a mount of its own, out of which nothing
			 * leads whatever is asked of the kernel, and the process has no capabilities to serve it */
	_Atomic int *exit_status; /* set before fs_open(): where the client may leave one; NULL: nowhere */
	bool started;	/* INIT has been seen */
	bool owner_map; /* files of this process's user belong to the guest's root */
	uid_t uid;	/* this process's */
	gid_t gid;
	int proc_fd;	/* /proc/self/fd */
	struct fs_inodes inodes;
	struct fs_handles handles;
	uint8_t buffer[FS_BUFFER_SIZE]; /* of the request in progress */
};

/* Serves `path`, a directory. At most fd_limit descriptors are open for the client, half of them
 * files it has opened. Accepts only an object that is zeroed but for `detached` and `exit_status`. 0, or a negative errno and *failure; fs_close()
 * is due in both cases. */
int fs_open(struct fs *fs, const char *path, bool read_only, uint32_t fd_limit, struct failure *failure);

/* Accepts a zeroed or half-built object. */
void fs_close(struct fs *fs);

/* Answers a request. The lists of buffers are overwritten. Returns how many bytes of `out` are the
 * answer; 0: there is none. */
size_t fs_serve(struct fs *fs, struct iovec *in, unsigned in_count, struct iovec *out, unsigned out_count);

/* The client is gone: forgets all that it knew and closes its files. */
void fs_reset(struct fs *fs);

#endif
