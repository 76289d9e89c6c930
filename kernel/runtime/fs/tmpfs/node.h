/* tmpfs's own view of its nodes. */
#ifndef WALNUT_RUNTIME_TMPFS_NODE_H
#define WALNUT_RUNTIME_TMPFS_NODE_H

#include "fs/vfs.h"

struct tmpfs {
	struct vfs fs;
	uint64_t limit, used; /* bytes */
	uint64_t last_inode;
};

struct tmpfs_data {
	uint64_t size;
	void *root; /* data.c */
	unsigned height;
};

struct tmpfs_directory {
	struct tmpfs_entry *tree; /* by hash of the name */
	struct tmpfs_entry *first, *last; /* by cookie */
	struct tmpfs_entry *near; /* where a reader was last, or NULL */
	uint64_t last_cookie;
	uint64_t subdirectories;
	struct tmpfs_node *parent; /* itself: the root, or removed */
};

struct tmpfs_node {
	struct vfs_node node; /* first */
	uint64_t inode;
	uint64_t names; /* it has; with none and no reference it goes away */
	uint64_t access_time, modification_time, change_time;
	union {
		struct tmpfs_data data;
		struct tmpfs_directory directory;
		struct {
			char *text;
			uint32_t size;
		} target;
	};
};

static inline struct tmpfs_node *tmpfs_node(struct vfs_node *node)
{
	return (struct tmpfs_node *)node;
}

static inline struct tmpfs *tmpfs_of(const struct tmpfs_node *node)
{
	return (struct tmpfs *)node->node.fs;
}

static inline bool tmpfs_is_directory(const struct tmpfs_node *node)
{
	return node->node.type == WASI_FILETYPE_DIRECTORY;
}

/* fs_allocate() and fs_free() on the file system's account. NULL: NOSPC. */
void *tmpfs_allocate(struct tmpfs *fs, size_t size);
void tmpfs_free(struct tmpfs *fs, void *memory, size_t size);

#endif
