/* The file system in RAM; see tmpfs.h. All that it holds is paid for out of its limit. Reading
 * does not change the access time: nobody would ever see the difference kept. */
#include "fs/tmpfs/tmpfs.h"

#include "clock.h"
#include "fs/heap.h"
#include "fs/tmpfs/data.h"
#include "fs/tmpfs/directory.h"
#include "lib/string.h"

#define COOKIE_SELF 1	/* behind "." */
#define COOKIE_PARENT 2 /* behind ".." */

void *tmpfs_allocate(struct tmpfs *fs, size_t size)
{
	void *memory = size <= fs->limit - fs->used ? fs_allocate(size) : NULL;

	if (memory)
		fs->used += size;
	return memory;
}

void tmpfs_free(struct tmpfs *fs, void *memory, size_t size)
{
	if (memory)
		fs->used -= size;
	fs_free(memory, size);
}

static void changed(struct tmpfs_node *node, bool content)
{
	node->change_time = clock_realtime_ns();
	if (content)
		node->modification_time = node->change_time;
}

static struct tmpfs_node *node_make(struct tmpfs *fs, uint8_t type)
{
	struct tmpfs_node *node = tmpfs_allocate(fs, sizeof(*node));

	if (!node)
		return NULL;
	memset(node, 0, sizeof(*node));
	node->node = (struct vfs_node){ .fs = &fs->fs, .type = type };
	node->inode = ++fs->last_inode;
	changed(node, true);
	node->access_time = node->change_time;
	if (type == WASI_FILETYPE_DIRECTORY)
		node->directory.parent = node;
	return node;
}

static void node_free(struct tmpfs_node *node)
{
	struct tmpfs *fs = tmpfs_of(node);

	if (node->node.type == WASI_FILETYPE_REGULAR_FILE)
		tmpfs_data_resize(fs, &node->data, 0);
	if (node->node.type == WASI_FILETYPE_SYMBOLIC_LINK)
		tmpfs_free(fs, node->target.text, node->target.size);
	tmpfs_free(fs, node, sizeof(*node));
}

static void tmpfs_forget(struct vfs_node *node)
{
	if (!tmpfs_node(node)->names)
		node_free(tmpfs_node(node));
}

/* One name less. */
static void lose_name(struct tmpfs_node *node)
{
	changed(node, false);
	if (tmpfs_is_directory(node))
		node->directory.parent = node;
	if (!--node->names && !node->node.references)
		node_free(node);
}

static uint32_t tmpfs_lookup(struct vfs_node *directory, struct vfs_name name, struct vfs_node **found)
{
	struct tmpfs_entry *entry = tmpfs_directory_find(&tmpfs_node(directory)->directory, name);

	if (!entry)
		return WASI_ENOENT;
	*found = vfs_reference(&entry->node->node);
	return WASI_SUCCESS;
}

/* Gives a node without names its first. On failure the node is gone. */
static uint32_t enter(struct tmpfs_node *directory, struct vfs_name name, struct tmpfs_node *node)
{
	uint32_t error = WASI_ENOSPC;

	if (!node)
		return error;
	if (!directory->names)
		error = WASI_ENOENT; /* removed while somebody has it open */
	else if (tmpfs_directory_find(&directory->directory, name))
		error = WASI_EEXIST;
	else if (tmpfs_directory_add(tmpfs_of(directory), &directory->directory, name, node))
		error = WASI_SUCCESS;
	if (error) {
		node_free(node);
		return error;
	}
	node->names = 1;
	if (tmpfs_is_directory(node))
		node->directory.parent = directory;
	changed(directory, true);
	return WASI_SUCCESS;
}

static uint32_t tmpfs_create(struct vfs_node *directory, struct vfs_name name, struct vfs_file *file,
			     bool exclusive, bool truncate)
{
	struct tmpfs_node *node = node_make(tmpfs_of(tmpfs_node(directory)), WASI_FILETYPE_REGULAR_FILE);
	uint32_t error = enter(tmpfs_node(directory), name, node);

	if (!error)
		file->node = vfs_reference(&node->node);
	return error;
}

static uint32_t tmpfs_mkdir(struct vfs_node *directory, struct vfs_name name)
{
	return enter(tmpfs_node(directory), name,
		     node_make(tmpfs_of(tmpfs_node(directory)), WASI_FILETYPE_DIRECTORY));
}

static uint32_t tmpfs_symlink(struct vfs_node *directory, struct vfs_name name, struct vfs_name target)
{
	struct tmpfs *fs = tmpfs_of(tmpfs_node(directory));
	struct tmpfs_node *node = node_make(fs, WASI_FILETYPE_SYMBOLIC_LINK);

	if (!node)
		return WASI_ENOSPC;
	node->target.text = tmpfs_allocate(fs, target.size);
	if (!node->target.text) {
		node_free(node);
		return WASI_ENOSPC;
	}
	node->target.size = target.size;
	memcpy(node->target.text, target.text, target.size);
	return enter(tmpfs_node(directory), name, node);
}

static uint32_t tmpfs_link(struct vfs_node *vfs_node, struct vfs_node *vfs_directory, struct vfs_name name)
{
	struct tmpfs_node *node = tmpfs_node(vfs_node), *directory = tmpfs_node(vfs_directory);

	if (!directory->names || !node->names)
		return WASI_ENOENT;
	if (tmpfs_directory_find(&directory->directory, name))
		return WASI_EEXIST;
	if (!tmpfs_directory_add(tmpfs_of(directory), &directory->directory, name, node))
		return WASI_ENOSPC;
	node->names++;
	changed(node, false);
	changed(directory, true);
	return WASI_SUCCESS;
}

static void remove_entry(struct tmpfs_node *directory, struct tmpfs_entry *entry)
{
	struct tmpfs_node *node = entry->node;

	tmpfs_directory_remove(tmpfs_of(directory), &directory->directory, entry);
	changed(directory, true);
	lose_name(node);
}

static uint32_t tmpfs_unlink(struct vfs_node *directory, struct vfs_name name)
{
	struct tmpfs_entry *entry = tmpfs_directory_find(&tmpfs_node(directory)->directory, name);

	if (!entry)
		return WASI_ENOENT;
	if (tmpfs_is_directory(entry->node))
		return WASI_EISDIR;
	remove_entry(tmpfs_node(directory), entry);
	return WASI_SUCCESS;
}

static uint32_t tmpfs_rmdir(struct vfs_node *directory, struct vfs_name name)
{
	struct tmpfs_entry *entry = tmpfs_directory_find(&tmpfs_node(directory)->directory, name);

	if (!entry)
		return WASI_ENOENT;
	if (!tmpfs_is_directory(entry->node))
		return WASI_ENOTDIR;
	if (entry->node->directory.first)
		return WASI_ENOTEMPTY;
	remove_entry(tmpfs_node(directory), entry);
	return WASI_SUCCESS;
}

static bool is_within(const struct tmpfs_node *directory, const struct tmpfs_node *ancestor)
{
	while (directory != ancestor && directory->directory.parent != directory)
		directory = directory->directory.parent;
	return directory == ancestor;
}

/* Whether `node` may take the place of `old`. */
static uint32_t may_replace(const struct tmpfs_node *old, const struct tmpfs_node *node)
{
	if (!tmpfs_is_directory(old))
		return tmpfs_is_directory(node) ? WASI_ENOTDIR : WASI_SUCCESS;
	if (!tmpfs_is_directory(node))
		return WASI_EISDIR;
	return old->directory.first ? WASI_ENOTEMPTY : WASI_SUCCESS;
}

/* The new entry first: it may not fit. */
static uint32_t move(struct tmpfs_node *from, struct tmpfs_entry *entry, struct tmpfs_node *to,
		     struct vfs_name new_name)
{
	struct tmpfs_entry *old = tmpfs_directory_find(&to->directory, new_name);
	struct tmpfs_node *node = entry->node;
	uint32_t error;

	if (old && old->node == node)
		return WASI_SUCCESS;
	/* As Linux has it: a directory that the entry is in is not empty, whatever the entry is. */
	if (old && tmpfs_is_directory(old->node) && is_within(from, old->node))
		return WASI_ENOTEMPTY;
	error = old ? may_replace(old->node, node) : WASI_SUCCESS;
	if (error)
		return error;
	if (old) {
		lose_name(old->node);
		old->node = node;
	} else if (!tmpfs_directory_add(tmpfs_of(to), &to->directory, new_name, node)) {
		return WASI_ENOSPC;
	}
	tmpfs_directory_remove(tmpfs_of(from), &from->directory, entry);
	if (tmpfs_is_directory(node))
		node->directory.parent = to;
	changed(node, false);
	changed(from, true);
	changed(to, true);
	return WASI_SUCCESS;
}

static uint32_t tmpfs_rename(struct vfs_node *directory, struct vfs_name name, struct vfs_node *new_directory,
			     struct vfs_name new_name)
{
	struct tmpfs_entry *entry = tmpfs_directory_find(&tmpfs_node(directory)->directory, name);

	if (!entry || !tmpfs_node(new_directory)->names)
		return WASI_ENOENT;
	if (tmpfs_is_directory(entry->node) && is_within(tmpfs_node(new_directory), entry->node))
		return WASI_EINVAL;
	return move(tmpfs_node(directory), entry, tmpfs_node(new_directory), new_name);
}

static uint32_t tmpfs_readlink(struct vfs_node *node, char *buffer, uint32_t size, uint32_t *used)
{
	*used = size < tmpfs_node(node)->target.size ? size : tmpfs_node(node)->target.size;
	memcpy(buffer, tmpfs_node(node)->target.text, *used);
	return WASI_SUCCESS;
}

static uint32_t tmpfs_open(struct vfs_file *file, bool truncate)
{
	struct tmpfs_node *node = tmpfs_node(file->node);

	if (truncate) {
		tmpfs_data_resize(tmpfs_of(node), &node->data, 0);
		changed(node, true);
	}
	return WASI_SUCCESS;
}

static void tmpfs_close(struct vfs_file *file)
{
}

static uint32_t tmpfs_read(const struct vfs_file *file, const struct vfs_buffer *buffers, uint32_t count,
			   uint64_t offset, uint64_t *done)
{
	const struct tmpfs_data *data = &tmpfs_node(file->node)->data;

	for (uint32_t i = 0; i < count && offset < data->size; i++) {
		uint64_t left = data->size - offset;
		uint32_t size = left < buffers[i].size ? (uint32_t)left : buffers[i].size;

		tmpfs_data_read(data, offset, buffers[i].data, size);
		offset += size;
		*done += size;
	}
	return WASI_SUCCESS;
}

static uint32_t tmpfs_write(const struct vfs_file *file, const struct vfs_buffer *buffers, uint32_t count,
			    uint64_t *offset, uint64_t *done)
{
	struct tmpfs_node *node = tmpfs_node(file->node);
	uint64_t at;

	if (*offset == VFS_AT_END)
		*offset = node->data.size;
	at = *offset;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t size = buffers[i].size, part;

		if (size && at >= TMPFS_SIZE_MAX)
			return *done ? WASI_SUCCESS : WASI_EFBIG;
		if (size > TMPFS_SIZE_MAX - at)
			size = (uint32_t)(TMPFS_SIZE_MAX - at);
		part = tmpfs_data_write(tmpfs_of(node), &node->data, at, buffers[i].data, size);
		at += part;
		*done += part;
		if (part < size)
			break;
	}
	if (*done)
		changed(node, true);
	for (uint32_t i = 0; !*done && i < count; i++) {
		if (buffers[i].size)
			return WASI_ENOSPC;
	}
	return WASI_SUCCESS;
}

static uint32_t tmpfs_allocate_range(const struct vfs_file *file, uint64_t offset, uint64_t size)
{
	struct tmpfs_node *node = tmpfs_node(file->node);

	if (offset > TMPFS_SIZE_MAX || size > TMPFS_SIZE_MAX - offset)
		return WASI_EFBIG;
	/* Not page by page up to a limit that it cannot reach. */
	if (size > tmpfs_of(node)->limit || !tmpfs_data_fill(tmpfs_of(node), &node->data, offset, size))
		return WASI_ENOSPC;
	if (offset + size > node->data.size)
		node->data.size = offset + size;
	changed(node, true);
	return WASI_SUCCESS;
}

static uint32_t tmpfs_sync(const struct vfs_file *file, bool data_only)
{
	return WASI_SUCCESS;
}

static bool emit_dots(struct tmpfs_node *node, uint64_t cookie, vfs_emit *emit, void *context)
{
	struct vfs_entry self = { { ".", 1 }, COOKIE_SELF, node->inode, WASI_FILETYPE_DIRECTORY };
	struct vfs_entry parent = { { "..", 2 }, COOKIE_PARENT, node->directory.parent->inode,
				    WASI_FILETYPE_DIRECTORY };

	return (cookie >= COOKIE_SELF || emit(context, &self)) &&
	       (cookie >= COOKIE_PARENT || emit(context, &parent));
}

static uint32_t tmpfs_readdir(const struct vfs_file *file, uint64_t cookie, vfs_emit *emit, void *context)
{
	struct tmpfs_node *node = tmpfs_node(file->node);
	struct tmpfs_entry *entry;

	if (!emit_dots(node, cookie, emit, context))
		return WASI_SUCCESS;
	for (entry = tmpfs_directory_behind(&node->directory, cookie); entry; entry = entry->next) {
		struct vfs_entry out = { { entry->name, entry->name_size }, entry->cookie, entry->node->inode,
					 entry->node->node.type };

		if (!emit(context, &out))
			break;
		node->directory.near = entry;
	}
	return WASI_SUCCESS;
}

static uint32_t tmpfs_stat(struct vfs_node *vfs_node, const struct vfs_file *file, struct wasi_filestat *stat)
{
	const struct tmpfs_node *node = tmpfs_node(vfs_node);

	stat->inode = node->inode;
	stat->link_count = node->names;
	stat->access_time = node->access_time;
	stat->modification_time = node->modification_time;
	stat->change_time = node->change_time;
	if (vfs_node->type == WASI_FILETYPE_REGULAR_FILE)
		stat->size = node->data.size;
	else if (vfs_node->type == WASI_FILETYPE_SYMBOLIC_LINK)
		stat->size = node->target.size;
	else if (node->names)
		stat->link_count = 2 + node->directory.subdirectories;
	return WASI_SUCCESS;
}

static uint32_t tmpfs_setattr(struct vfs_node *vfs_node, const struct vfs_file *file,
			      const struct vfs_attributes *attributes)
{
	struct tmpfs_node *node = tmpfs_node(vfs_node);

	if (attributes->set & VFS_SET_SIZE) {
		if (attributes->size > TMPFS_SIZE_MAX)
			return WASI_EFBIG;
		tmpfs_data_resize(tmpfs_of(node), &node->data, attributes->size);
	}
	changed(node, attributes->set & VFS_SET_SIZE);
	if (attributes->set & VFS_SET_ACCESS_TIME)
		node->access_time = attributes->access_time;
	if (attributes->set & VFS_SET_MODIFICATION_TIME)
		node->modification_time = attributes->modification_time;
	return WASI_SUCCESS;
}

static const struct vfs_ops tmpfs_ops = {
	.lookup = tmpfs_lookup,
	.forget = tmpfs_forget,
	.open = tmpfs_open,
	.close = tmpfs_close,
	.create = tmpfs_create,
	.read = tmpfs_read,
	.write = tmpfs_write,
	.readdir = tmpfs_readdir,
	.sync = tmpfs_sync,
	.allocate = tmpfs_allocate_range,
	.stat = tmpfs_stat,
	.setattr = tmpfs_setattr,
	.readlink = tmpfs_readlink,
	.mkdir = tmpfs_mkdir,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
};

uint32_t tmpfs_make(uint64_t limit, struct vfs_node **root)
{
	struct tmpfs *fs = fs_allocate(sizeof(*fs));
	struct tmpfs_node *node;

	if (!fs)
		return WASI_ENOMEM;
	memset(fs, 0, sizeof(*fs));
	vfs_mounted(&fs->fs, &tmpfs_ops);
	fs->limit = limit;
	node = node_make(fs, WASI_FILETYPE_DIRECTORY);
	if (!node) {
		fs_free(fs, sizeof(*fs));
		return WASI_ENOSPC;
	}
	node->names = 1;
	*root = vfs_reference(&node->node);
	return WASI_SUCCESS;
}
