/* What all file systems have in common; see vfs.h. */
#include "fs/vfs.h"

#include "lib/string.h"

void vfs_mounted(struct vfs *fs, const struct vfs_ops *ops)
{
	static uint64_t devices;

	fs->ops = ops;
	fs->device = ++devices;
}

void vfs_release(struct vfs_node *node)
{
	if (node && --node->references == 0)
		node->fs->ops->forget(node);
}

uint32_t vfs_open(struct vfs_file *file, bool truncate)
{
	const struct vfs_ops *ops = file->node->fs->ops;
	uint32_t error;

	if ((file->access & VFS_WRITE || truncate) && !ops->write)
		return WASI_EROFS;
	error = ops->open(file, truncate);
	if (!error)
		vfs_reference(file->node);
	return error;
}

void vfs_close(struct vfs_file *file)
{
	file->node->fs->ops->close(file);
	vfs_release(file->node);
	file->node = NULL;
}

uint32_t vfs_stat(struct vfs_node *node, const struct vfs_file *file, struct wasi_filestat *stat)
{
	memset(stat, 0, sizeof(*stat));
	stat->device = node->fs->device;
	stat->filetype = node->type;
	return node->fs->ops->stat(node, file, stat);
}

uint32_t vfs_setattr(struct vfs_node *node, const struct vfs_file *file,
		     const struct vfs_attributes *attributes)
{
	if (!node->fs->ops->setattr)
		return WASI_EROFS;
	if (attributes->set & VFS_SET_SIZE && node->type != WASI_FILETYPE_REGULAR_FILE)
		return node->type == WASI_FILETYPE_DIRECTORY ? WASI_EISDIR : WASI_EINVAL;
	return attributes->set ? node->fs->ops->setattr(node, file, attributes) : WASI_SUCCESS;
}
