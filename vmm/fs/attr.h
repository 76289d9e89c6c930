/* What the guest is told of a file, and whose it is.
 *
 * A VMM that runs as root passes owners through. One that runs as a user can neither see nor give
 * away the files of others as theirs: there its own files belong to the guest's root, and those
 * of the host's root to nobody (65534). */
#ifndef WALNUT_VMM_FS_ATTR_H
#define WALNUT_VMM_FS_ATTR_H

#include <stdint.h>
#include <sys/stat.h>

#include "fs/fs.h"

#include "fuse.h"

/* Seconds that a guest may keep what it was told: the host may change it. */
#define FS_VALID_S 1

void fs_fill_attr(const struct fs *fs, const struct stat *st, struct fuse_attr *attr);
void fs_fill_entry(const struct fs *fs, const struct fs_inode *inode, const struct stat *st,
		   struct fuse_entry_out *entry);

/* A guest's owner or group as the host's. */
uint32_t fs_host_uid(const struct fs *fs, uint32_t uid);
uint32_t fs_host_gid(const struct fs *fs, uint32_t gid);

/* The permissions that a guest may give: no file runs with another's rights on the host because a
 * guest wished so. */
mode_t fs_host_mode(mode_t mode, mode_t type);

/* fstat(2) that also takes O_PATH descriptors. 0 or a negative errno. */
int fs_stat(int fd, struct stat *st);

#endif
