/* Opening below a directory: the one place where names of the guest reach the host. */
#ifndef WALNUT_VMM_FS_BENEATH_H
#define WALNUT_VMM_FS_BENEATH_H

#include <sys/types.h>

/* 0 if the name is a single component that may be given to the host: not empty, not . or ..,
 * no slash, not too long. Else a negative errno. */
int fs_check_name(const char *name);

/* openat2(2) of a single component, never through a symlink: a symlink is opened itself
 * (with O_PATH) or not at all. */
int fs_open_beneath(int dir_fd, const char *name, int flags, mode_t mode);

/* -EACCES if a file system is not to be served, though it is mounted below the root: procfs has
 * the memory of this very process. */
int fs_check_mount(int fd);

#endif
