/* Path walking; see walk.h. The directories on the way are kept on a stack, for ".." to go
 * back to: what a file system thinks of as a parent may lie outside. */
#include "fs/walk.h"

#include "fs/heap.h"
#include "fs/utf8.h"
#include "lib/string.h"

/* One walk at a time, and most need one or two levels and no symbolic link. */
#define SHALLOW 16

struct state {
	struct vfs_node **stack;
	uint32_t depth, room;
	struct vfs_name rest;
	char *text; /* where `rest` lies once a symbolic link was followed; VFS_PATH_MAX bytes */
	uint32_t links;
	struct vfs_node *shallow[SHALLOW];
};

static struct vfs_node *top(const struct state *state)
{
	return state->stack[state->depth - 1];
}

/* Takes over the reference to `node`. */
static uint32_t push(struct state *state, struct vfs_node *node)
{
	struct vfs_node **deep;

	if (state->depth == state->room) {
		deep = state->room == SHALLOW ? fs_allocate(WALK_DEPTH_MAX * sizeof(*deep)) : NULL;
		if (!deep) {
			uint32_t error = state->room == SHALLOW ? WASI_ENOMEM : WASI_ENAMETOOLONG;

			vfs_release(node);
			return error;
		}
		memcpy(deep, state->stack, state->depth * sizeof(*deep));
		state->stack = deep;
		state->room = WALK_DEPTH_MAX;
	}
	state->stack[state->depth++] = node;
	return WASI_SUCCESS;
}

uint32_t walk_check_target(struct vfs_name path)
{
	if (!path.size)
		return WASI_ENOENT;
	if (path.size > VFS_PATH_MAX)
		return WASI_ENAMETOOLONG;
	for (uint32_t i = 0; i < path.size; i++) {
		if (!path.text[i])
			return WASI_EINVAL;
	}
	if (!utf8_is_valid(path.text, path.size))
		return WASI_EILSEQ;
	return path.text[0] == '/' ? WASI_ENOTCAPABLE : WASI_SUCCESS;
}

/* Cuts the first component off the rest; *slash: one or more came behind it. */
static struct vfs_name next_name(struct vfs_name *rest, bool *slash)
{
	struct vfs_name name = { rest->text, 0 };
	uint32_t at = 0;

	while (at < rest->size && rest->text[at] != '/')
		at++;
	name.size = at;
	while (at < rest->size && rest->text[at] == '/')
		at++;
	*slash = at > name.size;
	*rest = (struct vfs_name){ rest->text + at, rest->size - at };
	return name;
}

static bool is_dots(struct vfs_name name, uint32_t count)
{
	return name.size == count && name.text[0] == '.' && name.text[count - 1] == '.';
}

/* The target takes the link's place before the rest. */
static uint32_t follow_link(struct state *state, struct vfs_node *link, bool slash)
{
	uint32_t error, used = 0, kept = state->rest.size;

	if (++state->links > WALK_LINKS_MAX)
		return WASI_ELOOP;
	if (!state->text)
		state->text = fs_allocate(VFS_PATH_MAX);
	if (!state->text)
		return WASI_ENOMEM;
	/* The rest goes to the end, target and slash before it. */
	memmove(state->text + VFS_PATH_MAX - kept, state->rest.text, kept);
	error = link->fs->ops->readlink(link, state->text, VFS_PATH_MAX - kept, &used);
	if (error)
		return error;
	if (used >= VFS_PATH_MAX - kept)
		return WASI_ENAMETOOLONG;
	error = walk_check_target((struct vfs_name){ state->text, used });
	if (error)
		return error;
	if (slash)
		state->text[used++] = '/';
	memmove(state->text + used, state->text + VFS_PATH_MAX - kept, kept);
	state->rest = (struct vfs_name){ state->text, used + kept };
	return WASI_SUCCESS;
}

/* Goes back for "..", stays for ".". */
static uint32_t step_dots(struct state *state, struct vfs_name name)
{
	if (name.size == 1)
		return WASI_SUCCESS;
	if (state->depth == 1)
		return WASI_ENOTCAPABLE;
	vfs_release(state->stack[--state->depth]);
	return WASI_SUCCESS;
}

/* The path ends in this directory itself. */
static void end_in(struct state *state, struct walk *walk)
{
	walk->directory = vfs_reference(top(state));
	walk->node = vfs_reference(top(state));
	walk->name = (struct vfs_name){ walk->text, 0 };
	walk->slash = true;
}

/* The last name, in the directory on top. Takes over the reference to `node`. */
static uint32_t end_at(struct state *state, struct walk *walk, struct vfs_name name, bool slash,
		       struct vfs_node *node)
{
	if (node && slash && node->type != WASI_FILETYPE_DIRECTORY) {
		vfs_release(node);
		return WASI_ENOTDIR;
	}
	memcpy(walk->text, name.text, name.size);
	walk->name = (struct vfs_name){ walk->text, name.size };
	walk->directory = vfs_reference(top(state));
	walk->node = node;
	walk->slash = slash;
	return WASI_SUCCESS;
}

/* One component. *ended: it was the last. */
static uint32_t step(struct state *state, struct walk *walk, enum walk_last at_end, bool *ended)
{
	struct vfs_node *node = NULL;
	bool slash, last;
	struct vfs_name name = next_name(&state->rest, &slash);
	uint32_t error;

	last = !state->rest.size;
	if (is_dots(name, 1) || is_dots(name, 2)) {
		error = step_dots(state, name);
		if (!error && last) {
			end_in(state, walk);
			*ended = true;
		}
		return error;
	}
	if (name.size > VFS_NAME_MAX)
		return WASI_ENAMETOOLONG;
	if (last && at_end == WALK_NAME && !slash) {
		*ended = true;
		return end_at(state, walk, name, slash, NULL);
	}
	error = top(state)->fs->ops->lookup(top(state), name, &node);
	if (error == WASI_ENOENT && last) {
		*ended = true;
		return end_at(state, walk, name, slash, NULL);
	}
	if (error)
		return error;
	if (node->type == WASI_FILETYPE_SYMBOLIC_LINK &&
	    (!last || at_end == WALK_FOLLOW || (slash && at_end == WALK_STAY))) {
		error = follow_link(state, node, slash);
		vfs_release(node);
		return error;
	}
	if (last) {
		*ended = true;
		return end_at(state, walk, name, slash, node);
	}
	if (node->type != WASI_FILETYPE_DIRECTORY) {
		vfs_release(node);
		return WASI_ENOTDIR;
	}
	return push(state, node);
}

uint32_t walk_path(struct walk *walk, struct vfs_node *base, struct vfs_name path, enum walk_last last)
{
	struct state state = { .stack = state.shallow, .room = SHALLOW, .rest = path };
	bool ended = false;
	uint32_t error;

	if (base->type != WASI_FILETYPE_DIRECTORY)
		return WASI_ENOTDIR;
	error = walk_check_target(path);
	if (error)
		return error;
	push(&state, vfs_reference(base));
	while (!error && !ended)
		error = step(&state, walk, last, &ended);
	while (state.depth)
		vfs_release(state.stack[--state.depth]);
	if (state.stack != state.shallow)
		fs_free(state.stack, WALK_DEPTH_MAX * sizeof(*state.stack));
	if (state.text)
		fs_free(state.text, VFS_PATH_MAX);
	return error;
}

void walk_end(struct walk *walk)
{
	vfs_release(walk->node);
	vfs_release(walk->directory);
}

uint32_t walk_to(struct vfs_node *base, struct vfs_name path, enum walk_last last, struct vfs_node **node)
{
	struct walk walk;
	uint32_t error = walk_path(&walk, base, path, last);

	if (error)
		return error;
	*node = walk.node ? vfs_reference(walk.node) : NULL;
	walk_end(&walk);
	return *node ? WASI_SUCCESS : WASI_ENOENT;
}
