/* path_*: there are no directories to resolve paths in. */
#include "wasi/descriptor.h"

WASI_EXPORT(path_create_directory, uint32_t fd, uint32_t path, uint32_t path_size);
WASI_EXPORT(path_filestat_get, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t stat);
WASI_EXPORT(path_filestat_set_times, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size,
	    uint64_t access, uint64_t modification, uint32_t time_flags);
WASI_EXPORT(path_link, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t new_fd,
	    uint32_t new_path, uint32_t new_path_size);
WASI_EXPORT(path_open, uint32_t fd, uint32_t lookup_flags, uint32_t path, uint32_t path_size,
	    uint32_t open_flags, uint64_t rights, uint64_t inheriting, uint32_t flags, uint32_t opened);
WASI_EXPORT(path_readlink, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer,
	    uint32_t buffer_size, uint32_t used);
WASI_EXPORT(path_remove_directory, uint32_t fd, uint32_t path, uint32_t path_size);
WASI_EXPORT(path_rename, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t new_fd, uint32_t new_path,
	    uint32_t new_path_size);
WASI_EXPORT(path_symlink, uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path,
	    uint32_t path_size);
WASI_EXPORT(path_unlink_file, uint32_t fd, uint32_t path, uint32_t path_size);

static uint32_t refuse(uint32_t fd)
{
	return descriptor_get(fd) ? WASI_ENOTDIR : WASI_EBADF;
}

uint32_t wasi_path_create_directory(uint32_t fd, uint32_t path, uint32_t path_size)
{
	return refuse(fd);
}

uint32_t wasi_path_filestat_get(uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t stat)
{
	return refuse(fd);
}

uint32_t wasi_path_filestat_set_times(uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size,
				      uint64_t access, uint64_t modification, uint32_t time_flags)
{
	return refuse(fd);
}

uint32_t wasi_path_link(uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t new_fd,
			uint32_t new_path, uint32_t new_path_size)
{
	uint32_t error = refuse(fd);

	return error == WASI_ENOTDIR ? refuse(new_fd) : error;
}

uint32_t wasi_path_open(uint32_t fd, uint32_t lookup_flags, uint32_t path, uint32_t path_size,
			uint32_t open_flags, uint64_t rights, uint64_t inheriting, uint32_t flags,
			uint32_t opened)
{
	return refuse(fd);
}

uint32_t wasi_path_readlink(uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer,
			    uint32_t buffer_size, uint32_t used)
{
	return refuse(fd);
}

uint32_t wasi_path_remove_directory(uint32_t fd, uint32_t path, uint32_t path_size)
{
	return refuse(fd);
}

uint32_t wasi_path_rename(uint32_t fd, uint32_t path, uint32_t path_size, uint32_t new_fd, uint32_t new_path,
			  uint32_t new_path_size)
{
	uint32_t error = refuse(fd);

	return error == WASI_ENOTDIR ? refuse(new_fd) : error;
}

uint32_t wasi_path_symlink(uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path,
			   uint32_t path_size)
{
	return refuse(fd);
}

uint32_t wasi_path_unlink_file(uint32_t fd, uint32_t path, uint32_t path_size)
{
	return refuse(fd);
}
