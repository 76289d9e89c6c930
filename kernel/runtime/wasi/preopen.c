/* The directories that a program finds open: libraries look for them from 3 on until
 * fd_prestat_get() answers BADF. */
#include "wasi/preopen.h"

#include "fs/mount.h"
#include "lib/string.h"
#include "wasi/file.h"
#include "wasi/guest.h"

#define FIRST 3

WASI_EXPORT(fd_prestat_get, uint32_t fd, uint32_t prestat);
WASI_EXPORT(fd_prestat_dir_name, uint32_t fd, uint32_t path, uint32_t size);

static bool strings_equal(const char *left, const char *right)
{
	size_t size = strlen(left);

	return strlen(right) == size && !memcmp(left, right, size);
}

static const char *name_of(uint32_t fd)
{
	struct descriptor *descriptor;

	return file_get(fd, RIGHTS_ALL, WASI_EBADF, &descriptor) == WASI_EBADF ? NULL : file_of(descriptor)->preopen;
}

static void add(const char *path, struct vfs_node *root)
{
	struct file file = { .open.node = root, .preopen = path };
	const char *other;
	uint32_t fd;

	for (fd = FIRST; (other = name_of(fd)); fd++) {
		if (strings_equal(other, path))
			mount_fail(path, "two file systems want this place");
	}
	if (vfs_open(&file.open, false))
		mount_fail(path, "the directory cannot be opened");
	/* The open file has a reference of its own. */
	vfs_release(root);
	if (file_add(&file, RIGHTS_DIRECTORY, RIGHTS_ALL, &fd))
		mount_fail(path, "too many file systems");
}

void preopen_start(const struct launch *launch)
{
	mount_all(launch, add);
}

uint32_t wasi_fd_prestat_get(uint32_t fd, uint32_t to)
{
	const char *name = name_of(fd);
	struct wasi_prestat prestat = { 0 };

	if (!name)
		return WASI_EBADF;
	prestat.name_size = (uint32_t)strlen(name);
	return guest_write(to, &prestat, sizeof(prestat)) ? WASI_SUCCESS : WASI_EFAULT;
}

uint32_t wasi_fd_prestat_dir_name(uint32_t fd, uint32_t path, uint32_t size)
{
	const char *name = name_of(fd);

	if (!name)
		return WASI_EBADF;
	if (size < strlen(name))
		return WASI_ENAMETOOLONG;
	return guest_write(path, name, (uint32_t)strlen(name)) ? WASI_SUCCESS : WASI_EFAULT;
}
