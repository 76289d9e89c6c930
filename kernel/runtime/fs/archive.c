/* The archive as a file system: a node for each entry, made when it is mounted, with the
 * children of a directory in a list and all names in one hash table. Nodes are there for
 * good, whatever their references. */
#include "fs/archive.h"

#include "fs/cpio.h"
#include "lib/string.h"
#include "mem/space.h"

#define NONE UINT32_MAX
#define ROOT 0u
#define NODES_MAX (1u << 24)
#define NS_PER_SECOND UINT64_C(1000000000)

#define COOKIE_SELF 1
#define COOKIE_PARENT 2
#define COOKIE_FIRST 3 /* + number of the node last seen */

struct archive_node {
	struct vfs_node node; /* first */
	uint32_t mtime;
	struct vfs_name name;
	const uint8_t *data; /* a file's bytes, a link's target */
	uint32_t size;
	uint32_t parent;
	uint32_t first, last; /* children */
	uint32_t next;	      /* sibling */
	uint32_t chain;	      /* next of the same hash */
};

struct archive {
	struct vfs fs;
	struct archive_node *nodes;
	uint32_t count;
	uint32_t *buckets;
	uint32_t bucket_mask;
};

static struct archive *archive_of(const struct vfs_node *node)
{
	return (struct archive *)node->fs;
}

static const struct archive_node *archive_node(const struct vfs_node *node)
{
	return (const struct archive_node *)node;
}

static uint32_t number_of(const struct vfs_node *node)
{
	return (uint32_t)(archive_node(node) - archive_of(node)->nodes);
}

static uint32_t *bucket_of(const struct archive *archive, uint32_t parent, struct vfs_name name)
{
	uint32_t hash = 0x811c9dc5 ^ parent * 0x9e3779b1;

	for (uint32_t i = 0; i < name.size; i++)
		hash = (hash ^ (uint8_t)name.text[i]) * 0x01000193;
	return &archive->buckets[(hash ^ hash >> 15) & archive->bucket_mask];
}

static uint32_t find(const struct archive *archive, uint32_t parent, struct vfs_name name)
{
	uint32_t at = *bucket_of(archive, parent, name);

	for (; at != NONE; at = archive->nodes[at].chain) {
		const struct archive_node *node = &archive->nodes[at];

		if (node->parent == parent && node->name.size == name.size &&
		    !memcmp(node->name.text, name.text, name.size))
			break;
	}
	return at;
}

static bool is_directory(const struct archive *archive, uint32_t number)
{
	return archive->nodes[number].node.type == WASI_FILETYPE_DIRECTORY;
}

static bool name_is_good(struct vfs_name name)
{
	if (!name.size || name.size > VFS_NAME_MAX)
		return false;
	return !(name.text[0] == '.' && (name.size == 1 || (name.size == 2 && name.text[1] == '.')));
}

/* Cuts the entry's name in two: the directory's number, or NONE, and the last name. */
static uint32_t directory_of(const struct archive *archive, const struct cpio_entry *entry, struct vfs_name *last)
{
	uint32_t parent = ROOT, begin = 0;

	for (uint32_t at = 0; at < entry->name_size; at++) {
		struct vfs_name name = { entry->name + begin, at - begin };

		if (entry->name[at] != '/')
			continue;
		parent = find(archive, parent, name);
		if (parent == NONE || !is_directory(archive, parent))
			return NONE;
		begin = at + 1;
	}
	*last = (struct vfs_name){ entry->name + begin, entry->name_size - begin };
	return parent;
}

static uint8_t type_of(const struct cpio_entry *entry)
{
	switch (entry->mode & CPIO_TYPE) {
	case CPIO_DIRECTORY:
		return WASI_FILETYPE_DIRECTORY;
	case CPIO_REGULAR:
		return WASI_FILETYPE_REGULAR_FILE;
	case CPIO_LINK:
		return WASI_FILETYPE_SYMBOLIC_LINK;
	default:
		return WASI_FILETYPE_UNKNOWN;
	}
}

static void append(struct archive *archive, uint32_t parent, uint32_t number)
{
	struct archive_node *directory = &archive->nodes[parent];

	if (directory->first == NONE)
		directory->first = number;
	else
		archive->nodes[directory->last].next = number;
	directory->last = number;
}

static struct archive_node *node_add(struct archive *archive, const struct cpio_entry *entry, uint8_t type)
{
	struct archive_node *node = &archive->nodes[archive->count++];

	*node = (struct archive_node){
		.node = { .fs = &archive->fs, .type = type },
		.mtime = entry->mtime,
		.data = entry->data,
		.size = entry->data_size,
		.first = NONE,
		.last = NONE,
		.next = NONE,
		.chain = NONE,
	};
	return node;
}

static uint32_t add(struct archive *archive, const struct cpio_entry *entry)
{
	uint32_t parent, known, number = archive->count, *bucket;
	struct archive_node *node;
	uint8_t type = type_of(entry);
	struct vfs_name name;

	if (type == WASI_FILETYPE_UNKNOWN)
		return WASI_SUCCESS;
	if (!entry->name_size) {
		archive->nodes[ROOT].mtime = entry->mtime;
		return type == WASI_FILETYPE_DIRECTORY ? WASI_SUCCESS : WASI_EINVAL;
	}
	parent = directory_of(archive, entry, &name);
	if (parent == NONE || !name_is_good(name))
		return WASI_EINVAL;
	if (type == WASI_FILETYPE_REGULAR_FILE && entry->links > 1 && !entry->data_size)
		return WASI_EINVAL;
	known = find(archive, parent, name);
	if (known != NONE)
		return type == WASI_FILETYPE_DIRECTORY && is_directory(archive, known) ? WASI_SUCCESS : WASI_EINVAL;
	node = node_add(archive, entry, type);
	node->name = name;
	node->parent = parent;
	bucket = bucket_of(archive, parent, name);
	node->chain = *bucket;
	*bucket = number;
	append(archive, parent, number);
	return WASI_SUCCESS;
}

/* How many entries there are; NONE: damaged, or more than anybody wants. */
static uint32_t count_entries(const void *bytes, uint64_t size)
{
	struct cpio_reader reader = { bytes, size, 0 };
	struct cpio_entry entry;
	enum cpio_result result;
	uint32_t count = 0;

	while ((result = cpio_next(&reader, &entry)) == CPIO_ENTRY && count < NODES_MAX)
		count++;
	return result == CPIO_END ? count : NONE;
}

static bool set_up(struct archive *archive, uint32_t count)
{
	static const struct cpio_entry root = { 0 };

	archive->bucket_mask = 1;
	while (archive->bucket_mask < count)
		archive->bucket_mask = archive->bucket_mask << 1 | 1;
	archive->nodes = space_allocate((count + 1) * sizeof(*archive->nodes));
	archive->buckets = space_allocate((archive->bucket_mask + (size_t)1) * sizeof(*archive->buckets));
	if (!archive->nodes || !archive->buckets)
		return false;
	memset(archive->buckets, 0xff, (archive->bucket_mask + (size_t)1) * sizeof(*archive->buckets));
	node_add(archive, &root, WASI_FILETYPE_DIRECTORY);
	return true;
}

static uint32_t archive_lookup(struct vfs_node *directory, struct vfs_name name, struct vfs_node **found)
{
	struct archive *archive = archive_of(directory);
	uint32_t number = find(archive, number_of(directory), name);

	if (number == NONE)
		return WASI_ENOENT;
	*found = vfs_reference(&archive->nodes[number].node);
	return WASI_SUCCESS;
}

static void archive_forget(struct vfs_node *node)
{
}

static uint32_t archive_open(struct vfs_file *file, bool truncate)
{
	return WASI_SUCCESS;
}

static void archive_close(struct vfs_file *file)
{
}

static uint32_t archive_read(const struct vfs_file *file, const struct vfs_buffer *buffers, uint32_t count,
			     uint64_t offset, uint64_t *done)
{
	const struct archive_node *node = archive_node(file->node);

	for (uint32_t i = 0; i < count && offset < node->size; i++) {
		uint64_t left = node->size - offset;
		uint32_t size = left < buffers[i].size ? (uint32_t)left : buffers[i].size;

		memcpy(buffers[i].data, node->data + offset, size);
		offset += size;
		*done += size;
	}
	return WASI_SUCCESS;
}

static uint32_t archive_readdir(const struct vfs_file *file, uint64_t cookie, vfs_emit *emit, void *context)
{
	const struct archive *archive = archive_of(file->node);
	const struct archive_node *directory = archive_node(file->node);
	struct vfs_entry self = { { ".", 1 }, COOKIE_SELF, number_of(file->node) + 1, WASI_FILETYPE_DIRECTORY };
	struct vfs_entry parent = { { "..", 2 }, COOKIE_PARENT, (uint64_t)directory->parent + 1,
				    WASI_FILETYPE_DIRECTORY };
	uint32_t at = directory->first;

	if ((cookie < COOKIE_SELF && !emit(context, &self)) ||
	    (cookie < COOKIE_PARENT && !emit(context, &parent)))
		return WASI_SUCCESS;
	if (cookie >= COOKIE_FIRST) {
		/* Any number may come; only children of this directory lead on. */
		if (cookie - COOKIE_FIRST >= archive->count || !is_directory(archive, number_of(file->node)) ||
		    archive->nodes[cookie - COOKIE_FIRST].parent != number_of(file->node))
			return WASI_EINVAL;
		at = archive->nodes[cookie - COOKIE_FIRST].next;
	}
	for (; at != NONE; at = archive->nodes[at].next) {
		const struct archive_node *node = &archive->nodes[at];
		struct vfs_entry entry = { node->name, COOKIE_FIRST + (uint64_t)at, (uint64_t)at + 1, node->node.type };

		if (!emit(context, &entry))
			break;
	}
	return WASI_SUCCESS;
}

static uint32_t archive_sync(const struct vfs_file *file, bool data_only)
{
	return WASI_SUCCESS;
}

static uint32_t archive_stat(struct vfs_node *vfs_node, const struct vfs_file *file, struct wasi_filestat *stat)
{
	const struct archive_node *node = archive_node(vfs_node);
	uint64_t time = node->mtime * NS_PER_SECOND;

	stat->inode = (uint64_t)number_of(vfs_node) + 1;
	stat->link_count = 1;
	stat->size = vfs_node->type == WASI_FILETYPE_DIRECTORY ? 0 : node->size;
	stat->access_time = stat->modification_time = stat->change_time = time;
	return WASI_SUCCESS;
}

static uint32_t archive_readlink(struct vfs_node *vfs_node, char *buffer, uint32_t size, uint32_t *used)
{
	const struct archive_node *node = archive_node(vfs_node);

	*used = size < node->size ? size : node->size;
	memcpy(buffer, node->data, *used);
	return WASI_SUCCESS;
}

static const struct vfs_ops archive_ops = {
	.lookup = archive_lookup,
	.forget = archive_forget,
	.open = archive_open,
	.close = archive_close,
	.read = archive_read,
	.readdir = archive_readdir,
	.sync = archive_sync,
	.stat = archive_stat,
	.readlink = archive_readlink,
};

uint32_t archive_make(const void *bytes, uint64_t size, struct vfs_node **root)
{
	struct cpio_reader reader = { bytes, size, 0 };
	uint32_t count = count_entries(bytes, size), error = WASI_SUCCESS;
	struct archive *archive;
	struct cpio_entry entry;

	if (count == NONE)
		return WASI_EINVAL;
	archive = space_allocate(sizeof(*archive));
	if (!archive)
		return WASI_ENOMEM;
	*archive = (struct archive){ 0 };
	vfs_mounted(&archive->fs, &archive_ops);
	if (!set_up(archive, count))
		return WASI_ENOMEM;
	while (!error && cpio_next(&reader, &entry) == CPIO_ENTRY)
		error = add(archive, &entry);
	if (!error)
		*root = vfs_reference(&archive->nodes[ROOT].node);
	return error;
}
