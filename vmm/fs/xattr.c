/* Extended attributes of files and directories: those of users. Others belong to the host's kernel (security,
 * access control) or to its administrator, and a guest neither sees nor makes them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/proc.h"
#include "fs/request.h"
#include "virtio/iov.h"

#define PREFIX "user."
#define PREFIX_SIZE (sizeof(PREFIX) - 1)
#define VALUE_MAX FS_BUFFER_SIZE

static bool is_users(const char *name)
{
	return strncmp(name, PREFIX, PREFIX_SIZE) == 0;
}

static int check_name(const char *name)
{
	if (!is_users(name))
		return -EOPNOTSUPP;
	if (name[PREFIX_SIZE] == '\0')
		return -EINVAL;
	return strlen(name) > XATTR_NAME_MAX ? -ERANGE : 0;
}

/* The calls take open files only. Other kinds than these have no such attributes. */
static int open_node(struct fs_request *r)
{
	int fd = fs_node_fd(r);

	if (fd < 0)
		return fd;
	if (r->inode->type != S_IFREG && r->inode->type != S_IFDIR)
		return -EPERM;
	fd = openat(r->fs->proc_fd, fs_proc_name(fd).text, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Takes the name off the front of what is left of the request, with its NUL. */
static int take_name(struct fs_request *r, char *name)
{
	size_t size = r->in_size < XATTR_NAME_MAX + 1 ? r->in_size : XATTR_NAME_MAX + 1;
	const char *end;

	iov_gather(r->in, r->in_count, (uint8_t *)name, size);
	end = memchr(name, '\0', size);
	if (!end)
		return size > XATTR_NAME_MAX ? -ERANGE : -EINVAL;
	size = (size_t)(end - name) + 1;
	r->in_count = iov_skip(r->in, r->in, r->in_count, size);
	r->in_size -= size;
	return check_name(name);
}

long fs_setxattr(struct fs_request *r)
{
	const struct fuse_setxattr_in *in = fs_args(r);
	char name[XATTR_NAME_MAX + 1];
	int error = take_name(r, name), fd;

	if (error)
		return error;
	if (in->size != r->in_size || in->flags & ~(uint32_t)(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (in->size > VALUE_MAX)
		return -E2BIG;
	fd = open_node(r);
	if (fd < 0)
		return fd;
	iov_gather(r->in, r->in_count, r->fs->buffer, in->size);
	if (fsetxattr(fd, name, r->fs->buffer, in->size, (int)in->flags) != 0)
		error = -errno;
	close(fd);
	return error;
}

long fs_removexattr(struct fs_request *r)
{
	int error = check_name(r->name), fd;

	if (error)
		return error;
	fd = open_node(r);
	if (fd < 0)
		return fd;
	if (fremovexattr(fd, r->name) != 0)
		error = -errno;
	close(fd);
	return error;
}

/* `size` bytes in the buffer, or how many that is; or a negative errno. */
static long answer(struct fs_request *r, ssize_t size)
{
	const struct fuse_getxattr_in *in = fs_args(r);
	struct fuse_getxattr_out out = { .size = (uint32_t)size };

	if (size < 0)
		return size == -ERANGE ? -E2BIG : size; /* the buffer is as large as they may be here */
	if (in->size == 0)
		return sizeof(out) > r->out_size ? -EINVAL :
		       (long)iov_scatter(r->out, r->out_count, (const uint8_t *)&out, sizeof(out));
	if ((size_t)size > in->size || (size_t)size > r->out_size)
		return -ERANGE;
	return (long)iov_scatter(r->out, r->out_count, r->fs->buffer, (size_t)size);
}

long fs_getxattr(struct fs_request *r)
{
	int error = check_name(r->name), fd;
	ssize_t size;

	if (error)
		return error;
	fd = open_node(r);
	if (fd < 0)
		return fd == -EPERM ? -ENODATA : fd;
	size = fgetxattr(fd, r->name, r->fs->buffer, VALUE_MAX);
	if (size < 0)
		size = -errno;
	close(fd);
	return answer(r, size);
}

/* Leaves those of users; returns their size. */
static size_t filter(char *names, size_t size)
{
	size_t kept = 0;

	for (size_t at = 0, length; at < size; at += length) {
		length = strnlen(names + at, size - at - 1) + 1;
		if (!is_users(names + at))
			continue;
		memmove(names + kept, names + at, length);
		kept += length;
	}
	return kept;
}

long fs_listxattr(struct fs_request *r)
{
	int fd = open_node(r);
	ssize_t size;

	if (fd < 0)
		return fd == -EPERM ? answer(r, 0) : fd;
	size = flistxattr(fd, (char *)r->fs->buffer, VALUE_MAX);
	size = size < 0 ? -errno : (ssize_t)filter((char *)r->fs->buffer, (size_t)size);
	close(fd);
	return answer(r, size);
}
