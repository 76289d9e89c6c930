/* Operations that make an entry in a directory. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fs/attr.h"
#include "fs/beneath.h"
#include "fs/file.h"
#include "fs/proc.h"
#include "fs/request.h"

/* A new file belongs to the one in the guest who made it, where we may give it away: what is
 * not new and ours is left alone. */
static int give_away(const struct fs_request *r, struct fs_inode *inode, struct stat *st)
{
	int fd;

	if (r->fs->owner_map || (r->header.uid == 0 && r->header.gid == 0) || st->st_uid != r->fs->uid ||
	    (st->st_nlink > 1 && !S_ISDIR(st->st_mode)))
		return 0;
	fd = fs_fd_of(r->fs, inode);
	if (fd < 0)
		return fd;
	if (fchownat(fd, "", r->header.uid, r->header.gid, AT_EMPTY_PATH) != 0)
		return -errno;
	return fs_stat(fd, st);
}

/* The answer for the entry that was just made. */
static long answer_entry(struct fs_request *r, bool is_new)
{
	struct fs_inode *inode;
	struct stat st;
	int error = fs_inode_lookup(&r->fs->inodes, r->inode, r->name, &inode, &st);

	if (error)
		return error;
	if (is_new)
		error = give_away(r, inode, &st);
	if (error) {
		fs_inode_forget(&r->fs->inodes, inode->nodeid, 1);
		return error;
	}
	fs_fill_entry(r->fs, inode, &st, &r->entry);
	return sizeof(r->entry);
}

long fs_mknod(struct fs_request *r)
{
	const struct fuse_mknod_in *in = fs_args(r);
	mode_t type = in->mode & S_IFMT;
	int fd = fs_node_fd(r);

	if (fd < 0)
		return fd;
	if (type != S_IFREG && type != S_IFIFO && type != S_IFSOCK)
		return -EPERM; /* devices would be the host's */
	if (mknodat(fd, r->name, type | fs_host_mode(in->mode, type), 0) != 0)
		return -errno;
	return answer_entry(r, true);
}

long fs_mkdir(struct fs_request *r)
{
	const struct fuse_mkdir_in *in = fs_args(r);
	int fd = fs_node_fd(r);

	if (fd < 0)
		return fd;
	if (mkdirat(fd, r->name, fs_host_mode(in->mode, S_IFDIR)) != 0)
		return -errno;
	return answer_entry(r, true);
}

long fs_symlink(struct fs_request *r)
{
	int fd = fs_node_fd(r);

	if (fd < 0)
		return fd;
	if (symlinkat(r->name2, fd, r->name) != 0)
		return -errno;
	return answer_entry(r, true);
}

long fs_link(struct fs_request *r)
{
	const struct fuse_link_in *in = fs_args(r);
	struct fs_inode *old = fs_inode_of(&r->fs->inodes, in->oldnodeid);
	int fd = fs_node_fd(r);
	int old_fd;

	if (fd < 0)
		return fd;
	if (!old)
		return -ESTALE;
	old_fd = fs_fd_of(r->fs, old);
	if (old_fd < 0)
		return old_fd;
	if (linkat(r->fs->proc_fd, fs_proc_name(old_fd).text, fd, r->name, AT_SYMLINK_FOLLOW) != 0)
		return -errno;
	return answer_entry(r, false);
}

static long answer_created(struct fs_request *r, struct fs_inode *inode, struct stat *st, int fd, bool is_new)
{
	uint64_t fh;
	int error = fs_file_hold(r->fs, inode, fd, false, &fh);

	if (!error && is_new) {
		error = give_away(r, inode, st);
		if (error)
			fs_file_drop(r->fs, fs_handle_of(&r->fs->handles, fh, inode->nodeid, false));
	}
	if (error) {
		fs_inode_forget(&r->fs->inodes, inode->nodeid, 1);
		return error;
	}
	fs_fill_entry(r->fs, inode, st, &r->created.entry);
	r->created.open = (struct fuse_open_out){ .fh = fh };
	return sizeof(r->created);
}

/* Only the one who makes a file opens it by name. One that is there already may be
 * anything, and is looked at first. */
long fs_create(struct fs_request *r)
{
	const struct fuse_create_in *in = fs_args(r);
	int fd = fs_node_fd(r);
	struct fs_inode *inode;
	struct stat st;
	int error;

	if (fd < 0)
		return fd;
	fd = fs_open_beneath(fd, r->name, fs_file_flags(in->flags) | O_CREAT | O_EXCL,
			     fs_host_mode(in->mode, S_IFREG));
	if (fd >= 0) {
		error = fs_inode_adopt(&r->fs->inodes, r->inode, r->name, fd, &inode, &st);
		if (error)
			close(fd);
		return error ? error : answer_created(r, inode, &st, fd, true);
	}
	if (fd != -EEXIST || (in->flags & O_EXCL))
		return fd;
	error = fs_inode_lookup(&r->fs->inodes, r->inode, r->name, &inode, &st);
	if (error)
		return error;
	fd = fs_file_open(r->fs, inode, in->flags, in->open_flags);
	if (fd < 0) {
		fs_inode_forget(&r->fs->inodes, inode->nodeid, 1);
		return fd;
	}
	return answer_created(r, inode, &st, fd, false);
}
