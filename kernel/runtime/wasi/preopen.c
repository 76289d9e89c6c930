#include "wasi/preopen.h"

#include "lib/string.h"
#include "wasi/file.h"
#include "wasi/guest.h"

WASI_EXPORT(fd_prestat_get, uint32_t fd, uint32_t prestat);
WASI_EXPORT(fd_prestat_dir_name, uint32_t fd, uint32_t path, uint32_t size);

static struct strings names;

void preopen_init(const struct strings *directories)
{
	names = *directories;
	for (uint32_t i = 0; i < names.count; i++) {
		struct file *file = file_create();
		uint32_t fd;

		if (!file || !descriptor_open(&file_descriptor_ops, file, DIRECTORY_RIGHTS, 0, &fd))
			break;
		descriptor_get(fd)->inheriting = DIRECTORY_RIGHTS | FILE_RIGHTS;
		file->dir = i;
		file->type = WASI_FILETYPE_DIRECTORY;
		file->preopen = true;
		file->node = FUSE_ROOT_ID;
	}
}

static const char *name_of(uint32_t fd)
{
	const struct file *file = file_of(descriptor_get(fd));
	const char *name = names.data;

	if (!file || !file->preopen)
		return NULL;
	for (uint32_t i = 0; i < file->dir; i++)
		name += strlen(name) + 1;
	return name;
}

uint32_t wasi_fd_prestat_get(uint32_t fd, uint32_t to)
{
	const char *name = name_of(fd);
	struct wasi_prestat prestat = { .type = 0 };

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
