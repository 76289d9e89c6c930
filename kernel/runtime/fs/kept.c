#include "fs/kept.h"

#include "clock.h"
#include "lib/string.h"

#define ENTRIES 16
#define NAME_MAX 63
#define SECOND UINT64_C(1000000000)
#define VALID_MAX_S 10 /* whatever the server says */

static struct kept {
	uint64_t parent, node; /* node 0: not in use */
	uint64_t until_ns;
	uint32_t dir, size;
	char name[NAME_MAX];
} entries[ENTRIES];
static uint32_t next;

static void drop(struct kept *kept)
{
	if (kept->node)
		fuse_forget(kept->dir, kept->node, 1);
	kept->node = 0;
}

uint64_t kept_find(uint32_t dir, uint64_t parent, struct fuse_name name)
{
	for (struct kept *kept = entries; kept < entries + ENTRIES; kept++) {
		if (!kept->node || kept->dir != dir || kept->parent != parent || kept->size != name.size ||
		    memcmp(kept->name, name.text, name.size))
			continue;
		if (clock_monotonic_ns() < kept->until_ns)
			return kept->node;
		drop(kept);
	}
	return 0;
}

bool kept_add(uint32_t dir, uint64_t parent, struct fuse_name name, const struct fuse_entry_out *entry)
{
	struct kept *kept = &entries[next++ % ENTRIES];
	uint64_t seconds = entry->entry_valid < VALID_MAX_S ? entry->entry_valid : VALID_MAX_S;

	if (seconds == 0 || name.size > NAME_MAX)
		return false;
	drop(kept);
	kept->dir = dir;
	kept->parent = parent;
	kept->node = entry->nodeid;
	kept->until_ns = clock_monotonic_ns() + seconds * SECOND;
	kept->size = name.size;
	memcpy(kept->name, name.text, name.size);
	return true;
}

void kept_drop(void)
{
	for (uint32_t i = 0; i < ENTRIES; i++)
		drop(&entries[i]);
}
