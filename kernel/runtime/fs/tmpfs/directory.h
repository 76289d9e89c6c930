/* The names in a directory of tmpfs. */
#ifndef WALNUT_RUNTIME_TMPFS_DIRECTORY_H
#define WALNUT_RUNTIME_TMPFS_DIRECTORY_H

#include "fs/tmpfs/node.h"

struct tmpfs_entry {
	struct tmpfs_entry *left, *right;
	struct tmpfs_entry *previous, *next;
	uint64_t cookie;
	uint64_t hash;
	struct tmpfs_node *node;
	uint32_t name_size;
	char name[];
};

struct tmpfs_entry *tmpfs_directory_find(const struct tmpfs_directory *directory, struct vfs_name name);

/* Adds a name that is not there. NULL: no room. */
struct tmpfs_entry *tmpfs_directory_add(struct tmpfs *fs, struct tmpfs_directory *directory, struct vfs_name name,
					struct tmpfs_node *node);
void tmpfs_directory_remove(struct tmpfs *fs, struct tmpfs_directory *directory, struct tmpfs_entry *entry);

/* The first entry whose cookie is greater; NULL: none. Cookies are never used again, so that
 * what is added and removed between two looks confuses nobody. */
struct tmpfs_entry *tmpfs_directory_behind(struct tmpfs_directory *directory, uint64_t cookie);

#endif
