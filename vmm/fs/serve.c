/* A request from its buffers to its operation, and the answer back. Every length that the client
 * claims is checked here, before an operation sees it. */
#include <errno.h>
#include <string.h>

#include "fs/beneath.h"
#include "fs/request.h"
#include "virtio/iov.h"

enum {
	FS_OP_CHANGES = 1 << 0,	  /* not on a read-only share */
	FS_OP_SILENT = 1 << 1,	  /* has no answer */
	FS_OP_NO_NODE = 1 << 2,	  /* the header's node means nothing */
	FS_OP_DATA = 1 << 3,	  /* writes its answer itself */
	FS_OP_TEXT = 1 << 4,	  /* the last of its names is free text */
	FS_OP_PAYLOAD = 1 << 5,	  /* something else follows its arguments */
	FS_OP_DIRECTORY = 1 << 6, /* the node is a directory */
};

struct fs_op {
	fs_operation *run;
	uint8_t args; /* bytes of its fixed part */
	uint8_t names;
	uint8_t reply; /* the most it answers */
	uint8_t flags;
};

#define ENTRY sizeof(struct fuse_entry_out)
#define MAKES_ENTRY (FS_OP_CHANGES | FS_OP_DIRECTORY)

static const struct fs_op ops[FUSE_OPCODE_COUNT] = {
	[FUSE_INIT] = { fs_init, sizeof(struct fuse_init_in), 0, sizeof(struct fuse_init_out),
			FS_OP_NO_NODE | FS_OP_PAYLOAD },
	[FUSE_DESTROY] = { fs_destroy, 0, 0, 0, FS_OP_NO_NODE },
	[FUSE_IOCTL] = { fs_ioctl, sizeof(struct fuse_ioctl_in), 0, sizeof(struct fuse_ioctl_out), FS_OP_PAYLOAD },
	[FUSE_STATFS] = { fs_statfs, 0, 0, sizeof(struct fuse_statfs_out), 0 },
	[FUSE_LOOKUP] = { fs_lookup, 0, 1, ENTRY, FS_OP_DIRECTORY },
	[FUSE_FORGET] = { fs_forget, sizeof(struct fuse_forget_in), 0, 0, FS_OP_SILENT | FS_OP_NO_NODE },
	[FUSE_BATCH_FORGET] = { fs_batch_forget, sizeof(struct fuse_batch_forget_in), 0, 0,
				FS_OP_SILENT | FS_OP_NO_NODE | FS_OP_PAYLOAD },
	[FUSE_INTERRUPT] = { fs_interrupt, 0, 0, 0, FS_OP_SILENT | FS_OP_NO_NODE | FS_OP_PAYLOAD },
	[FUSE_GETATTR] = { fs_getattr, sizeof(struct fuse_getattr_in), 0, sizeof(struct fuse_attr_out), 0 },
	[FUSE_SETATTR] = { fs_setattr, sizeof(struct fuse_setattr_in), 0, sizeof(struct fuse_attr_out),
			   FS_OP_CHANGES },
	[FUSE_ACCESS] = { fs_access, sizeof(struct fuse_access_in), 0, 0, 0 },
	[FUSE_READLINK] = { fs_readlink, 0, 0, 0, FS_OP_DATA },
	[FUSE_MKNOD] = { fs_mknod, sizeof(struct fuse_mknod_in), 1, ENTRY, MAKES_ENTRY },
	[FUSE_MKDIR] = { fs_mkdir, sizeof(struct fuse_mkdir_in), 1, ENTRY, MAKES_ENTRY },
	[FUSE_SYMLINK] = { fs_symlink, 0, 2, ENTRY, MAKES_ENTRY | FS_OP_TEXT },
	[FUSE_LINK] = { fs_link, sizeof(struct fuse_link_in), 1, ENTRY, MAKES_ENTRY },
	[FUSE_CREATE] = { fs_create, sizeof(struct fuse_create_in), 1, ENTRY + sizeof(struct fuse_open_out),
			  MAKES_ENTRY },
	[FUSE_UNLINK] = { fs_unlink, 0, 1, 0, FS_OP_CHANGES | FS_OP_DIRECTORY },
	[FUSE_RMDIR] = { fs_rmdir, 0, 1, 0, FS_OP_CHANGES | FS_OP_DIRECTORY },
	[FUSE_RENAME] = { fs_rename, sizeof(struct fuse_rename_in), 2, 0, FS_OP_CHANGES | FS_OP_DIRECTORY },
	[FUSE_RENAME2] = { fs_rename2, sizeof(struct fuse_rename2_in), 2, 0, FS_OP_CHANGES | FS_OP_DIRECTORY },
	[FUSE_OPEN] = { fs_open_file, sizeof(struct fuse_open_in), 0, sizeof(struct fuse_open_out), 0 },
	[FUSE_RELEASE] = { fs_release, sizeof(struct fuse_release_in), 0, 0, FS_OP_NO_NODE },
	[FUSE_READ] = { fs_read, sizeof(struct fuse_read_in), 0, 0, FS_OP_DATA },
	[FUSE_WRITE] = { fs_write, sizeof(struct fuse_write_in), 0, sizeof(struct fuse_write_out),
			 FS_OP_CHANGES | FS_OP_PAYLOAD },
	[FUSE_FLUSH] = { fs_flush, sizeof(struct fuse_flush_in), 0, 0, 0 },
	[FUSE_FSYNC] = { fs_fsync, sizeof(struct fuse_fsync_in), 0, 0, 0 },
	[FUSE_LSEEK] = { fs_lseek, sizeof(struct fuse_lseek_in), 0, sizeof(struct fuse_lseek_out), 0 },
	[FUSE_FALLOCATE] = { fs_fallocate, sizeof(struct fuse_fallocate_in), 0, 0, FS_OP_CHANGES },
	[FUSE_COPY_FILE_RANGE] = { fs_copy_file_range, sizeof(struct fuse_copy_file_range_in), 0,
				   sizeof(struct fuse_write_out), FS_OP_CHANGES },
	[FUSE_SETXATTR] = { fs_setxattr, sizeof(struct fuse_setxattr_in), 0, 0, FS_OP_CHANGES | FS_OP_PAYLOAD },
	[FUSE_GETXATTR] = { fs_getxattr, sizeof(struct fuse_getxattr_in), 1, 0, FS_OP_DATA | FS_OP_TEXT },
	[FUSE_LISTXATTR] = { fs_listxattr, sizeof(struct fuse_getxattr_in), 0, 0, FS_OP_DATA },
	[FUSE_REMOVEXATTR] = { fs_removexattr, 0, 1, 0, FS_OP_CHANGES | FS_OP_TEXT },
	[FUSE_OPENDIR] = { fs_opendir, sizeof(struct fuse_open_in), 0, sizeof(struct fuse_open_out),
			   FS_OP_DIRECTORY },
	[FUSE_READDIR] = { fs_readdir, sizeof(struct fuse_read_in), 0, 0, FS_OP_DATA },
	[FUSE_READDIRPLUS] = { fs_readdirplus, sizeof(struct fuse_read_in), 0, 0, FS_OP_DATA },
	[FUSE_RELEASEDIR] = { fs_releasedir, sizeof(struct fuse_release_in), 0, 0, FS_OP_NO_NODE },
	[FUSE_FSYNCDIR] = { fs_fsyncdir, sizeof(struct fuse_fsync_in), 0, 0, 0 },
};

/* Takes `size` bytes off the front of what is left of the request. */
static int take(struct fs_request *r, void *to, size_t size)
{
	if (size > r->in_size)
		return -EINVAL;
	iov_gather(r->in, r->in_count, to, size);
	r->in_count = iov_skip(r->in, r->in, r->in_count, size);
	r->in_size -= size;
	return 0;
}

/* The names end the request, each with its NUL. */
static int take_names(struct fs_request *r, const struct fs_op *op)
{
	const char **names[] = { &r->name, &r->name2 };
	size_t size = r->in_size;
	char *at = r->text;

	if (op->names == 0)
		return r->in_size > 0 && !(op->flags & FS_OP_PAYLOAD) ? -EINVAL : 0;
	if (size > sizeof(r->text))
		return -ENAMETOOLONG;
	take(r, r->text, size);
	for (unsigned i = 0; i < op->names; i++) {
		bool text = i + 1 == op->names && (op->flags & FS_OP_TEXT);
		char *end = memchr(at, '\0', (size_t)(r->text + size - at));
		int error = !end ? -EINVAL : text ? 0 : fs_check_name(at);

		if (error)
			return error;
		*names[i] = at;
		at = end + 1;
	}
	return at == r->text + size ? 0 : -EINVAL;
}

/* Everything that can be checked without knowing what the operation does. */
static int prepare(struct fs_request *r, const struct fs_op *op)
{
	int error;

	if (!op->run)
		return -ENOSYS;
	if (!r->fs->started && op->run != fs_init)
		return -EIO;
	if (r->out_size < op->reply)
		return -EINVAL;
	error = take(r, r->args, op->args);
	if (!error)
		error = take_names(r, op);
	if (error)
		return error;
	if ((op->flags & FS_OP_CHANGES) && r->fs->read_only)
		return -EROFS;
	if (op->flags & FS_OP_NO_NODE)
		return 0;
	r->inode = fs_inode_of(&r->fs->inodes, r->header.nodeid);
	if (!r->inode)
		return -ESTALE;
	return (op->flags & FS_OP_DIRECTORY) && r->inode->type != S_IFDIR ? -ENOTDIR : 0;
}

static size_t size_of(const struct iovec *iov, unsigned count)
{
	size_t size = 0;

	for (unsigned i = 0; i < count; i++)
		size += iov[i].iov_len;
	return size;
}

/* The request's header, and where its parts are. */
static int begin(struct fs_request *r)
{
	int error = take(r, &r->header, sizeof(r->header));

	if (error)
		return error;
	if (r->header.len < sizeof(r->header) || r->header.len - sizeof(r->header) > r->in_size)
		return -EINVAL;
	r->in_size = r->header.len - sizeof(r->header);
	r->in_count = iov_limit(r->in, r->in_count, r->in_size);
	return 0;
}

/* A reply's header may lie in as many pieces as it has bytes. */
#define HEADER_PIECES sizeof(struct fuse_out_header)

struct reply_header {
	struct iovec iov[HEADER_PIECES];
	unsigned count;
};

/* Sets the place of the answer's header aside. */
static void split_header(struct fs_request *r, struct reply_header *header)
{
	header->count = r->out_count < HEADER_PIECES ? r->out_count : HEADER_PIECES;
	memcpy(header->iov, r->out, header->count * sizeof(*r->out));
	header->count = iov_limit(header->iov, header->count, sizeof(struct fuse_out_header));
	r->out_count = iov_skip(r->out, r->out, r->out_count, sizeof(struct fuse_out_header));
	r->out_size -= sizeof(struct fuse_out_header);
}

static size_t answer(struct fs_request *r, const struct fs_op *op, const struct reply_header *header, long result)
{
	size_t size = result > 0 ? (size_t)result : 0;
	struct fuse_out_header out = {
		.len = (uint32_t)(sizeof(out) + size),
		.error = result < 0 ? (int32_t)result : 0,
		.unique = r->header.unique,
	};

	if (!(op->flags & FS_OP_DATA))
		iov_scatter(r->out, r->out_count, (const uint8_t *)r->reply, size);
	iov_scatter(header->iov, header->count, (const uint8_t *)&out, sizeof(out));
	return out.len;
}

size_t fs_serve(struct fs *fs, struct iovec *in, unsigned in_count, struct iovec *out, unsigned out_count)
{
	static const struct fs_op unknown;
	const struct fs_op *op = &unknown;
	struct reply_header header;
	struct fs_request r;
	bool room;
	long result;

	r.fs = fs;
	r.inode = NULL;
	r.in = in;
	r.in_count = in_count;
	r.in_size = size_of(in, in_count);
	r.out = out;
	r.out_count = out_count;
	r.out_size = size_of(out, out_count);
	result = begin(&r);
	if (result)
		return 0; /* of whom would the answer be? */
	if (r.header.opcode < FUSE_OPCODE_COUNT)
		op = &ops[r.header.opcode];
	room = r.out_size >= sizeof(struct fuse_out_header);
	if (!room && !(op->flags & FS_OP_SILENT))
		return 0; /* what cannot be answered is not done */
	if (room)
		split_header(&r, &header);
	result = prepare(&r, op);
	if (!result)
		result = op->run(&r);
	if (op->flags & FS_OP_SILENT)
		return 0;
	return answer(&r, op, &header, result);
}
