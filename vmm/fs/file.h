/* Opening what an inode is. */
#ifndef WALNUT_VMM_FS_FILE_H
#define WALNUT_VMM_FS_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/fs.h"

/* The inode's O_PATH descriptor (fs_inode_fd()), also if it has lost its names and is open. */
int fs_fd_of(struct fs *fs, struct fs_inode *inode);

/* Those of a guest's open flags that are its business. */
int fs_file_flags(uint32_t flags);

/* Opens a regular file; nothing else is ever opened for reading or writing. `open_flags`: FUSE_OPEN_*. Returns
 * a descriptor or a negative errno. */
int fs_file_open(struct fs *fs, struct fs_inode *inode, uint32_t flags, uint32_t open_flags);

/* Whoever changes the file next is not one who may leave it with set-user-id or set-group-id bits. 0 or a
 * negative errno. */
int fs_file_drop_privileges(int fd);

/* Makes the descriptor a handle on the inode. Takes it over, also on failure. */
int fs_file_hold(struct fs *fs, struct fs_inode *inode, int fd, bool directory, uint64_t *fh);

/* Closes a handle. -EBADF: it is none. */
int fs_file_drop(struct fs *fs, struct fs_handle *handle);

#endif
