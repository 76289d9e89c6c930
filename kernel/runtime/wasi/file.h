/* Descriptors that are files or directories, as WASI's functions find them. */
#ifndef WALNUT_RUNTIME_WASI_FILE_H
#define WALNUT_RUNTIME_WASI_FILE_H

#include "fs/vfs.h"
#include "wasi/descriptor.h"

#define RIGHTS_FILE                                                                                       \
	(WASI_RIGHT_FD_DATASYNC | WASI_RIGHT_FD_READ | WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_FDSTAT_SET_FLAGS | \
	 WASI_RIGHT_FD_SYNC | WASI_RIGHT_FD_TELL | WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ADVISE |           \
	 WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_FD_FILESTAT_SET_SIZE |          \
	 WASI_RIGHT_FD_FILESTAT_SET_TIMES | WASI_RIGHT_POLL_FD_READWRITE)
#define RIGHTS_DIRECTORY                                                                                  \
	(WASI_RIGHT_FD_DATASYNC | WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_SYNC |                   \
	 WASI_RIGHT_FD_ADVISE | WASI_RIGHT_PATH_CREATE_DIRECTORY | WASI_RIGHT_PATH_CREATE_FILE |          \
	 WASI_RIGHT_PATH_LINK_SOURCE | WASI_RIGHT_PATH_LINK_TARGET | WASI_RIGHT_PATH_OPEN |               \
	 WASI_RIGHT_FD_READDIR | WASI_RIGHT_PATH_READLINK | WASI_RIGHT_PATH_RENAME_SOURCE |               \
	 WASI_RIGHT_PATH_RENAME_TARGET | WASI_RIGHT_PATH_FILESTAT_GET |                                   \
	 WASI_RIGHT_PATH_FILESTAT_SET_SIZE | WASI_RIGHT_PATH_FILESTAT_SET_TIMES |                         \
	 WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_FD_FILESTAT_SET_TIMES | WASI_RIGHT_PATH_SYMLINK |        \
	 WASI_RIGHT_PATH_REMOVE_DIRECTORY | WASI_RIGHT_PATH_UNLINK_FILE | WASI_RIGHT_POLL_FD_READWRITE)
#define RIGHTS_ALL (RIGHTS_FILE | RIGHTS_DIRECTORY)

struct file {
	struct vfs_file open; /* where it is read and written next: its offset */
	const char *preopen;  /* the directory's name if the program finds it open, or NULL */
};

static inline struct file *file_of(const struct descriptor *descriptor)
{
	return descriptor->object;
}

/* A new descriptor for what was opened. On failure it is closed. Returns an errno. */
uint32_t file_add(const struct file *file, uint64_t rights, uint64_t inheriting, uint32_t *fd);

/* An open file or directory with this right. Returns an errno: BADF, NOTCAPABLE, or
 * `other_error` for what is neither. */
uint32_t file_get(uint32_t fd, uint64_t right, uint32_t other_error, struct descriptor **descriptor);

/* A directory for a path to start from. NOTDIR for anything else. */
uint32_t file_get_directory(uint32_t fd, uint64_t rights, struct descriptor **directory);

/* The times that a program wants to set, by WASI_FSTFLAG_*. INVAL: contradictions. */
uint32_t file_times(uint64_t access, uint64_t modification, uint32_t flags, struct vfs_attributes *attributes);

/* Finds out where the file's offset is, if all that is known is that it is at the end. */
uint32_t file_position(struct vfs_file *file);

/* fd_read() and fd_write() on a file: at its offset, which moves. The iovecs were checked. */
uint32_t file_read(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done);
uint32_t file_write(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done);

#endif
