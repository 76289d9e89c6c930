/* A shared directory as a file system: the client's requests as operations; see share.h. Every
 * look-up makes a node of its own, also where the server's is the same: each counts for one. */
#include "fs/share.h"

#include "fs/client.h"
#include "fs/heap.h"
#include "fs/kept.h"
#include "fs/share_node.h"
#include "lib/string.h"

#define O_RDONLY 0u
#define O_WRONLY 1u
#define O_RDWR 2u
#define O_CREAT 0100u
#define O_EXCL 0200u
#define O_TRUNC 01000u
#define O_APPEND 02000u
#define O_DSYNC 010000u
#define O_SYNC 04010000u

#define MODE_TYPE_SHIFT 12
#define MODE_NEW 0666
#define SECOND UINT64_C(1000000000)
#define LIST_MAX 32768
#define STALE UINT64_MAX

/* By the upper bits of a mode, which are Linux's DT_* too. */
static uint8_t type_of(uint32_t kind)
{
	switch (kind) {
	case 2:
		return WASI_FILETYPE_CHARACTER_DEVICE;
	case 4:
		return WASI_FILETYPE_DIRECTORY;
	case 6:
		return WASI_FILETYPE_BLOCK_DEVICE;
	case 8:
		return WASI_FILETYPE_REGULAR_FILE;
	case 10:
		return WASI_FILETYPE_SYMBOLIC_LINK;
	case 12:
		return WASI_FILETYPE_SOCKET_STREAM;
	default:
		return WASI_FILETYPE_UNKNOWN;
	}
}

static struct fuse_name fuse_name(struct vfs_name name)
{
	return (struct fuse_name){ name.text, name.size };
}

static uint64_t id_of(struct vfs_node *node)
{
	return share_node(node)->id;
}

/* Takes over the look-up. NULL: no memory. */
static struct vfs_node *node_make(struct vfs *fs, const struct fuse_entry_out *entry)
{
	struct share_node *node = fs_allocate(sizeof(*node));

	if (!node) {
		fuse_forget(((struct share *)fs)->number, entry->nodeid, 1);
		return NULL;
	}
	*node = (struct share_node){
		.node = { .fs = fs, .references = 1, .type = type_of(entry->attr.mode >> MODE_TYPE_SHIFT & 15) },
		.id = entry->nodeid,
		.attr = entry->attr,
		.exchanges = fuse_exchanges(),
	};
	return &node->node;
}

static uint32_t share_lookup(struct vfs_node *directory, struct vfs_name name, struct vfs_node **found)
{
	struct fuse_entry_out entry;
	uint32_t error;

	*found = kept_find(directory, name);
	if (*found)
		return WASI_SUCCESS;
	error = fuse_lookup(share_number(directory), id_of(directory), fuse_name(name), &entry);
	if (error)
		return error;
	*found = node_make(directory->fs, &entry);
	if (!*found)
		return WASI_ENOMEM;
	if ((*found)->type == WASI_FILETYPE_DIRECTORY)
		kept_add(directory, name, *found, entry.entry_valid);
	return WASI_SUCCESS;
}

static void share_forget(struct vfs_node *node)
{
	fuse_forget(share_number(node), id_of(node), 1);
	fs_free(node, sizeof(struct share_node));
}

static uint32_t open_flags(const struct vfs_file *file, uint16_t flags)
{
	bool reads = file->access & VFS_READ, writes = file->access & VFS_WRITE;
	uint32_t result = writes ? (reads ? O_RDWR : O_WRONLY) : O_RDONLY;

	if (flags & WASI_FDFLAG_APPEND)
		result |= O_APPEND;
	if (flags & WASI_FDFLAG_DSYNC)
		result |= O_DSYNC;
	if (flags & (WASI_FDFLAG_SYNC | WASI_FDFLAG_RSYNC))
		result |= O_SYNC;
	return result;
}

static struct share_handle *handle_make(struct vfs_file *file)
{
	struct share_handle *handle = fs_allocate(sizeof(*handle));

	if (handle)
		*handle = (struct share_handle){ .flags = open_flags(file, file->flags) };
	file->handle = handle;
	return handle;
}

static uint32_t opcode(const struct vfs_file *file, uint32_t of_file, uint32_t of_directory)
{
	return file->node->type == WASI_FILETYPE_DIRECTORY ? of_directory : of_file;
}

static uint32_t need_handle(const struct vfs_file *file, uint32_t extra_flags)
{
	struct share_handle *handle = share_handle(file);
	uint32_t error;

	if (handle->open)
		return WASI_SUCCESS;
	error = fuse_open(share_number(file->node), opcode(file, FUSE_OPEN, FUSE_OPENDIR), id_of(file->node),
			  handle->flags | extra_flags, &handle->number);
	handle->open = !error;
	return error;
}

static uint32_t share_open(struct vfs_file *file, bool truncate)
{
	struct share_handle *handle = handle_make(file);
	uint32_t error = WASI_SUCCESS;

	if (!handle)
		return WASI_ENOMEM;
	share_node(file->node)->exchanges = STALE;
	if (file->node->type != WASI_FILETYPE_DIRECTORY)
		error = need_handle(file, truncate ? O_TRUNC : 0);
	if (error)
		fs_free(handle, sizeof(*handle));
	return error;
}

/* Somebody on the host may wait until a file that was written is closed, but for no other. */
static void share_close(struct vfs_file *file)
{
	const struct share_handle *handle = share_handle(file);
	bool waits = handle->flags & (O_WRONLY | O_RDWR);

	if (handle->open)
		(waits ? fuse_release : fuse_release_later)(share_number(file->node),
							    opcode(file, FUSE_RELEASE, FUSE_RELEASEDIR),
							    id_of(file->node), handle->number);
	fs_free(file->handle, sizeof(struct share_handle));
}

/* The server knows how a handle was opened: another way to write needs another handle. */
static uint32_t share_set_flags(struct vfs_file *file, uint16_t flags)
{
	struct share_handle *handle = share_handle(file);
	uint32_t error, wanted = open_flags(file, flags);
	uint64_t number;

	if (wanted == handle->flags)
		return WASI_SUCCESS;
	error = fuse_open(share_number(file->node), FUSE_OPEN, id_of(file->node), wanted, &number);
	if (error)
		return error;
	fuse_release(share_number(file->node), FUSE_RELEASE, id_of(file->node), handle->number);
	handle->number = number;
	handle->flags = wanted;
	return WASI_SUCCESS;
}

static uint32_t share_create(struct vfs_node *directory, struct vfs_name name, struct vfs_file *file,
			     bool exclusive, bool truncate)
{
	uint32_t extra = O_CREAT | (exclusive ? O_EXCL : 0) | (truncate ? O_TRUNC : 0);
	struct share_handle *handle = handle_make(file);
	struct fuse_entry_out entry;
	uint32_t error;

	if (!handle)
		return WASI_ENOMEM;
	error = fuse_create(share_number(directory), id_of(directory), fuse_name(name), handle->flags | extra, MODE_NEW,
			    &entry, &handle->number);
	if (error) {
		fs_free(handle, sizeof(*handle));
		return error;
	}
	handle->open = true;
	file->node = node_make(directory->fs, &entry);
	if (file->node) {
		share_node(file->node)->exchanges = STALE;
		return WASI_SUCCESS;
	}
	fuse_release(share_number(directory), FUSE_RELEASE, entry.nodeid, handle->number);
	fs_free(handle, sizeof(*handle));
	return WASI_ENOMEM;
}

static uint32_t share_readdir(const struct vfs_file *file, uint64_t cookie, vfs_emit *emit, void *context)
{
	uint32_t error = need_handle(file, 0), got;
	struct fuse_entry entry;
	const uint8_t *data;
	bool more = true;

	for (uint32_t size = LIST_MAX / 8; !error && more; size = LIST_MAX) {
		uint32_t at = 0;

		error = fuse_read(share_number(file->node), FUSE_READDIR, id_of(file->node), share_handle(file)->number,
				  cookie, size, &data, &got);
		if (error || got == 0)
			break;
		while (more && fuse_entry(data, got, &at, &entry)) {
			struct vfs_entry out = { { entry.name.text, entry.name.size }, entry.next, entry.ino,
						 type_of(entry.type) };

			cookie = entry.next;
			more = emit(context, &out);
		}
		if (at == 0)
			return WASI_EIO; /* entries that are none */
	}
	return error;
}

static uint32_t share_sync(const struct vfs_file *file, bool data_only)
{
	uint32_t error = need_handle(file, 0);

	return error ? error : fuse_sync(share_number(file->node), opcode(file, FUSE_FSYNC, FUSE_FSYNCDIR),
					 id_of(file->node), share_handle(file)->number, data_only);
}

static uint32_t share_allocate(const struct vfs_file *file, uint64_t offset, uint64_t size)
{
	return fuse_allocate(share_number(file->node), id_of(file->node), share_handle(file)->number, offset, size);
}

static uint32_t share_stat(struct vfs_node *node, const struct vfs_file *file, struct wasi_filestat *stat)
{
	struct share_node *ours = share_node(node);
	const struct fuse_attr *attr = &ours->attr;
	uint32_t error = WASI_SUCCESS;

	if (ours->exchanges != fuse_exchanges())
		error = fuse_getattr(share_number(node), ours->id, &ours->attr);
	if (error)
		return error;
	/* Only what came with the look-up is as good as asked for, and not for long. */
	ours->exchanges = STALE;
	stat->inode = attr->ino;
	stat->link_count = attr->nlink;
	stat->size = attr->size;
	stat->access_time = attr->atime * SECOND + attr->atimensec;
	stat->modification_time = attr->mtime * SECOND + attr->mtimensec;
	stat->change_time = attr->ctime * SECOND + attr->ctimensec;
	return WASI_SUCCESS;
}

static uint32_t share_setattr(struct vfs_node *node, const struct vfs_file *file,
			      const struct vfs_attributes *attributes)
{
	struct fuse_setattr_in in = {
		.size = attributes->size,
		.atime = attributes->access_time / SECOND,
		.atimensec = (uint32_t)(attributes->access_time % SECOND),
		.mtime = attributes->modification_time / SECOND,
		.mtimensec = (uint32_t)(attributes->modification_time % SECOND),
	};

	in.valid |= attributes->set & VFS_SET_SIZE ? FATTR_SIZE : 0;
	in.valid |= attributes->set & VFS_SET_ACCESS_TIME ? FATTR_ATIME : 0;
	in.valid |= attributes->set & VFS_ACCESS_TIME_NOW ? FATTR_ATIME_NOW : 0;
	in.valid |= attributes->set & VFS_SET_MODIFICATION_TIME ? FATTR_MTIME : 0;
	in.valid |= attributes->set & VFS_MODIFICATION_TIME_NOW ? FATTR_MTIME_NOW : 0;
	if (attributes->set & VFS_SET_SIZE && file) {
		in.valid |= FATTR_FH;
		in.fh = share_handle(file)->number;
	}
	return fuse_setattr(share_number(node), id_of(node), &in);
}

static uint32_t share_readlink(struct vfs_node *node, char *buffer, uint32_t size, uint32_t *used)
{
	const char *target;
	uint32_t error = fuse_readlink(share_number(node), id_of(node), &target, used);

	if (error)
		return error;
	if (*used > size)
		*used = size;
	memcpy(buffer, target, *used);
	return WASI_SUCCESS;
}

static uint32_t share_mkdir(struct vfs_node *directory, struct vfs_name name)
{
	return fuse_mkdir(share_number(directory), id_of(directory), fuse_name(name));
}

static uint32_t share_symlink(struct vfs_node *directory, struct vfs_name name, struct vfs_name target)
{
	return fuse_symlink(share_number(directory), id_of(directory), fuse_name(name), fuse_name(target));
}

static uint32_t share_link(struct vfs_node *node, struct vfs_node *directory, struct vfs_name name)
{
	return fuse_link(share_number(node), id_of(node), id_of(directory), fuse_name(name));
}

static uint32_t share_unlink(struct vfs_node *directory, struct vfs_name name)
{
	return fuse_remove(share_number(directory), FUSE_UNLINK, id_of(directory), fuse_name(name));
}

static uint32_t share_rmdir(struct vfs_node *directory, struct vfs_name name)
{
	kept_drop();
	return fuse_remove(share_number(directory), FUSE_RMDIR, id_of(directory), fuse_name(name));
}

static uint32_t share_rename(struct vfs_node *directory, struct vfs_name name, struct vfs_node *new_directory,
			     struct vfs_name new_name)
{
	kept_drop();
	return fuse_rename(share_number(directory), id_of(directory), fuse_name(name), id_of(new_directory),
			   fuse_name(new_name));
}

static const struct vfs_ops share_ops = {
	.lookup = share_lookup,
	.forget = share_forget,
	.open = share_open,
	.close = share_close,
	.set_flags = share_set_flags,
	.create = share_create,
	.read = share_read,
	.write = share_write,
	.readdir = share_readdir,
	.sync = share_sync,
	.allocate = share_allocate,
	.stat = share_stat,
	.setattr = share_setattr,
	.readlink = share_readlink,
	.mkdir = share_mkdir,
	.symlink = share_symlink,
	.link = share_link,
	.unlink = share_unlink,
	.rmdir = share_rmdir,
	.rename = share_rename,
};

uint32_t share_make(uint32_t number, struct vfs_node **root)
{
	struct fuse_entry_out entry = { .nodeid = FUSE_ROOT_ID };
	struct share *share = fs_allocate(sizeof(*share));

	if (!share)
		return WASI_ENOMEM;
	share->number = number;
	vfs_mounted(&share->fs, &share_ops);
	*root = node_make(&share->fs, &entry);
	if (!*root) {
		fs_free(share, sizeof(*share));
		return WASI_ENOMEM;
	}
	(*root)->type = WASI_FILETYPE_DIRECTORY;
	share_node(*root)->exchanges = STALE;
	return WASI_SUCCESS;
}
