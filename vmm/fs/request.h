/* One request while it is served: what the functions of each operation see. */
#ifndef WALNUT_VMM_FS_REQUEST_H
#define WALNUT_VMM_FS_REQUEST_H

#include "fs/file.h"
#include "fs/fs.h"

#include "fuse.h"

#define FS_ARGS_MAX 128 /* the fixed part of a request */
#define FS_TEXT_MAX (2 * (FUSE_NAME_MAX + 1) + 4096)
#define FS_REPLY_MAX 160

struct fs_request {
	struct fs *fs;
	struct fuse_in_header header;
	struct fs_inode *inode; /* that the header names */
	uint64_t args[FS_ARGS_MAX / 8];
	const char *name, *name2; /* single components, checked; name2 may be a text */
	struct iovec *in;	  /* behind the fixed part */
	unsigned in_count;
	size_t in_size;
	struct iovec *out; /* behind the header */
	unsigned out_count;
	size_t out_size;
	union { /* the answer */
		uint64_t reply[FS_REPLY_MAX / 8];
		struct fuse_init_out init;
		struct fuse_entry_out entry;
		struct {
			struct fuse_entry_out entry;
			struct fuse_open_out open;
		} created;
		struct fuse_attr_out attr;
		struct fuse_open_out open;
		struct fuse_write_out write;
		struct fuse_statfs_out statfs;
		struct fuse_lseek_out lseek;
		struct fuse_ioctl_out ioctl;
		struct fuse_getxattr_out xattr;
	};
	char text[FS_TEXT_MAX];
};

/* Each carries out one operation. Returns the size of the answer, which is in the request's union or,
 * for those marked FS_OP_DATA, in `out`; or a negative errno. */
typedef long fs_operation(struct fs_request *r);

fs_operation fs_init, fs_destroy, fs_interrupt, fs_statfs, fs_ioctl;
fs_operation fs_lookup, fs_forget, fs_batch_forget, fs_getattr, fs_setattr, fs_access, fs_readlink;
fs_operation fs_mknod, fs_mkdir, fs_symlink, fs_link, fs_create;
fs_operation fs_unlink, fs_rmdir, fs_rename, fs_rename2;
fs_operation fs_open_file, fs_release, fs_read, fs_write, fs_flush, fs_fsync, fs_lseek, fs_fallocate,
	fs_copy_file_range;
fs_operation fs_setxattr, fs_getxattr, fs_listxattr, fs_removexattr;
fs_operation fs_opendir, fs_readdir, fs_readdirplus, fs_releasedir, fs_fsyncdir;

static inline const void *fs_args(const struct fs_request *r)
{
	return r->args;
}

/* The descriptor of the request's node, or a negative errno. */
static inline int fs_node_fd(struct fs_request *r)
{
	return fs_fd_of(r->fs, r->inode);
}

/* The open file, or directory, that a request names by its handle, or NULL. */
static inline struct fs_handle *fs_file_of(const struct fs_request *r, uint64_t fh)
{
	return fs_handle_of(&r->fs->handles, fh, r->header.nodeid, false);
}

static inline struct fs_handle *fs_directory_of(const struct fs_request *r, uint64_t fh)
{
	return fs_handle_of(&r->fs->handles, fh, r->header.nodeid, true);
}

#endif
