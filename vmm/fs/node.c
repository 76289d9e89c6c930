/* Operations on one inode: look-up, attributes, permissions. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fs/attr.h"
#include "fs/file.h"
#include "fs/proc.h"
#include "fs/request.h"
#include "virtio/iov.h"

/* In one message, which may be as long as a chain that names all of RAM many times over. */
#define FORGETS_MAX 16384

long fs_lookup(struct fs_request *r)
{
	struct fs_inode *inode;
	struct stat st;
	int error = fs_inode_lookup(&r->fs->inodes, r->inode, r->name, &inode, &st);

	if (error)
		return error;
	fs_fill_entry(r->fs, inode, &st, &r->entry);
	return sizeof(r->entry);
}

long fs_forget(struct fs_request *r)
{
	const struct fuse_forget_in *in = fs_args(r);

	fs_inode_forget(&r->fs->inodes, r->header.nodeid, in->nlookup);
	return 0;
}

long fs_batch_forget(struct fs_request *r)
{
	const struct fuse_batch_forget_in *in = fs_args(r);
	struct fuse_forget_one one;

	for (uint32_t i = 0; i < in->count && i < FORGETS_MAX && r->in_size >= sizeof(one); i++) {
		iov_gather(r->in, r->in_count, (uint8_t *)&one, sizeof(one));
		r->in_count = iov_skip(r->in, r->in, r->in_count, sizeof(one));
		r->in_size -= sizeof(one);
		fs_inode_forget(&r->fs->inodes, one.nodeid, one.nlookup);
	}
	return 0;
}

static long answer_attr(struct fs_request *r, int fd)
{
	struct stat st;
	int error = fs_stat(fd, &st);

	if (error)
		return error;
	r->attr = (struct fuse_attr_out){ .attr_valid = FS_VALID_S };
	fs_fill_attr(r->fs, &st, &r->attr.attr);
	return sizeof(r->attr);
}

long fs_getattr(struct fs_request *r)
{
	const struct fuse_getattr_in *in = fs_args(r);
	const struct fs_handle *handle = NULL;
	int fd;

	if (in->flags & FUSE_GETATTR_FH)
		handle = fs_file_of(r, in->fh);
	fd = handle ? handle->fd : fs_node_fd(r);
	return fd < 0 ? fd : answer_attr(r, fd);
}

static int truncate_file(const struct fuse_setattr_in *in, int fd)
{
	int error = in->valid & FATTR_KILL_SUIDGID ? fs_file_drop_privileges(fd) : 0;

	return error ? error : ftruncate(fd, (off_t)in->size) ? -errno : 0;
}

static int set_size(struct fs_request *r, const struct fuse_setattr_in *in, const struct fs_handle *handle, int node_fd)
{
	int error, fd;

	if (in->size > INT64_MAX)
		return -EFBIG;
	if (handle)
		return truncate_file(in, handle->fd);
	if (r->inode->type != S_IFREG)
		return r->inode->type == S_IFDIR ? -EISDIR : -EINVAL;
	fd = openat(r->fs->proc_fd, fs_proc_name(node_fd).text, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = truncate_file(in, fd);
	close(fd);
	return error;
}

static int set_owner(struct fs_request *r, const struct fuse_setattr_in *in, int fd)
{
	uid_t uid = in->valid & FATTR_UID ? fs_host_uid(r->fs, in->uid) : (uid_t)-1;
	gid_t gid = in->valid & FATTR_GID ? fs_host_gid(r->fs, in->gid) : (gid_t)-1;

	if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH) == 0)
		return 0;
	/* In a jail others do not even exist. */
	return errno == EINVAL && r->fs->detached ? -EPERM : -errno;
}

static struct timespec new_time(const struct fuse_setattr_in *in, uint32_t set, uint32_t now, uint64_t seconds,
				uint32_t nanoseconds)
{
	if (!(in->valid & (set | now)))
		return (struct timespec){ .tv_nsec = UTIME_OMIT };
	if (in->valid & now)
		return (struct timespec){ .tv_nsec = UTIME_NOW };
	return (struct timespec){ (time_t)seconds, nanoseconds };
}

static int set_times(const struct fuse_setattr_in *in, int fd)
{
	const struct timespec times[2] = {
		new_time(in, FATTR_ATIME, FATTR_ATIME_NOW, in->atime, in->atimensec),
		new_time(in, FATTR_MTIME, FATTR_MTIME_NOW, in->mtime, in->mtimensec),
	};

	/* UTIME_NOW and the like are our words, not the guest's. */
	if (in->atimensec > 999999999 || in->mtimensec > 999999999)
		return -EINVAL;
	return utimensat(fd, "", times, AT_EMPTY_PATH) ? -errno : 0;
}

static int set_mode(struct fs_request *r, uint32_t mode, int fd)
{
	if (r->inode->type == S_IFLNK)
		return -EOPNOTSUPP;
	mode = fs_host_mode(mode, r->inode->type);
	return fchmodat(r->fs->proc_fd, fs_proc_name(fd).text, mode, 0) ? -errno : 0;
}

long fs_setattr(struct fs_request *r)
{
	const struct fuse_setattr_in *in = fs_args(r);
	const uint32_t times = FATTR_ATIME | FATTR_MTIME | FATTR_ATIME_NOW | FATTR_MTIME_NOW;
	const struct fs_handle *handle = NULL;
	int fd = fs_node_fd(r);
	int error = 0;

	if (fd < 0)
		return fd;
	if (in->valid & FATTR_FH) {
		handle = fs_file_of(r, in->fh);
		if (!handle)
			return -EBADF;
	}
	if (in->valid & FATTR_MODE)
		error = set_mode(r, in->mode, fd);
	if (!error && (in->valid & (FATTR_UID | FATTR_GID)))
		error = set_owner(r, in, fd);
	if (!error && (in->valid & FATTR_SIZE))
		error = set_size(r, in, handle, fd);
	if (!error && (in->valid & times)) /* after the size, which changes them */
		error = set_times(in, fd);
	return error ? error : answer_attr(r, fd);
}

long fs_access(struct fs_request *r)
{
	const struct fuse_access_in *in = fs_args(r);
	int mask = (int)(in->mask & (R_OK | W_OK | X_OK));
	int fd = fs_node_fd(r);

	if (fd < 0)
		return fd;
	if ((mask & W_OK) && r->fs->read_only)
		return -EROFS;
	if (r->inode->type == S_IFLNK)
		return 0;
	return faccessat(r->fs->proc_fd, fs_proc_name(fd).text, mask, AT_EACCESS) ? -errno : 0;
}

long fs_readlink(struct fs_request *r)
{
	int fd = fs_node_fd(r);
	ssize_t size;

	if (fd < 0)
		return fd;
	if (r->inode->type != S_IFLNK)
		return -EINVAL;
	size = readlinkat(fd, "", (char *)r->fs->buffer, sizeof(r->fs->buffer));
	if (size < 0)
		return -errno;
	if ((size_t)size > r->out_size)
		return -EINVAL;
	return (long)iov_scatter(r->out, r->out_count, r->fs->buffer, (size_t)size);
}
