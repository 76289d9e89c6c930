/* path_open. */
#include "fs/walk.h"
#include "wasi/file.h"
#include "wasi/guest.h"
#include "wasi/preopen.h"

#define ATTEMPTS 16
#define WRITING (WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE)

WASI_EXPORT(path_open, uint32_t fd, uint32_t lookup_flags, uint32_t path, uint32_t path_size,
	    uint32_t open_flags, uint64_t rights, uint64_t inheriting, uint32_t flags, uint32_t opened);

PREOPEN_NEEDED;

static uint32_t open_node(struct vfs_file *file, struct vfs_node *node, uint32_t flags)
{
	bool directory = node->type == WASI_FILETYPE_DIRECTORY;

	if (flags & WASI_OFLAG_CREAT && flags & WASI_OFLAG_EXCL)
		return WASI_EEXIST;
	if (node->type == WASI_FILETYPE_SYMBOLIC_LINK)
		return WASI_ELOOP;
	if (flags & WASI_OFLAG_DIRECTORY && !directory)
		return WASI_ENOTDIR;
	if (directory) {
		/* Who says that it is to be a directory may ask for rights as for any file. */
		if (flags & (WASI_OFLAG_CREAT | WASI_OFLAG_TRUNC) ||
		    (file->access & VFS_WRITE && !(flags & WASI_OFLAG_DIRECTORY)))
			return WASI_EISDIR;
		file->access = 0;
	}
	file->node = node;
	return vfs_open(file, flags & WASI_OFLAG_TRUNC);
}

static uint32_t create(struct vfs_file *file, const struct walk *walk, uint32_t flags)
{
	const struct vfs_ops *ops = walk->directory->fs->ops;

	if (walk->slash)
		return WASI_EISDIR;
	if (!ops->create)
		return WASI_EROFS;
	return ops->create(walk->directory, walk->name, file, flags & WASI_OFLAG_EXCL, flags & WASI_OFLAG_TRUNC);
}

/* In one step, where nothing is in the way. Whatever is (a symbolic link, a directory, what may
 * not be written) is looked at closely afterwards. */
static uint32_t create_at_once(struct vfs_file *file, struct vfs_node *base, struct vfs_name path, uint32_t flags)
{
	struct walk walk;
	uint32_t error = walk_path(&walk, base, path, WALK_NAME);

	if (error)
		return error;
	error = walk.name.size && !walk.slash ? create(file, &walk, flags) : WASI_EISDIR;
	walk_end(&walk);
	return error;
}

static uint32_t open_path(struct vfs_file *file, struct vfs_node *base, struct vfs_name path, bool follow,
			  uint32_t flags)
{
	enum walk_last last = follow && !(flags & WASI_OFLAG_EXCL && flags & WASI_OFLAG_CREAT) ? WALK_FOLLOW : WALK_STAY;
	struct walk walk;
	uint32_t error = walk_path(&walk, base, path, last);

	if (error)
		return error;
	if (walk.node)
		error = open_node(file, walk.node, flags);
	else
		error = flags & WASI_OFLAG_CREAT ? create(file, &walk, flags) : WASI_ENOENT;
	/* Somebody else made it meanwhile: then it is there to be opened. Or put another in its place. */
	if ((error == WASI_EEXIST && !(flags & WASI_OFLAG_EXCL)) || error == WASI_ESTALE)
		error = WASI_EAGAIN;
	walk_end(&walk);
	return error;
}

static uint32_t open_in(struct vfs_node *directory, struct vfs_file *file, struct vfs_name path, bool follow,
			uint32_t flags)
{
	const struct vfs_file wanted = *file;
	uint32_t error = WASI_EAGAIN;

	if (flags & WASI_OFLAG_CREAT && !create_at_once(file, directory, path, flags))
		return WASI_SUCCESS;
	for (int i = 0; i < ATTEMPTS && error == WASI_EAGAIN; i++) {
		*file = wanted;
		error = open_path(file, directory, path, follow, flags);
	}
	return error;
}

static uint64_t rights_needed(uint32_t flags)
{
	return WASI_RIGHT_PATH_OPEN | (flags & WASI_OFLAG_CREAT ? WASI_RIGHT_PATH_CREATE_FILE : 0) |
	       (flags & WASI_OFLAG_TRUNC ? WASI_RIGHT_PATH_FILESTAT_SET_SIZE : 0);
}

static uint32_t check_flags(uint32_t lookup_flags, uint32_t open_flags, uint32_t flags)
{
	if (lookup_flags & ~WASI_LOOKUP_SYMLINK_FOLLOW || open_flags & ~WASI_OFLAGS || flags & ~WASI_FDFLAGS)
		return WASI_EINVAL;
	return open_flags & WASI_OFLAG_CREAT && open_flags & WASI_OFLAG_DIRECTORY ? WASI_EINVAL : WASI_SUCCESS;
}

uint32_t wasi_path_open(uint32_t fd, uint32_t lookup_flags, uint32_t path, uint32_t path_size,
			uint32_t open_flags, uint64_t rights, uint64_t inheriting, uint32_t flags,
			uint32_t opened)
{
	struct descriptor *directory;
	uint32_t error = file_get_directory(fd, rights_needed(open_flags), &directory), number;
	struct file file = { 0 };
	struct vfs_name name;
	uint8_t *unused;

	if (error)
		return error;
	error = check_flags(lookup_flags, open_flags, flags);
	if (error)
		return error;
	/* Rights that do not exist are no harm. */
	rights &= RIGHTS_ALL;
	inheriting &= RIGHTS_ALL;
	if ((rights | inheriting) & ~directory->inheriting)
		return WASI_ENOTCAPABLE;
	if (!guest_path(path, path_size, &name) || !guest_range(opened, sizeof(uint32_t), &unused))
		return WASI_EFAULT;
	file.open.access = (rights & WASI_RIGHT_FD_READ ? VFS_READ : 0) | (rights & WRITING ? VFS_WRITE : 0);
	file.open.flags = (uint16_t)flags;
	error = open_in(file_of(directory)->open.node, &file.open, name, lookup_flags & WASI_LOOKUP_SYMLINK_FOLLOW,
			open_flags);
	if (error)
		return error;
	if (file.open.node->type == WASI_FILETYPE_DIRECTORY) {
		rights &= RIGHTS_DIRECTORY;
	} else {
		rights &= RIGHTS_FILE;
		inheriting = 0;
	}
	error = file_add(&file, rights, inheriting, &number);
	if (!error)
		guest_write_u32(opened, number);
	return error;
}
