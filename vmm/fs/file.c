/* Operations on open files. */
#include "fs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fs/attr.h"
#include "fs/proc.h"
#include "fs/request.h"
#include "virtio/iov.h"

#define COPY_MAX (16u << 20) /* in one request, so that others have their turn */

int fs_fd_of(struct fs *fs, struct fs_inode *inode)
{
	int fd = fs_inode_fd(&fs->inodes, inode);
	const struct fs_handle *handle;

	if (fd != -ESTALE || inode->opens == 0)
		return fd;
	handle = fs_handle_on(&fs->handles, inode->nodeid);
	if (!handle)
		return fd;
	fd = openat(fs->proc_fd, fs_proc_name(handle->fd).text, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	fs_inode_give_fd(&fs->inodes, inode, fd);
	return fd;
}

int fs_file_flags(uint32_t flags)
{
	return (int)(flags & (O_ACCMODE | O_APPEND | O_TRUNC | O_SYNC | O_DSYNC)) | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
}

static bool opens_for_change(uint32_t flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
}

int fs_file_drop_privileges(int fd)
{
	struct stat st;
	mode_t mode;
	int error = fs_stat(fd, &st);

	if (error)
		return error;
	mode = st.st_mode & ~(mode_t)(S_ISUID | (st.st_mode & S_IXGRP ? S_ISGID : 0));
	return mode != st.st_mode && fchmod(fd, mode & 07777) ? -errno : 0;
}

int fs_file_open(struct fs *fs, struct fs_inode *inode, uint32_t flags, uint32_t open_flags)
{
	int fd, error;

	if (inode->type != S_IFREG)
		return inode->type == S_IFDIR ? -EISDIR : inode->type == S_IFLNK ? -ELOOP : -ENXIO;
	if (fs->read_only && opens_for_change(flags))
		return -EROFS;
	fd = fs_fd_of(fs, inode);
	if (fd < 0)
		return fd;
	fd = openat(fs->proc_fd, fs_proc_name(fd).text, fs_file_flags(flags));
	if (fd < 0)
		return -errno;
	error = open_flags & FUSE_OPEN_KILL_SUIDGID && !fs->read_only ? fs_file_drop_privileges(fd) : 0;
	if (!error)
		return fd;
	close(fd);
	return error;
}

int fs_file_hold(struct fs *fs, struct fs_inode *inode, int fd, bool directory, uint64_t *fh)
{
	int error = fs_handle_create(&fs->handles, inode->nodeid, fd, directory, fh);

	if (error)
		close(fd);
	else
		inode->opens++;
	return error;
}

int fs_file_drop(struct fs *fs, struct fs_handle *handle)
{
	struct fs_inode *inode;

	if (!handle)
		return -EBADF;
	inode = fs_inode_of(&fs->inodes, handle->nodeid);
	if (inode)
		inode->opens--;
	fs_handle_destroy(&fs->handles, handle);
	return 0;
}

long fs_open_file(struct fs_request *r)
{
	const struct fuse_open_in *in = fs_args(r);
	int fd = fs_file_open(r->fs, r->inode, in->flags, in->open_flags);
	uint64_t fh;
	int error;

	if (fd < 0)
		return fd;
	error = fs_file_hold(r->fs, r->inode, fd, false, &fh);
	if (error)
		return error;
	r->open = (struct fuse_open_out){ .fh = fh };
	return sizeof(r->open);
}

long fs_release(struct fs_request *r)
{
	const struct fuse_release_in *in = fs_args(r);

	return fs_file_drop(r->fs, fs_file_of(r, in->fh));
}

/* Where and how much; the guest's numbers may be anything. */
static int check_range(uint64_t offset, uint64_t size)
{
	return offset > INT64_MAX || size > INT64_MAX - offset ? -EINVAL : 0;
}

long fs_read(struct fs_request *r)
{
	const struct fuse_read_in *in = fs_args(r);
	const struct fs_handle *handle = fs_file_of(r, in->fh);
	unsigned count;
	ssize_t n;

	if (!handle)
		return -EBADF;
	if (in->size > FS_DATA_MAX || in->size > r->out_size || check_range(in->offset, in->size))
		return -EINVAL;
	if (in->size == 0)
		return 0;
	count = iov_limit(r->out, r->out_count, in->size);
	n = preadv(handle->fd, r->out, (int)count, (off_t)in->offset);
	return n < 0 ? -errno : n;
}

long fs_write(struct fs_request *r)
{
	const struct fuse_write_in *in = fs_args(r);
	const struct fs_handle *handle = fs_file_of(r, in->fh);
	ssize_t n = 0;
	int error;

	if (!handle)
		return -EBADF;
	if (in->size > FS_DATA_MAX || in->size != r->in_size || check_range(in->offset, in->size))
		return -EINVAL;
	if (in->write_flags & FUSE_WRITE_KILL_SUIDGID) {
		error = fs_file_drop_privileges(handle->fd);
		if (error)
			return error;
	}
	if (in->size > 0)
		n = pwritev(handle->fd, r->in, (int)r->in_count, (off_t)in->offset);
	if (n < 0)
		return -errno;
	r->write = (struct fuse_write_out){ .size = (uint32_t)n };
	return sizeof(r->write);
}

/* A close in the guest: a network file system tells only now what went wrong before. */
long fs_flush(struct fs_request *r)
{
	const struct fuse_flush_in *in = fs_args(r);
	const struct fs_handle *handle = fs_file_of(r, in->fh);
	int fd;

	if (!handle)
		return -EBADF;
	fd = fcntl(handle->fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 || close(fd) != 0 ? -errno : 0;
}

long fs_fsync(struct fs_request *r)
{
	const struct fuse_fsync_in *in = fs_args(r);
	const struct fs_handle *handle = fs_file_of(r, in->fh);
	int error;

	if (!handle)
		return -EBADF;
	error = in->fsync_flags & FUSE_FSYNC_FDATASYNC ? fdatasync(handle->fd) : fsync(handle->fd);
	return error ? -errno : 0;
}

/* What the guest cannot know: where the holes are. The other ways to seek are its own business. */
long fs_lseek(struct fs_request *r)
{
	const struct fuse_lseek_in *in = fs_args(r);
	const struct fs_handle *handle = fs_file_of(r, in->fh);
	off_t offset;

	if (!handle)
		return -EBADF;
	if ((in->whence != SEEK_DATA && in->whence != SEEK_HOLE) || in->offset > INT64_MAX)
		return -EINVAL;
	offset = lseek(handle->fd, (off_t)in->offset, (int)in->whence);
	if (offset < 0)
		return -errno;
	r->lseek = (struct fuse_lseek_out){ (uint64_t)offset };
	return sizeof(r->lseek);
}

long fs_fallocate(struct fs_request *r)
{
	const struct fuse_fallocate_in *in = fs_args(r);
	const struct fs_handle *handle = fs_file_of(r, in->fh);

	if (!handle)
		return -EBADF;
	if (check_range(in->offset, in->length))
		return -EINVAL;
	if (in->mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	return fallocate(handle->fd, (int)in->mode, (off_t)in->offset, (off_t)in->length) ? -errno : 0;
}

long fs_copy_file_range(struct fs_request *r)
{
	const struct fuse_copy_file_range_in *in = fs_args(r);
	const struct fs_handle *from = fs_file_of(r, in->fh_in);
	const struct fs_handle *to = fs_handle_of(&r->fs->handles, in->fh_out, in->nodeid_out, false);
	uint64_t len = in->len < COPY_MAX ? in->len : COPY_MAX;
	off_t from_offset = (off_t)in->off_in, to_offset = (off_t)in->off_out;
	ssize_t n;

	if (!from || !to)
		return -EBADF;
	if (in->flags != 0 || check_range(in->off_in, len) || check_range(in->off_out, len))
		return -EINVAL;
	n = copy_file_range(from->fd, &from_offset, to->fd, &to_offset, len, 0);
	if (n < 0)
		return -errno;
	r->write = (struct fuse_write_out){ .size = (uint32_t)n };
	return sizeof(r->write);
}
