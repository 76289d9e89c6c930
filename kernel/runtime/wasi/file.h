/* Files and directories of shared ones, as descriptors. Only programs that import functions for
 * paths have this in their image. */
#ifndef WALNUT_RUNTIME_FILE_H
#define WALNUT_RUNTIME_FILE_H

#include "fs/client.h"
#include "wasi/file_ops.h"

#define FILE_RIGHTS                                                                                  \
	(WASI_RIGHT_FD_DATASYNC | WASI_RIGHT_FD_READ | WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_FDSTAT_SET_FLAGS | \
	 WASI_RIGHT_FD_SYNC | WASI_RIGHT_FD_TELL | WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ADVISE |             \
	 WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_FD_FILESTAT_SET_SIZE |            \
	 WASI_RIGHT_FD_FILESTAT_SET_TIMES | WASI_RIGHT_POLL_FD_READWRITE)
#define DIRECTORY_RIGHTS                                                                             \
	(WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_SYNC | WASI_RIGHT_FD_ADVISE |                       \
	 WASI_RIGHT_PATH_CREATE_DIRECTORY | WASI_RIGHT_PATH_CREATE_FILE | WASI_RIGHT_PATH_LINK_SOURCE |     \
	 WASI_RIGHT_PATH_LINK_TARGET | WASI_RIGHT_PATH_OPEN | WASI_RIGHT_FD_READDIR |                       \
	 WASI_RIGHT_PATH_READLINK | WASI_RIGHT_PATH_RENAME_SOURCE | WASI_RIGHT_PATH_RENAME_TARGET |         \
	 WASI_RIGHT_PATH_FILESTAT_GET | WASI_RIGHT_PATH_FILESTAT_SET_SIZE |                                 \
	 WASI_RIGHT_PATH_FILESTAT_SET_TIMES | WASI_RIGHT_FD_FILESTAT_GET |                                  \
	 WASI_RIGHT_FD_FILESTAT_SET_TIMES | WASI_RIGHT_PATH_SYMLINK | WASI_RIGHT_PATH_REMOVE_DIRECTORY |    \
	 WASI_RIGHT_PATH_UNLINK_FILE)

/* An open file or directory, the object of its descriptor. */
struct file {
	uint32_t dir;	     /* the shared directory */
	uint8_t type;	     /* enum wasi_filetype */
	bool preopen;	     /* it is that directory itself, open from the start */
	bool opened;	     /* there is a handle */
	bool at_end;	     /* the position is the file's end, wherever that is */
	uint32_t open_flags; /* that its handle was opened with, of Linux */
	uint64_t node;
	uint64_t lookups; /* of the node, to be forgotten */
	uint64_t handle;
	uint64_t position;
	struct file *next; /* of those that are open, or free */
};

extern const struct descriptor_ops file_descriptor_ops;

/* The file of a descriptor; NULL: it is none. */
static inline struct file *file_of(const struct descriptor *descriptor)
{
	return descriptor && descriptor->ops == &file_descriptor_ops ? descriptor->object : NULL;
}

/* A new file, zeroed but for that it is listed; NULL: no memory. */
struct file *file_create(void);

/* Gives the node back, and the file's memory. */
void file_destroy(struct file *file);

/* Linux's O_* for these rights and WASI_FDFLAG_*. */
uint32_t file_open_flags(uint64_t rights, uint32_t flags);

uint8_t file_type(uint32_t mode);
void file_fill_stat(uint32_t dir, const struct fuse_attr *attr, struct wasi_filestat *stat);

/* For fd_filestat_set_times and path_filestat_set_times. */
uint32_t file_set_times(uint32_t dir, uint64_t node, uint64_t access, uint64_t modification, uint32_t flags);

/* Entries of a directory: wasi/list.c. */
uint32_t file_list(struct descriptor *descriptor, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t *used);

/* Opens the handle of a directory, which needs one only for some things. */
uint32_t file_need_handle(struct file *file);

#endif
