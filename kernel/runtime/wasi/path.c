/* path_* but path_open. */
#include "fs/walk.h"
#include "wasi/file.h"
#include "wasi/guest.h"
#include "wasi/preopen.h"

WASI_EXPORT(path_create_directory, uint32_t fd, uint32_t path, uint32_t path_size);
WASI_EXPORT(path_filestat_get, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t stat);
WASI_EXPORT(path_filestat_set_times, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size,
	    uint64_t access, uint64_t modification, uint32_t time_flags);
WASI_EXPORT(path_link, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t new_fd,
	    uint32_t new_path, uint32_t new_path_size);
WASI_EXPORT(path_readlink, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer,
	    uint32_t buffer_size, uint32_t used);
WASI_EXPORT(path_remove_directory, uint32_t fd, uint32_t path, uint32_t path_size);
WASI_EXPORT(path_rename, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t new_fd, uint32_t new_path,
	    uint32_t new_path_size);
WASI_EXPORT(path_symlink, uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path,
	    uint32_t path_size);
WASI_EXPORT(path_unlink_file, uint32_t fd, uint32_t path, uint32_t path_size);

PREOPEN_NEEDED;

/* Where a path begins, and its text. */
static uint32_t begin(uint32_t fd, uint64_t right, uint32_t path, uint32_t path_size, struct vfs_node **base,
		      struct vfs_name *name)
{
	struct descriptor *directory;
	uint32_t error = file_get_directory(fd, right, &directory);

	if (error)
		return error;
	*base = file_of(directory)->open.node;
	return guest_path(path, path_size, name) ? WASI_SUCCESS : WASI_EFAULT;
}

/* To what a path leads to, or to its name. */
static uint32_t walk_from(uint32_t fd, uint64_t right, uint32_t path, uint32_t path_size, enum walk_last last,
			  struct walk *walk)
{
	struct vfs_node *base;
	struct vfs_name name;
	uint32_t error = begin(fd, right, path, path_size, &base, &name);

	return error ? error : walk_path(walk, base, name, last);
}

/* The same for what has to be there. *node is referenced. */
static uint32_t node_from(uint32_t fd, uint64_t right, uint32_t path, uint32_t path_size, enum walk_last last,
			  struct vfs_node **node)
{
	struct vfs_node *base;
	struct vfs_name name;
	uint32_t error = begin(fd, right, path, path_size, &base, &name);

	return error ? error : walk_to(base, name, last, node);
}

static enum walk_last last_of(uint32_t lookup_flags)
{
	return lookup_flags & WASI_LOOKUP_SYMLINK_FOLLOW ? WALK_FOLLOW : WALK_STAY;
}

static bool are_good(uint32_t lookup_flags)
{
	return !(lookup_flags & ~WASI_LOOKUP_SYMLINK_FOLLOW);
}

uint32_t wasi_path_create_directory(uint32_t fd, uint32_t path, uint32_t path_size)
{
	struct walk walk;
	uint32_t error = walk_from(fd, WASI_RIGHT_PATH_CREATE_DIRECTORY, path, path_size, WALK_NAME, &walk);

	if (error)
		return error;
	if (walk.node)
		error = WASI_EEXIST;
	else if (!walk.directory->fs->ops->mkdir)
		error = WASI_EROFS;
	else
		error = walk.directory->fs->ops->mkdir(walk.directory, walk.name);
	walk_end(&walk);
	return error;
}

uint32_t wasi_path_filestat_get(uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t to)
{
	struct wasi_filestat stat;
	struct vfs_node *node;
	uint32_t error;

	error = node_from(fd, WASI_RIGHT_PATH_FILESTAT_GET, path, path_size, last_of(flags), &node);
	if (error)
		return error;
	error = are_good(flags) ? vfs_stat(node, NULL, &stat) : WASI_EINVAL;
	vfs_release(node);
	if (error)
		return error;
	return guest_write(to, &stat, sizeof(stat)) ? WASI_SUCCESS : WASI_EFAULT;
}

uint32_t wasi_path_filestat_set_times(uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size,
				      uint64_t access, uint64_t modification, uint32_t time_flags)
{
	struct vfs_attributes attributes;
	struct vfs_node *node;
	uint32_t error;

	error = node_from(fd, WASI_RIGHT_PATH_FILESTAT_SET_TIMES, path, path_size, last_of(flags), &node);
	if (error)
		return error;
	error = are_good(flags) ? file_times(access, modification, time_flags, &attributes) : WASI_EINVAL;
	if (!error)
		error = vfs_setattr(node, NULL, &attributes);
	vfs_release(node);
	return error;
}

static uint32_t link_to(struct vfs_node *node, const struct walk *to)
{
	if (node->type == WASI_FILETYPE_DIRECTORY)
		return WASI_EPERM;
	if (to->node)
		return WASI_EEXIST;
	if (to->slash)
		return WASI_ENOENT;
	if (node->fs != to->directory->fs)
		return WASI_EXDEV;
	return node->fs->ops->link ? node->fs->ops->link(node, to->directory, to->name) : WASI_EROFS;
}

uint32_t wasi_path_link(uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t new_fd,
			uint32_t new_path, uint32_t new_path_size)
{
	struct vfs_node *node;
	struct walk to;
	uint32_t error;

	error = node_from(fd, WASI_RIGHT_PATH_LINK_SOURCE, path, path_size, last_of(flags), &node);
	if (error)
		return error;
	error = walk_from(new_fd, WASI_RIGHT_PATH_LINK_TARGET, new_path, new_path_size, WALK_NAME, &to);
	if (!error) {
		error = are_good(flags) ? link_to(node, &to) : WASI_EINVAL;
		walk_end(&to);
	}
	vfs_release(node);
	return error;
}

/* As readlink(2): what does not fit is cut off. */
uint32_t wasi_path_readlink(uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer,
			    uint32_t buffer_size, uint32_t used)
{
	uint32_t error, size = 0;
	struct vfs_node *node;
	uint8_t *to, *unused;

	error = node_from(fd, WASI_RIGHT_PATH_READLINK, path, path_size, WALK_STAY, &node);
	if (error)
		return error;
	if (node->type != WASI_FILETYPE_SYMBOLIC_LINK)
		error = WASI_EINVAL;
	else if (!guest_range(buffer, buffer_size, &to) || !guest_range(used, sizeof(uint32_t), &unused))
		error = WASI_EFAULT;
	else
		error = node->fs->ops->readlink(node, (char *)to, buffer_size, &size);
	vfs_release(node);
	if (!error)
		guest_write_u32(used, size);
	return error;
}

static uint32_t remove_directory(const struct walk *walk)
{
	if (!walk->name.size)
		return WASI_EINVAL;
	if (!walk->directory->fs->ops->rmdir)
		return WASI_EROFS;
	return walk->directory->fs->ops->rmdir(walk->directory, walk->name);
}

uint32_t wasi_path_remove_directory(uint32_t fd, uint32_t path, uint32_t path_size)
{
	struct walk walk;
	uint32_t error = walk_from(fd, WASI_RIGHT_PATH_REMOVE_DIRECTORY, path, path_size, WALK_NAME, &walk);

	if (error)
		return error;
	error = remove_directory(&walk);
	walk_end(&walk);
	return error;
}

/* Whether the name is that of a directory, which the walk did not look for. */
static uint32_t check_directory(const struct walk *walk)
{
	struct vfs_node *node;
	uint32_t error = walk->directory->fs->ops->lookup(walk->directory, walk->name, &node);

	if (error)
		return error;
	if (node->type != WASI_FILETYPE_DIRECTORY)
		error = WASI_ENOTDIR;
	vfs_release(node);
	return error;
}

static uint32_t rename_to(const struct walk *from, const struct walk *to)
{
	const struct vfs_ops *ops = from->directory->fs->ops;

	uint32_t error = WASI_SUCCESS;

	if (!from->name.size || !to->name.size)
		return WASI_EBUSY;
	if (to->slash && !from->slash)
		error = check_directory(from);
	if (error)
		return error;
	if (from->directory->fs != to->directory->fs)
		return WASI_EXDEV;
	return ops->rename ? ops->rename(from->directory, from->name, to->directory, to->name) : WASI_EROFS;
}

uint32_t wasi_path_rename(uint32_t fd, uint32_t path, uint32_t path_size, uint32_t new_fd, uint32_t new_path,
			  uint32_t new_path_size)
{
	struct walk from, to;
	uint32_t error = walk_from(fd, WASI_RIGHT_PATH_RENAME_SOURCE, path, path_size, WALK_NAME, &from);

	if (error)
		return error;
	error = walk_from(new_fd, WASI_RIGHT_PATH_RENAME_TARGET, new_path, new_path_size, WALK_NAME, &to);
	if (!error) {
		error = rename_to(&from, &to);
		walk_end(&to);
	}
	walk_end(&from);
	return error;
}

static uint32_t link_name(const struct walk *walk, struct vfs_name target)
{
	if (walk->node)
		return WASI_EEXIST;
	if (walk->slash)
		return WASI_ENOENT;
	if (!walk->directory->fs->ops->symlink)
		return WASI_EROFS;
	return walk->directory->fs->ops->symlink(walk->directory, walk->name, target);
}

/* A target that could not be followed is refused at once. */
uint32_t wasi_path_symlink(uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path,
			   uint32_t path_size)
{
	struct vfs_name content;
	struct walk walk;
	uint32_t error = walk_from(fd, WASI_RIGHT_PATH_SYMLINK, path, path_size, WALK_NAME, &walk);

	if (error)
		return error;
	error = guest_path(target, target_size, &content) ? walk_check_target(content) : WASI_EFAULT;
	if (!error)
		error = link_name(&walk, content);
	walk_end(&walk);
	return error;
}

uint32_t wasi_path_unlink_file(uint32_t fd, uint32_t path, uint32_t path_size)
{
	struct walk walk;
	uint32_t error = walk_from(fd, WASI_RIGHT_PATH_UNLINK_FILE, path, path_size, WALK_NAME, &walk);

	if (error)
		return error;
	if (!walk.name.size || walk.slash)
		error = walk.node ? WASI_EISDIR : WASI_ENOENT;
	else if (!walk.directory->fs->ops->unlink)
		error = WASI_EROFS;
	else
		error = walk.directory->fs->ops->unlink(walk.directory, walk.name);
	walk_end(&walk);
	return error;
}
