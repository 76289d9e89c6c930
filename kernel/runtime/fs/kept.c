#include "fs/kept.h"

#include "clock.h"
#include "fs/share_node.h"
#include "lib/string.h"

#define ENTRIES 16
#define NAME_MAX 63
#define SECOND UINT64_C(1000000000)
#define VALID_MAX_S 10 /* whatever the server says */

/* Both nodes are referenced: the server's numbers for them mean nothing else meanwhile. */
static struct kept {
	struct vfs_node *parent, *node; /* NULL: not in use */
	uint64_t until_ns;
	uint32_t size;
	char name[NAME_MAX];
} entries[ENTRIES];
static uint32_t next;

static void drop(struct kept *kept)
{
	vfs_release(kept->node);
	vfs_release(kept->parent);
	kept->node = kept->parent = NULL;
}

struct vfs_node *kept_find(struct vfs_node *parent, struct vfs_name name)
{
	for (struct kept *kept = entries; kept < entries + ENTRIES; kept++) {
		if (!kept->node || kept->parent->fs != parent->fs || kept->size != name.size ||
		    share_node(kept->parent)->id != share_node(parent)->id || memcmp(kept->name, name.text, name.size))
			continue;
		if (clock_monotonic_ns() < kept->until_ns)
			return vfs_reference(kept->node);
		drop(kept);
	}
	return NULL;
}

void kept_add(struct vfs_node *parent, struct vfs_name name, struct vfs_node *node, uint64_t seconds)
{
	struct kept *kept;

	if (seconds == 0 || name.size > NAME_MAX)
		return;
	kept = &entries[next++ % ENTRIES];
	vfs_reference(parent);
	vfs_reference(node);
	drop(kept);
	kept->parent = parent;
	kept->node = node;
	kept->until_ns = clock_monotonic_ns() + (seconds < VALID_MAX_S ? seconds : VALID_MAX_S) * SECOND;
	kept->size = name.size;
	memcpy(kept->name, name.text, name.size);
}

void kept_drop(void)
{
	for (uint32_t i = 0; i < ENTRIES; i++)
		drop(&entries[i]);
}
