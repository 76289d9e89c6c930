/* path_* but for path_open. */
#include "wasi/path.h"

#include "fs/kept.h"
#include "wasi/file.h"
#include "wasi/guest.h"

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

static bool has_nul(const uint8_t *text, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		if (((const uint8_t *)((uintptr_t)text + i))[0] == '\0')
			return true;
	return false;
}

uint32_t path_walk(struct walk *to, uint32_t fd, uint64_t right, uint32_t path, uint32_t size, enum walk_last last)
{
	const struct descriptor *descriptor = descriptor_get(fd);
	const struct file *file = file_of(descriptor);
	uint8_t *text;

	to->depth = 0;
	to->lookups = 0;
	if (!descriptor)
		return WASI_EBADF;
	if (!file || file->type != WASI_FILETYPE_DIRECTORY)
		return WASI_ENOTDIR;
	if (!(descriptor->rights & right))
		return WASI_ENOTCAPABLE;
	if (!guest_range(path, size, &text))
		return WASI_EFAULT;
	if (size > WALK_PATH_MAX)
		return WASI_ENAMETOOLONG;
	if (has_nul(text, size))
		return WASI_EINVAL;
	return walk(to, file->dir, file->node, (const char *)text, size, last);
}

/* To a name that something is to be made at or removed from; `unnamed`: the errno for the directory
 * that the path began at or one on its way. */
static uint32_t walk_to_name(struct walk *to, uint32_t fd, uint64_t right, uint32_t path, uint32_t size,
			     uint32_t unnamed)
{
	uint32_t error = path_walk(to, fd, right, path, size, WALK_NAME);

	return error ? error : to->name.size ? WASI_SUCCESS : unnamed;
}

static enum walk_last last_of(uint32_t lookup_flags)
{
	return lookup_flags & WASI_LOOKUP_SYMLINK_FOLLOW ? WALK_TARGET : WALK_ITSELF;
}

/* To something that is there. */
static uint32_t walk_to_node(struct walk *to, uint32_t fd, uint64_t right, uint32_t flags, uint32_t path,
			     uint32_t size)
{
	uint32_t error = path_walk(to, fd, right, path, size, last_of(flags));

	return error ? error : to->exists ? WASI_SUCCESS : WASI_ENOENT;
}

uint32_t wasi_path_create_directory(uint32_t fd, uint32_t path, uint32_t path_size)
{
	struct walk to;
	uint32_t error = walk_to_name(&to, fd, WASI_RIGHT_PATH_CREATE_DIRECTORY, path, path_size, WASI_EEXIST);

	if (!error)
		error = fuse_mkdir(to.dir, to.parent, to.name);
	walk_end(&to);
	return error;
}

uint32_t wasi_path_filestat_get(uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t to_stat)
{
	struct wasi_filestat stat;
	struct walk to;
	uint32_t error = walk_to_node(&to, fd, WASI_RIGHT_PATH_FILESTAT_GET, flags, path, path_size);

	if (!error) {
		file_fill_stat(to.dir, &to.attr, &stat);
		if (!guest_write(to_stat, &stat, sizeof(stat)))
			error = WASI_EFAULT;
	}
	walk_end(&to);
	return error;
}

uint32_t wasi_path_filestat_set_times(uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size,
				      uint64_t access, uint64_t modification, uint32_t time_flags)
{
	struct walk to;
	uint32_t error = walk_to_node(&to, fd, WASI_RIGHT_PATH_FILESTAT_SET_TIMES, flags, path, path_size);

	if (!error)
		error = file_set_times(to.dir, to.node, access, modification, time_flags);
	walk_end(&to);
	return error;
}

uint32_t wasi_path_link(uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t new_fd,
			uint32_t new_path, uint32_t new_path_size)
{
	struct walk from, to;
	uint32_t error = path_walk(&from, fd, WASI_RIGHT_PATH_LINK_SOURCE, path, path_size, last_of(flags) | WALK_PLAIN);

	to.depth = 0;
	to.lookups = 0;
	if (!error && !from.exists)
		error = WASI_ENOENT;
	if (!error)
		error = walk_to_name(&to, new_fd, WASI_RIGHT_PATH_LINK_TARGET, new_path, new_path_size, WASI_EEXIST);
	if (!error && to.directory_wanted)
		error = WASI_ENOENT;
	if (!error && from.dir != to.dir)
		error = WASI_EXDEV;
	if (!error)
		error = fuse_link(from.dir, from.node, to.parent, to.name);
	walk_end(&to);
	walk_end(&from);
	return error;
}

uint32_t wasi_path_readlink(uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer,
			    uint32_t buffer_size, uint32_t used)
{
	struct walk to;
	const char *target;
	uint32_t size = 0;
	uint32_t error = walk_to_node(&to, fd, WASI_RIGHT_PATH_READLINK, 0, path, path_size);

	if (!error && file_type(to.attr.mode) != WASI_FILETYPE_SYMBOLIC_LINK)
		error = WASI_EINVAL;
	if (!error)
		error = fuse_readlink(to.dir, to.node, &target, &size);
	if (size > buffer_size)
		size = buffer_size;
	if (!error && (!guest_write(buffer, target, size) || !guest_write_u32(used, size)))
		error = WASI_EFAULT;
	walk_end(&to);
	return error;
}

uint32_t wasi_path_remove_directory(uint32_t fd, uint32_t path, uint32_t path_size)
{
	struct walk to;
	uint32_t error = walk_to_name(&to, fd, WASI_RIGHT_PATH_REMOVE_DIRECTORY, path, path_size, WASI_EINVAL);

	if (!error)
		error = fuse_remove(to.dir, FUSE_RMDIR, to.parent, to.name);
	kept_drop();
	walk_end(&to);
	return error;
}

uint32_t wasi_path_unlink_file(uint32_t fd, uint32_t path, uint32_t path_size)
{
	struct walk to;
	uint32_t error = walk_to_name(&to, fd, WASI_RIGHT_PATH_UNLINK_FILE, path, path_size, WASI_EISDIR);

	if (!error && to.directory_wanted) {
		/* With a slash behind it, it has to be a directory, and those are not removed here. */
		walk_end(&to);
		error = walk_to_node(&to, fd, WASI_RIGHT_PATH_UNLINK_FILE, 0, path, path_size);
		error = error ? error : WASI_EISDIR;
	}
	if (!error)
		error = fuse_remove(to.dir, FUSE_UNLINK, to.parent, to.name);
	walk_end(&to);
	return error;
}

uint32_t wasi_path_rename(uint32_t fd, uint32_t path, uint32_t path_size, uint32_t new_fd, uint32_t new_path,
			  uint32_t new_path_size)
{
	struct walk from, to;
	uint32_t error = path_walk(&from, fd, WASI_RIGHT_PATH_RENAME_SOURCE, path, path_size, WALK_NAME | WALK_PLAIN);

	to.depth = 0;
	to.lookups = 0;
	if (!error && from.name.size == 0)
		error = WASI_EBUSY;
	if (!error)
		error = walk_to_name(&to, new_fd, WASI_RIGHT_PATH_RENAME_TARGET, new_path, new_path_size, WASI_EBUSY);
	if (!error && from.dir != to.dir)
		error = WASI_EXDEV;
	if (!error && (from.directory_wanted || to.directory_wanted)) {
		struct fuse_entry_out entry;

		error = fuse_lookup(from.dir, from.parent, from.name, &entry);
		if (!error) {
			fuse_forget(from.dir, entry.nodeid, 1);
			if (file_type(entry.attr.mode) != WASI_FILETYPE_DIRECTORY)
				error = WASI_ENOTDIR;
		}
	}
	if (!error)
		error = fuse_rename(from.dir, from.parent, from.name, to.parent, to.name);
	kept_drop();
	walk_end(&to);
	walk_end(&from);
	return error;
}

uint32_t wasi_path_symlink(uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path,
			   uint32_t path_size)
{
	struct walk to;
	uint8_t *text = NULL;
	uint32_t error = walk_to_name(&to, fd, WASI_RIGHT_PATH_SYMLINK, path, path_size, WASI_EEXIST);

	if (!error && !guest_range(target, target_size, &text))
		error = WASI_EFAULT;
	if (!error && to.directory_wanted)
		error = WASI_ENOENT;
	if (!error && target_size == 0)
		error = WASI_ENOENT;
	if (!error && target_size >= WALK_PATH_MAX)
		error = WASI_ENAMETOOLONG;
	if (!error && has_nul(text, target_size))
		error = WASI_EINVAL;
	if (!error && ((const char *)text)[0] == '/')
		error = WASI_ENOTCAPABLE; /* it would lead out */
	if (!error)
		error = fuse_symlink(to.dir, to.parent, to.name, (struct fuse_name){ (const char *)text, target_size });
	walk_end(&to);
	return error;
}
