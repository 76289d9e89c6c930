/* Operations that remove or move an entry of a directory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fs/request.h"

static long remove_name(struct fs_request *r, int flags)
{
	int fd = fs_node_fd(r);

	if (fd < 0)
		return fd;
	return unlinkat(fd, r->name, flags) ? -errno : 0;
}

long fs_unlink(struct fs_request *r)
{
	return remove_name(r, 0);
}

long fs_rmdir(struct fs_request *r)
{
	return remove_name(r, AT_REMOVEDIR);
}

static long rename_to(struct fs_request *r, uint64_t newdir, uint32_t flags)
{
	struct fs_inodes *inodes = &r->fs->inodes;
	struct fs_inode *to = fs_inode_of(inodes, newdir);
	int fd = fs_node_fd(r);
	int to_fd;

	if (flags & ~(FUSE_RENAME_NOREPLACE | FUSE_RENAME_EXCHANGE))
		return -EINVAL;
	if (fd < 0)
		return fd;
	if (!to)
		return -ESTALE;
	to_fd = fs_inode_fd(inodes, to);
	if (to_fd < 0)
		return to_fd;
	if (renameat2(fd, r->name, to_fd, r->name2, flags) != 0)
		return -errno;
	fs_inode_moved(inodes, to, r->name2);
	if (flags & FUSE_RENAME_EXCHANGE)
		fs_inode_moved(inodes, r->inode, r->name);
	return 0;
}

long fs_rename(struct fs_request *r)
{
	const struct fuse_rename_in *in = fs_args(r);

	return rename_to(r, in->newdir, 0);
}

long fs_rename2(struct fs_request *r)
{
	const struct fuse_rename2_in *in = fs_args(r);

	return rename_to(r, in->newdir, in->flags);
}
