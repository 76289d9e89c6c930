#include "fs/walk.h"

#include "fs/kept.h"
#include "lib/string.h"
#include "wasi/wasi.h"

#define LINKS_MAX 40
#define BORROW_MAX 8	  /* directories deep: fewer than are kept */
#define AGAIN UINT32_MAX /* in place of an errno: once more, plainly */
#define MODE_TYPE 0170000u
#define MODE_DIRECTORY 0040000u
#define MODE_SYMLINK 0120000u

static bool is_type(const struct fuse_attr *attr, uint32_t type)
{
	return (attr->mode & MODE_TYPE) == type;
}

/* Takes the next component off; false: there is none. */
static bool next_component(struct walk *walk, struct fuse_name *name)
{
	uint32_t start;

	while (walk->at < walk->size && walk->rest[walk->at] == '/')
		walk->at++;
	start = walk->at;
	while (walk->at < walk->size && walk->rest[walk->at] != '/')
		walk->at++;
	*name = (struct fuse_name){ walk->rest + start, walk->at - start };
	return name->size > 0;
}

/* Whether nothing but slashes is left. */
static bool at_end(const struct walk *walk)
{
	for (uint32_t i = walk->at; i < walk->size; i++)
		if (walk->rest[i] != '/')
			return false;
	return true;
}

static uint32_t push(struct walk *walk, uint64_t node, bool owned)
{
	if (walk->depth == WALK_DEPTH_MAX) {
		if (owned)
			fuse_forget(walk->dir, node, 1);
		return WASI_ENAMETOOLONG;
	}
	walk->stack[++walk->depth] = node;
	walk->owned[walk->depth] = owned;
	return WASI_SUCCESS;
}

static uint32_t pop(struct walk *walk)
{
	if (walk->depth == 0)
		return WASI_ENOTCAPABLE;
	if (walk->owned[walk->depth])
		fuse_forget(walk->dir, walk->stack[walk->depth], 1);
	walk->depth--;
	return WASI_SUCCESS;
}

/* The symlink's target takes the place of its name in the path. */
static uint32_t expand(struct walk *walk, uint64_t node)
{
	uint32_t left = walk->size - walk->at, size, error;
	const char *target;

	/* It may lead back to a directory on the stack, which has to be our own then. */
	if (walk->borrowed)
		return AGAIN;
	if (++walk->links > LINKS_MAX)
		return WASI_ELOOP;
	error = fuse_readlink(walk->dir, node, &target, &size);
	if (error)
		return error;
	if (size == 0)
		return WASI_ENOENT;
	if (size + left > WALK_PATH_MAX)
		return WASI_ENAMETOOLONG;
	memmove(walk->rest + size, walk->rest + walk->at, left);
	memcpy(walk->rest, target, size);
	walk->at = 0;
	walk->size = size + left;
	return walk->rest[0] == '/' ? WASI_ENOTCAPABLE : WASI_SUCCESS;
}

/* A component that is not the last one, or that another one follows in its place. */
static uint32_t step_into(struct walk *walk, const struct fuse_entry_out *entry)
{
	uint32_t error;

	if (!is_type(&entry->attr, MODE_SYMLINK)) {
		if (is_type(&entry->attr, MODE_DIRECTORY))
			return push(walk, entry->nodeid, true);
		error = WASI_ENOTDIR;
	} else {
		error = expand(walk, entry->nodeid);
	}
	fuse_forget(walk->dir, entry->nodeid, 1);
	return error;
}

/* The path ends at a directory on the stack. */
static uint32_t end_at_directory(struct walk *walk)
{
	walk->name = (struct fuse_name){ "", 0 };
	walk->parent = walk->node = walk->stack[walk->depth];
	walk->exists = true;
	return fuse_getattr(walk->dir, walk->node, &walk->attr);
}

static void end_at_entry(struct walk *walk, const struct fuse_entry_out *entry)
{
	walk->exists = true;
	walk->node = entry->nodeid;
	walk->lookups = 1;
	walk->attr = entry->attr;
}

/* The last component. *done: the walk is over; else it goes on along a symlink. */
static uint32_t step_last(struct walk *walk, enum walk_last last, bool *done)
{
	struct fuse_entry_out entry;
	uint32_t error;

	walk->parent = walk->stack[walk->depth];
	walk->directory_wanted = walk->at < walk->size;
	*done = true;
	if (last == WALK_NAME)
		return WASI_SUCCESS;
	error = fuse_lookup(walk->dir, walk->parent, walk->name, &entry);
	if (error)
		return error == WASI_ENOENT ? WASI_SUCCESS : error;
	if (is_type(&entry.attr, MODE_SYMLINK) && (last == WALK_TARGET || walk->directory_wanted)) {
		*done = false;
		return step_into(walk, &entry);
	}
	end_at_entry(walk, &entry);
	return walk->directory_wanted && !is_type(&entry.attr, MODE_DIRECTORY) ? WASI_ENOTDIR : WASI_SUCCESS;
}

/* Whether dots are in what is left: the same. */
static bool may_lead_back(const struct walk *walk)
{
	for (uint32_t i = walk->at; i < walk->size; i++)
		if (walk->rest[i] == '.' && (i + 1 == walk->size || walk->rest[i + 1] == '/' || walk->rest[i + 1] == '.'))
			return true;
	return false;
}

static uint32_t step_through(struct walk *walk)
{
	bool borrow = !walk->plain && walk->depth < BORROW_MAX && !may_lead_back(walk);
	uint64_t parent = walk->stack[walk->depth], node;
	struct fuse_entry_out entry;
	uint32_t error;

	node = borrow ? kept_find(walk->dir, parent, walk->name) : 0;
	if (!node) {
		error = fuse_lookup(walk->dir, parent, walk->name, &entry);
		if (error)
			return error;
		if (!borrow || !is_type(&entry.attr, MODE_DIRECTORY) ||
		    !kept_add(walk->dir, parent, walk->name, &entry))
			return step_into(walk, &entry);
		node = entry.nodeid;
	}
	walk->borrowed = true;
	return push(walk, node, false);
}

static uint32_t walk_once(struct walk *walk, uint32_t dir, uint64_t node, const char *path, uint32_t size,
			  enum walk_last last)
{
	bool done = false;
	uint32_t error = WASI_SUCCESS;

	walk->dir = dir;
	walk->borrowed = false;
	walk->exists = walk->directory_wanted = false;
	walk->lookups = 0;
	walk->stack[0] = node;
	walk->depth = walk->links = 0;
	walk->at = 0;
	walk->size = size;
	if (size == 0)
		return WASI_ENOENT;
	if (size > WALK_PATH_MAX)
		return WASI_ENAMETOOLONG;
	memcpy(walk->rest, path, size);
	if (walk->rest[0] == '/')
		return WASI_ENOTCAPABLE;
	while (!done && !error) {
		if (!next_component(walk, &walk->name))
			return end_at_directory(walk);
		if (walk->name.size > FUSE_NAME_MAX)
			return WASI_ENAMETOOLONG;
		if (walk->name.text[0] == '.' && walk->name.size == 1)
			continue;
		if (walk->name.text[0] == '.' && walk->name.size == 2 && walk->name.text[1] == '.')
			error = pop(walk);
		else if (at_end(walk))
			error = step_last(walk, last, &done);
		else
			error = step_through(walk);
	}
	return error;
}

uint32_t walk(struct walk *walk, uint32_t dir, uint64_t node, const char *path, uint32_t size, enum walk_last last)
{
	uint32_t error;

	walk->plain = last & WALK_PLAIN;
	last &= ~(unsigned)WALK_PLAIN;
	error = walk_once(walk, dir, node, path, size, last);
	if (error != AGAIN)
		return error;
	walk_end(walk);
	walk->plain = true;
	return walk_once(walk, dir, node, path, size, last);
}

uint64_t walk_keep(struct walk *walk)
{
	uint64_t lookups = walk->lookups;

	/* A directory on the way: it is ours unless the path began there. */
	if (walk->exists && walk->name.size == 0 && walk->depth > 0 && walk->owned[walk->depth]) {
		walk->depth--;
		lookups = 1;
	}
	walk->lookups = 0;
	return lookups;
}

void walk_end(struct walk *walk)
{
	if (walk->lookups)
		fuse_forget(walk->dir, walk->node, walk->lookups);
	walk->lookups = 0;
	while (walk->depth > 0)
		pop(walk);
}
