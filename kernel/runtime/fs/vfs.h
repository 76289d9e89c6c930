/* Files below WASI. A file system is a set of nodes (files, directories, symbolic
 * links) with one table of operations; paths are fs/walk.h's business alone, so that
 * operations only ever see one name in one directory, which is neither empty nor "."
 * or "..", has no slash and no NUL, and at most VFS_NAME_MAX bytes.
 *
 * Operations return WASI's errnos. They come back when their work is done: there is
 * one thread. One that needs somebody else's answer waits for it (idle.h) inside the
 * operation, and is free to have many requests under way meanwhile: to cut a large
 * read into pieces, to read ahead, to keep what it was told. Nothing else runs while it
 * waits, but linear memory 0 may not grow either: buffers stay where they are.
 *
 * A node is kept while it is referenced: lookup, create and file systems' roots give
 * one reference, vfs_release() takes it back; operations borrow theirs. An open file
 * has one of its own, and its handle is the file system's. */
#ifndef WALNUT_RUNTIME_VFS_H
#define WALNUT_RUNTIME_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wasi/wasi.h"

#define VFS_NAME_MAX 255
#define VFS_PATH_MAX 4095
#define VFS_OFFSET_MAX ((uint64_t)INT64_MAX)
#define VFS_AT_END UINT64_MAX

/* Not terminated. */
struct vfs_name {
	const char *text;
	uint32_t size;
};

struct vfs_buffer {
	uint8_t *data; /* NULL is an address as good as any: the program's first byte */
	uint32_t size;
};

/* One mounted file system. */
struct vfs {
	const struct vfs_ops *ops;
	uint64_t device; /* what stat says; set by vfs_mounted() */
};

/* The beginning of a file system's own node. */
struct vfs_node {
	struct vfs *fs;
	uint32_t references;
	uint8_t type; /* enum wasi_filetype */
};

#define VFS_READ 0x1u
#define VFS_WRITE 0x2u

struct vfs_file {
	struct vfs_node *node;
	void *handle;
	uint64_t offset; /* where fd_read() goes on; VFS_AT_END: at the end, wherever that is */
	uint32_t access; /* VFS_READ, VFS_WRITE; neither for directories */
	uint16_t flags;	 /* WASI_FDFLAG_* */
};

#define VFS_SET_SIZE 0x1u
#define VFS_SET_ACCESS_TIME 0x2u
#define VFS_SET_MODIFICATION_TIME 0x4u
/* The time is that of now; whoever has a clock of his own takes it from there. */
#define VFS_ACCESS_TIME_NOW 0x8u
#define VFS_MODIFICATION_TIME_NOW 0x10u

struct vfs_attributes {
	uint32_t set; /* which of them */
	uint64_t size;
	uint64_t access_time, modification_time; /* ns since 1970 */
};

struct vfs_entry {
	struct vfs_name name;
	uint64_t next; /* cookie that goes on behind it; never 0 */
	uint64_t inode;
	uint8_t type;
};

/* Takes an entry; false: no more of them. */
typedef bool vfs_emit(void *context, const struct vfs_entry *entry);

/* NULL where the file system is read-only and the operation is not. `directory` is one,
 * `file` was opened with the access that the operation needs. What a file system cannot
 * tell before trying (NOTEMPTY, EXIST, NOSPC, …) is its own to refuse. */
struct vfs_ops {
	/* NOENT: no such name. */
	uint32_t (*lookup)(struct vfs_node *directory, struct vfs_name name, struct vfs_node **found);
	/* The last reference is gone. */
	void (*forget)(struct vfs_node *node);

	/* Sets file->handle; node, access and flags are set. `truncate`: to size 0 as well. A
	 * directory may be opened too. Then close(), exactly once. */
	uint32_t (*open)(struct vfs_file *file, bool truncate);
	void (*close)(struct vfs_file *file);
	/* file->flags are to be these; NULL: there is nothing to do about it. */
	uint32_t (*set_flags)(struct vfs_file *file, uint16_t flags);
	/* A new regular file, opened: sets file->node, referenced, and file->handle. EXIST:
	 * the name is taken, by whatever; unless `exclusive`, a regular file of that name may be
	 * opened instead, to size 0 if `truncate`. */
	uint32_t (*create)(struct vfs_node *directory, struct vfs_name name, struct vfs_file *file, bool exclusive,
			   bool truncate);

	/* As many bytes as there are up to the buffers' end. *done is 0 before; at the end of
	 * the file it stays so. An error means that nothing was done. */
	uint32_t (*read)(const struct vfs_file *file, const struct vfs_buffer *buffers, uint32_t count,
			 uint64_t offset, uint64_t *done);
	/* *offset is VFS_AT_END if file->flags have APPEND; then it may become where that was.
	 * Holes before it read as zeros. Fewer bytes than there are: no room for more. With
	 * SYNC or DSYNC in the flags it comes back when the data are safe. */
	uint32_t (*write)(const struct vfs_file *file, const struct vfs_buffer *buffers, uint32_t count,
			  uint64_t *offset, uint64_t *done);
	/* From the entry behind `cookie` on, 0: from the first, "." and ".." among them. */
	uint32_t (*readdir)(const struct vfs_file *file, uint64_t cookie, vfs_emit *emit, void *context);
	uint32_t (*sync)(const struct vfs_file *file, bool data_only);
	/* Room for a range, of which the file's size is to reach the end at least. */
	uint32_t (*allocate)(const struct vfs_file *file, uint64_t offset, uint64_t size);

	/* `file` is an open one of this node's, or NULL. `stat` is zero but for device and
	 * filetype, which are set. */
	uint32_t (*stat)(struct vfs_node *node, const struct vfs_file *file, struct wasi_filestat *stat);
	uint32_t (*setattr)(struct vfs_node *node, const struct vfs_file *file,
			    const struct vfs_attributes *attributes);
	/* At most `size` bytes of the target; *used: how many. The node is a symbolic link. */
	uint32_t (*readlink)(struct vfs_node *node, char *buffer, uint32_t size, uint32_t *used);

	uint32_t (*mkdir)(struct vfs_node *directory, struct vfs_name name);
	uint32_t (*symlink)(struct vfs_node *directory, struct vfs_name name, struct vfs_name target);
	uint32_t (*link)(struct vfs_node *node, struct vfs_node *directory, struct vfs_name name);
	uint32_t (*unlink)(struct vfs_node *directory, struct vfs_name name); /* ISDIR for directories */
	uint32_t (*rmdir)(struct vfs_node *directory, struct vfs_name name);
	/* As POSIX has it: the new name is replaced at once. */
	uint32_t (*rename)(struct vfs_node *directory, struct vfs_name name, struct vfs_node *new_directory,
			   struct vfs_name new_name);
};

/* Gives the file system a device number of its own. */
void vfs_mounted(struct vfs *fs, const struct vfs_ops *ops);

static inline struct vfs_node *vfs_reference(struct vfs_node *node)
{
	node->references++;
	return node;
}

/* NULL is no node and fine. */
void vfs_release(struct vfs_node *node);

/* Opens what is there, for file->access; takes a reference to file->node. */
uint32_t vfs_open(struct vfs_file *file, bool truncate);
void vfs_close(struct vfs_file *file);

uint32_t vfs_stat(struct vfs_node *node, const struct vfs_file *file, struct wasi_filestat *stat);
uint32_t vfs_setattr(struct vfs_node *node, const struct vfs_file *file,
		     const struct vfs_attributes *attributes);

#endif
