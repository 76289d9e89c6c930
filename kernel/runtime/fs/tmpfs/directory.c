/* Names: a binary tree by hash, which keeps itself balanced well enough as the hash is
 * spread, and a list in the order of their making. */
#include "fs/tmpfs/directory.h"

#include "lib/string.h"

#define FIRST_COOKIE 3 /* behind "." and ".." */

/* FNV-1a, and a finish that makes the upper bits depend on all of it. */
static uint64_t hash_of(struct vfs_name name)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (uint32_t i = 0; i < name.size; i++)
		hash = (hash ^ (uint8_t)name.text[i]) * 0x100000001b3;
	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
	return hash ^ hash >> 33;
}

static int compare(uint64_t hash, struct vfs_name name, const struct tmpfs_entry *entry)
{
	if (hash != entry->hash)
		return hash < entry->hash ? -1 : 1;
	if (name.size != entry->name_size)
		return name.size < entry->name_size ? -1 : 1;
	return memcmp(name.text, entry->name, name.size);
}

/* Where the name hangs, or would. */
static struct tmpfs_entry **place_of(struct tmpfs_entry **at, uint64_t hash, struct vfs_name name)
{
	while (*at) {
		int order = compare(hash, name, *at);

		if (!order)
			break;
		at = order < 0 ? &(*at)->left : &(*at)->right;
	}
	return at;
}

struct tmpfs_entry *tmpfs_directory_find(const struct tmpfs_directory *directory, struct vfs_name name)
{
	struct tmpfs_entry *tree = directory->tree;

	return *place_of(&tree, hash_of(name), name);
}

static void append(struct tmpfs_directory *directory, struct tmpfs_entry *entry)
{
	if (directory->last_cookie < FIRST_COOKIE)
		directory->last_cookie = FIRST_COOKIE;
	entry->cookie = ++directory->last_cookie;
	entry->previous = directory->last;
	entry->next = NULL;
	if (directory->last)
		directory->last->next = entry;
	else
		directory->first = entry;
	directory->last = entry;
}

struct tmpfs_entry *tmpfs_directory_add(struct tmpfs *fs, struct tmpfs_directory *directory, struct vfs_name name,
					struct tmpfs_node *node)
{
	struct tmpfs_entry *entry = tmpfs_allocate(fs, sizeof(*entry) + name.size);
	uint64_t hash = hash_of(name);

	if (!entry)
		return NULL;
	entry->left = entry->right = NULL;
	entry->hash = hash;
	entry->node = node;
	entry->name_size = name.size;
	memcpy(entry->name, name.text, name.size);
	*place_of(&directory->tree, hash, name) = entry;
	append(directory, entry);
	if (tmpfs_is_directory(node))
		directory->subdirectories++;
	return entry;
}

static void take_out_of_tree(struct tmpfs_entry **at)
{
	struct tmpfs_entry *entry = *at, **next, *successor;

	if (!entry->left || !entry->right) {
		*at = entry->left ? entry->left : entry->right;
		return;
	}
	for (next = &entry->right; (*next)->left;)
		next = &(*next)->left;
	successor = *next;
	*next = successor->right;
	successor->left = entry->left;
	successor->right = entry->right;
	*at = successor;
}

void tmpfs_directory_remove(struct tmpfs *fs, struct tmpfs_directory *directory, struct tmpfs_entry *entry)
{
	struct vfs_name name = { entry->name, entry->name_size };

	take_out_of_tree(place_of(&directory->tree, entry->hash, name));
	if (entry->previous)
		entry->previous->next = entry->next;
	else
		directory->first = entry->next;
	if (entry->next)
		entry->next->previous = entry->previous;
	else
		directory->last = entry->previous;
	if (directory->near == entry)
		directory->near = entry->previous;
	if (tmpfs_is_directory(entry->node))
		directory->subdirectories--;
	tmpfs_free(fs, entry, sizeof(*entry) + entry->name_size);
}

struct tmpfs_entry *tmpfs_directory_behind(struct tmpfs_directory *directory, uint64_t cookie)
{
	struct tmpfs_entry *entry = directory->near;

	if (!entry || entry->cookie > cookie)
		entry = directory->first;
	while (entry && entry->cookie <= cookie)
		entry = entry->next;
	directory->near = entry;
	return entry;
}
