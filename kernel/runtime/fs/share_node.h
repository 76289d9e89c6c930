/* Nodes and open files of a shared directory. */
#ifndef WALNUT_RUNTIME_SHARE_NODE_H
#define WALNUT_RUNTIME_SHARE_NODE_H

#include "fs/client.h"
#include "fs/vfs.h"

struct share {
	struct vfs fs;
	uint32_t number; /* the client's */
};

struct share_node {
	struct vfs_node node; /* first */
	uint64_t id;	      /* the server's; one of its look-ups is ours */
	struct fuse_attr attr;
	uint64_t exchanges; /* the client's count when attr came: good until the next */
};

struct share_handle {
	uint64_t number;
	uint32_t flags; /* that it was opened with, of Linux */
	bool open;	/* a directory needs a handle for some things only */
};

static inline struct share_node *share_node(struct vfs_node *node)
{
	return (struct share_node *)node;
}

static inline uint32_t share_number(const struct vfs_node *node)
{
	return ((const struct share *)node->fs)->number;
}

static inline struct share_handle *share_handle(const struct vfs_file *file)
{
	return file->handle;
}

/* share_data.c */
uint32_t share_read(const struct vfs_file *file, const struct vfs_buffer *buffers, uint32_t count, uint64_t offset,
		    uint64_t *done);
uint32_t share_write(const struct vfs_file *file, const struct vfs_buffer *buffers, uint32_t count, uint64_t *offset,
		     uint64_t *done);

#endif
