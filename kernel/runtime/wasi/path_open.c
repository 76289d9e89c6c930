#include "wasi/file.h"
#include "wasi/guest.h"
#include "wasi/path.h"

#define O_EXCL 0200u
#define O_TRUNC 01000u
#define O_CREAT 0100u
#define MODE_NEW 0666

WASI_EXPORT(path_open, uint32_t fd, uint32_t lookup_flags, uint32_t path, uint32_t path_size,
	    uint32_t open_flags, uint64_t rights, uint64_t inheriting, uint32_t flags, uint32_t opened);

struct request {
	uint32_t open_flags; /* WASI_OPEN_* */
	uint32_t flags;	     /* WASI_FDFLAG_* */
	uint64_t rights, inheriting;
};

static uint32_t check(uint32_t fd, const struct request *request)
{
	const struct descriptor *descriptor = descriptor_get(fd);
	uint64_t needed = 0;

	if (!descriptor)
		return WASI_EBADF;
	if (request->open_flags & WASI_OPEN_CREAT)
		needed |= WASI_RIGHT_PATH_CREATE_FILE;
	if (request->open_flags & WASI_OPEN_TRUNC)
		needed |= WASI_RIGHT_PATH_FILESTAT_SET_SIZE;
	if (file_of(descriptor) && (needed & ~descriptor->rights || (request->rights | request->inheriting) & ~descriptor->inheriting))
		return WASI_ENOTCAPABLE;
	if ((request->open_flags & WASI_OPEN_CREAT) && (request->open_flags & WASI_OPEN_DIRECTORY))
		return WASI_EINVAL;
	return WASI_SUCCESS;
}

static uint32_t open_directory(struct walk *walk, const struct request *request, struct file *file)
{
	if (request->rights & WASI_RIGHT_FD_WRITE || request->open_flags & (WASI_OPEN_TRUNC | WASI_OPEN_CREAT))
		return WASI_EISDIR;
	file->type = WASI_FILETYPE_DIRECTORY;
	file->node = walk->node;
	file->lookups = walk_keep(walk);
	return WASI_SUCCESS;
}

static void opened_with(struct file *file, const struct request *request, uint32_t mode)
{
	file->type = file_type(mode);
	file->opened = true;
	file->open_flags = file_open_flags(request->rights, request->flags);
}

static uint32_t open_existing(struct walk *walk, const struct request *request, struct file *file)
{
	uint32_t error, extra = request->open_flags & WASI_OPEN_TRUNC ? O_TRUNC : 0;
	uint8_t type = file_type(walk->attr.mode);

	if ((request->open_flags & WASI_OPEN_CREAT) && (request->open_flags & WASI_OPEN_EXCL))
		return WASI_EEXIST;
	if (type == WASI_FILETYPE_DIRECTORY)
		return open_directory(walk, request, file);
	if (request->open_flags & WASI_OPEN_DIRECTORY)
		return WASI_ENOTDIR;
	if (type == WASI_FILETYPE_SYMBOLIC_LINK)
		return WASI_ELOOP;
	error = fuse_open(walk->dir, FUSE_OPEN, walk->node, file_open_flags(request->rights, request->flags) | extra,
			  &file->handle);
	if (error)
		return error;
	opened_with(file, request, walk->attr.mode);
	file->node = walk->node;
	file->lookups = walk_keep(walk);
	return WASI_SUCCESS;
}

static uint32_t create(struct walk *walk, const struct request *request, struct file *file)
{
	uint32_t flags = file_open_flags(request->rights, request->flags) | O_CREAT, error;
	struct fuse_entry_out entry;

	if (!(request->open_flags & WASI_OPEN_CREAT))
		return WASI_ENOENT;
	if (walk->directory_wanted)
		return WASI_EISDIR;
	if (request->open_flags & WASI_OPEN_EXCL)
		flags |= O_EXCL;
	if (request->open_flags & WASI_OPEN_TRUNC)
		flags |= O_TRUNC;
	error = fuse_create(walk->dir, walk->parent, walk->name, flags, MODE_NEW, &entry, &file->handle);
	if (error)
		return error;
	opened_with(file, request, entry.attr.mode);
	file->node = entry.nodeid;
	file->lookups = 1;
	return WASI_SUCCESS;
}

static uint32_t open_at(struct walk *walk, const struct request *request, uint32_t *fd)
{
	struct file *file = file_create();
	uint64_t rights;
	uint32_t error;

	if (!file)
		return WASI_ENOMEM;
	file->dir = walk->dir;
	error = walk->exists ? open_existing(walk, request, file) : create(walk, request, file);
	rights = request->rights & (file->type == WASI_FILETYPE_DIRECTORY ? DIRECTORY_RIGHTS : FILE_RIGHTS);
	if (!error && !descriptor_open(&file_descriptor_ops, file, rights, (uint16_t)request->flags, fd))
		error = WASI_EMFILE;
	if (error)
		file_destroy(file);
	else if (file->type == WASI_FILETYPE_DIRECTORY)
		descriptor_get(*fd)->inheriting = request->inheriting;
	return error;
}

/* The server creates, or opens what is there, in one step. Whatever it refuses (a symlink, a directory,
 * what may not be written) is looked at closely afterwards. */
static bool create_at_once(uint32_t fd, uint32_t path, uint32_t path_size, const struct request *request,
			   uint32_t *new_fd)
{
	struct walk walk;
	bool done = false;

	if (path_walk(&walk, fd, WASI_RIGHT_PATH_OPEN, path, path_size, WALK_NAME) == WASI_SUCCESS &&
	    walk.name.size > 0 && !walk.directory_wanted)
		done = open_at(&walk, request, new_fd) == WASI_SUCCESS;
	walk_end(&walk);
	return done;
}

uint32_t wasi_path_open(uint32_t fd, uint32_t lookup_flags, uint32_t path, uint32_t path_size,
			uint32_t open_flags, uint64_t rights, uint64_t inheriting, uint32_t flags,
			uint32_t opened)
{
	const struct request request = { open_flags, flags, rights, inheriting };
	bool follow = lookup_flags & WASI_LOOKUP_SYMLINK_FOLLOW &&
		      !(open_flags & WASI_OPEN_CREAT && open_flags & WASI_OPEN_EXCL);
	struct walk walk;
	uint8_t *unused;
	uint32_t error = check(fd, &request), new_fd;

	if (error)
		return error;
	if (!guest_range(opened, sizeof(uint32_t), &unused))
		return WASI_EFAULT;
	if ((open_flags & WASI_OPEN_CREAT) && create_at_once(fd, path, path_size, &request, &new_fd)) {
		guest_write_u32(opened, new_fd);
		return WASI_SUCCESS;
	}
	error = path_walk(&walk, fd, WASI_RIGHT_PATH_OPEN, path, path_size, follow ? WALK_TARGET : WALK_ITSELF);
	if (!error)
		error = open_at(&walk, &request, &new_fd);
	walk_end(&walk);
	if (!error)
		guest_write_u32(opened, new_fd);
	return error;
}
