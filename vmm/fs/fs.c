/* A share from opening to closing, and the operations that concern it as a whole. */
#include "fs/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "failure.h"
#include "fs/attr.h"
#include "fs/beneath.h"
#include "fs/request.h"

#define PAGE_SIZE 4096u
#define READAHEAD_MAX FS_DATA_MAX

static const uint32_t features = FUSE_ASYNC_READ | FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES | FUSE_AUTO_INVAL_DATA |
				 FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO | FUSE_ASYNC_DIO |
				 FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES | FUSE_HANDLE_KILLPRIV_V2;

/* The directory, or as a detached copy of its mounts: there ".." of its root is the root. */
static int open_directory(const struct fs *fs, const char *path, uint64_t mount_flags)
{
	struct mount_attr attr = { .attr_set = mount_flags | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
	struct stat st;
	int fd, error = 0;

	if (!fs->detached) {
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (fd < 0)
		return -errno;
	if (mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) || fstat(fd, &st))
		error = -errno;
	else if (!S_ISDIR(st.st_mode))
		error = -ENOTDIR;
	if (!error)
		return fd;
	close(fd);
	return error;
}

int fs_open(struct fs *fs, const char *path, bool read_only, uint32_t fd_limit, struct failure *failure)
{
	/* Symlinks are the client's business; those of /proc are ours. */
	uint64_t flags = MOUNT_ATTR_NOSYMFOLLOW | (read_only ? MOUNT_ATTR_RDONLY : 0);
	int root_fd, error;

	fs->proc_fd = open_directory(fs, "/proc/self/fd", 0);
	if (fs->proc_fd < 0)
		return failure_errno(failure, fs->proc_fd, "cannot open /proc/self/fd");
	/* The user's own path: its symlinks are followed. */
	root_fd = open_directory(fs, path, flags);
	if (root_fd < 0)
		return failure_errno(failure, root_fd, "cannot share %s", path);
	if (faccessat(root_fd, ".", R_OK | X_OK, AT_EACCESS) != 0) {
		error = -errno;
		close(root_fd);
		return failure_errno(failure, error, "cannot share %s", path);
	}
	error = fs_check_mount(root_fd);
	if (error) {
		close(root_fd);
		return failure_set(failure, error, "cannot share %s: procfs is not shared", path);
	}
	fs->read_only = read_only;
	fs->uid = geteuid();
	fs->gid = getegid();
	fs->owner_map = fs->uid != 0 || fs->detached;
	fs->handles.limit = fd_limit / 2;
	error = fs_inodes_create(&fs->inodes, root_fd, fd_limit / 2);
	return error ? failure_errno(failure, error, "cannot share %s", path) : 0;
}

void fs_close(struct fs *fs)
{
	fs_handles_destroy(&fs->handles);
	fs_inodes_destroy(&fs->inodes);
	if (fs->proc_fd > 0)
		close(fs->proc_fd);
	fs->proc_fd = -1;
}

void fs_reset(struct fs *fs)
{
	fs_handles_destroy(&fs->handles);
	fs_inodes_forget_all(&fs->inodes);
	fs->started = false;
}

long fs_init(struct fs_request *r)
{
	const struct fuse_init_in *in = fs_args(r);

	if (in->major < FUSE_VERSION_MAJOR || (in->major == FUSE_VERSION_MAJOR && in->minor < FUSE_VERSION_MINOR))
		return -EPROTO;
	r->init = (struct fuse_init_out){ .major = FUSE_VERSION_MAJOR, .minor = FUSE_VERSION_MINOR };
	if (in->major > FUSE_VERSION_MAJOR)
		return sizeof(r->init); /* it asks again, with our version */
	fs_reset(r->fs);
	r->fs->started = true;
	r->init.max_readahead = in->max_readahead < READAHEAD_MAX ? in->max_readahead : READAHEAD_MAX;
	r->init.flags = in->flags & features;
	r->init.max_background = 64;
	r->init.congestion_threshold = 48;
	r->init.max_write = FS_DATA_MAX;
	r->init.max_pages = FS_DATA_MAX / PAGE_SIZE;
	r->init.time_gran = 1;
	return sizeof(r->init);
}

long fs_destroy(struct fs_request *r)
{
	fs_reset(r->fs);
	return 0;
}

/* Requests are served one after the other: what it would interrupt is over. */
long fs_interrupt(struct fs_request *r)
{
	return 0;
}

/* One is known, and of the root of the share alone. */
long fs_ioctl(struct fs_request *r)
{
	const struct fuse_ioctl_in *in = fs_args(r);

	if (in->cmd != FUSE_IOCTL_EXIT_STATUS || !r->fs->exit_status || r->header.nodeid != FUSE_ROOT_ID)
		return -ENOTTY;
	*r->fs->exit_status = (int)(in->arg & 0xff);
	r->ioctl = (struct fuse_ioctl_out){ 0 };
	return sizeof(r->ioctl);
}

long fs_statfs(struct fs_request *r)
{
	int fd = fs_node_fd(r);
	struct statfs st;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &st) != 0)
		return -errno;
	r->statfs = (struct fuse_statfs_out){
		.blocks = st.f_blocks,
		.bfree = st.f_bfree,
		.bavail = st.f_bavail,
		.files = st.f_files,
		.ffree = st.f_ffree,
		.bsize = (uint32_t)st.f_bsize,
		.namelen = st.f_namelen < FUSE_NAME_MAX ? (uint32_t)st.f_namelen : FUSE_NAME_MAX,
		.frsize = (uint32_t)st.f_frsize,
	};
	return sizeof(r->statfs);
}
