/* libFuzzer on archives and on paths: the input is a path, and an archive that it is walked in. Of
 * an archive that is taken, everything is listed, read and followed. */
#include <string.h>

#include "../../unit/kernel/host_heap.h"
#include "fs/archive.h"
#include "fs/walk.h"

#define DEPTH_MAX 64

void *space_allocate(size_t size)
{
	void *memory = host_allocate(size);

	return memset(memory, 0, size);
}

struct visit {
	struct vfs_node *directory;
	unsigned depth, entries;
};

static void look_at(struct vfs_node *node, unsigned depth);

static bool visit(void *context, const struct vfs_entry *entry)
{
	struct visit *to = context;
	struct vfs_node *node = NULL;
	uint32_t error;

	assert(entry->next);
	to->entries++;
	if (entry->name.text[0] == '.' && (entry->name.size == 1 || (entry->name.size == 2 && entry->name.text[1] == '.')))
		return true;
	assert(entry->name.size && entry->name.size <= VFS_NAME_MAX && !memchr(entry->name.text, '/', entry->name.size));
	error = to->directory->fs->ops->lookup(to->directory, entry->name, &node);
	assert(!error && node->type == entry->type);
	look_at(node, to->depth + 1);
	vfs_release(node);
	return true;
}

static void look_at(struct vfs_node *node, unsigned depth)
{
	struct vfs_file file = { .node = node, .access = VFS_READ };
	struct visit to = { node, depth, 0 };
	uint8_t bytes[64];
	const struct vfs_buffer buffer = { bytes, sizeof(bytes) };
	struct wasi_filestat stat;
	uint64_t done = 0;
	uint32_t used;

	assert(vfs_stat(node, NULL, &stat) == WASI_SUCCESS);
	if (node->type == WASI_FILETYPE_SYMBOLIC_LINK) {
		assert(node->fs->ops->readlink(node, (char *)bytes, sizeof(bytes), &used) == WASI_SUCCESS);
		return;
	}
	assert(vfs_open(&file, false) == WASI_SUCCESS);
	if (node->type == WASI_FILETYPE_DIRECTORY) {
		if (depth < DEPTH_MAX)
			assert(node->fs->ops->readdir(&file, 0, visit, &to) == WASI_SUCCESS && to.entries >= 2);
	} else {
		assert(node->fs->ops->read(&file, &buffer, 1, stat.size > 3 ? stat.size - 3 : 0, &done) == WASI_SUCCESS);
		assert(done == (stat.size > 3 ? 3 : stat.size));
	}
	vfs_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vfs_node *root = NULL, *node = NULL;
	size_t path_size = size ? data[0] % 64 : 0;
	struct vfs_name path;

	if (size <= path_size)
		return 0;
	path = (struct vfs_name){ (const char *)data + 1, (uint32_t)path_size };
	if (archive_make(data + 1 + path_size, size - 1 - path_size, &root) == WASI_SUCCESS) {
		look_at(root, 0);
		if (walk_to(root, path, WALK_FOLLOW, &node) == WASI_SUCCESS)
			vfs_release(node);
		assert(root->references == 1);
	}
	host_heap_reset();
	return 0;
}
