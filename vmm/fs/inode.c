/* The table of inodes: ids, a hash by device and inode number, and a bounded set of open
 * descriptors in the order of their use. */
#include "fs/inode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/beneath.h"

#include "fuse.h"

#define CAPACITY_MIN 64
#define DEPTH_MAX 2048 /* directories between the root and a file that is searched anew */

static uint32_t *bucket_of(const struct fs_inodes *inodes, dev_t dev, ino_t ino)
{
	uint64_t hash = (ino ^ dev << 32) * 0x9e3779b97f4a7c15ull;

	return &inodes->buckets[hash >> 32 & (inodes->capacity - 1)];
}

static void hash_add(struct fs_inodes *inodes, struct fs_inode *inode)
{
	uint32_t *bucket = bucket_of(inodes, inode->dev, inode->ino);

	inode->hash_next = *bucket;
	*bucket = (uint32_t)inode->nodeid;
}

static void hash_remove(struct fs_inodes *inodes, struct fs_inode *inode)
{
	uint32_t *link = bucket_of(inodes, inode->dev, inode->ino);

	while (*link && *link != (uint32_t)inode->nodeid)
		link = &inodes->slots[*link]->hash_next;
	if (*link)
		*link = inode->hash_next;
}

static struct fs_inode *hash_find(const struct fs_inodes *inodes, const struct stat *st)
{
	for (uint32_t i = *bucket_of(inodes, st->st_dev, st->st_ino); i; i = inodes->slots[i]->hash_next) {
		struct fs_inode *inode = inodes->slots[i];

		/* An inode number may have gone to another file while ours was closed. */
		if (inode->dev == st->st_dev && inode->ino == st->st_ino && inode->type == (st->st_mode & S_IFMT))
			return inode;
	}
	return NULL;
}

static int grow_array(void **array, uint32_t count, size_t size)
{
	void *grown = reallocarray(*array, count, size);

	if (!grown)
		return -ENOMEM;
	*array = grown;
	return 0;
}

static int grow(struct fs_inodes *inodes)
{
	uint32_t capacity = inodes->capacity ? inodes->capacity * 2 : CAPACITY_MIN;

	if (capacity > FS_INODES_MAX)
		return -ENFILE;
	if (grow_array((void **)&inodes->slots, capacity, sizeof(*inodes->slots)) ||
	    grow_array((void **)&inodes->generations, capacity, sizeof(*inodes->generations)) ||
	    grow_array((void **)&inodes->free, capacity, sizeof(*inodes->free)) ||
	    grow_array((void **)&inodes->buckets, capacity, sizeof(*inodes->buckets)))
		return -ENOMEM;
	for (uint32_t i = inodes->capacity; i < capacity; i++) {
		inodes->slots[i] = NULL;
		inodes->generations[i] = 0;
	}
	inodes->capacity = capacity;
	memset(inodes->buckets, 0, capacity * sizeof(*inodes->buckets));
	for (uint32_t i = 1; i < inodes->count; i++)
		if (inodes->slots[i])
			hash_add(inodes, inodes->slots[i]);
	return 0;
}

static void unlist(struct fs_inodes *inodes, struct fs_inode *inode)
{
	*(inode->newer ? &inode->newer->older : &inodes->newest) = inode->older;
	*(inode->older ? &inode->older->newer : &inodes->oldest) = inode->newer;
	inode->newer = inode->older = NULL;
}

static void list_as_newest(struct fs_inodes *inodes, struct fs_inode *inode)
{
	inode->older = inodes->newest;
	inode->newer = NULL;
	*(inodes->newest ? &inodes->newest->newer : &inodes->oldest) = inode;
	inodes->newest = inode;
}

static void close_fd(struct fs_inodes *inodes, struct fs_inode *inode)
{
	if (inode->fd < 0)
		return;
	unlist(inodes, inode);
	close(inode->fd);
	inode->fd = -1;
	inodes->fd_count--;
}

/* Makes room for one more descriptor. Open files and the root keep theirs, however many. */
static void close_oldest(struct fs_inodes *inodes)
{
	for (struct fs_inode *inode = inodes->oldest; inode; inode = inode->newer)
		if (inode->opens == 0 && inode->name) {
			close_fd(inodes, inode);
			return;
		}
}

static void set_fd(struct fs_inodes *inodes, struct fs_inode *inode, int fd)
{
	if (inodes->fd_count >= inodes->fd_limit)
		close_oldest(inodes);
	inode->fd = fd;
	inodes->fd_count++;
	list_as_newest(inodes, inode);
}

/* A new entry with the id of a free slot. */
static int create(struct fs_inodes *inodes, const struct stat *st, struct fs_inode **created)
{
	struct fs_inode *inode;
	uint32_t slot;
	int error;

	if (inodes->free_count == 0 && inodes->count == inodes->capacity) {
		error = grow(inodes);
		if (error)
			return error;
	}
	inode = calloc(1, sizeof(*inode));
	if (!inode)
		return -ENOMEM;
	slot = inodes->free_count > 0 ? inodes->free[--inodes->free_count] : inodes->count++;
	inode->nodeid = (uint64_t)inodes->generations[slot] << 32 | slot;
	inode->dev = st->st_dev;
	inode->ino = st->st_ino;
	inode->type = st->st_mode & S_IFMT;
	inode->fd = -1;
	inodes->slots[slot] = inode;
	hash_add(inodes, inode);
	*created = inode;
	return 0;
}

static void destroy(struct fs_inodes *inodes, struct fs_inode *inode)
{
	uint32_t slot = (uint32_t)inode->nodeid;

	close_fd(inodes, inode);
	hash_remove(inodes, inode);
	inodes->slots[slot] = NULL;
	inodes->generations[slot]++;
	inodes->free[inodes->free_count++] = slot;
	free(inode->name);
	free(inode);
}

int fs_inodes_create(struct fs_inodes *inodes, int root_fd, uint32_t fd_limit)
{
	struct fs_inode *root;
	struct stat st;
	int error;

	*inodes = (struct fs_inodes){ .count = 1, .fd_limit = fd_limit > FS_FDS_MIN ? fd_limit : FS_FDS_MIN };
	error = fstat(root_fd, &st) ? -errno : grow(inodes);
	if (!error)
		error = create(inodes, &st, &root);
	if (error) {
		close(root_fd);
		return error;
	}
	inodes->root_dev = st.st_dev;
	set_fd(inodes, root, root_fd);
	return 0;
}

void fs_inodes_destroy(struct fs_inodes *inodes)
{
	for (uint32_t i = 1; i < inodes->count; i++)
		if (inodes->slots[i])
			destroy(inodes, inodes->slots[i]);
	free(inodes->slots);
	free(inodes->generations);
	free(inodes->buckets);
	free(inodes->free);
	*inodes = (struct fs_inodes){ 0 };
}

struct fs_inode *fs_inode_of(const struct fs_inodes *inodes, uint64_t nodeid)
{
	uint32_t slot = (uint32_t)nodeid;

	if (slot == 0 || slot >= inodes->count || !inodes->slots[slot] || inodes->slots[slot]->nodeid != nodeid)
		return NULL;
	return inodes->slots[slot];
}

/* Walks down from the nearest ancestor that is open. */
static int find_again(const struct fs_inodes *inodes, struct fs_inode *inode)
{
	const struct fs_inode *path[DEPTH_MAX];
	const struct fs_inode *at = inode;
	unsigned depth = 0;
	struct stat st;
	int fd, next;

	while (at->fd < 0) {
		if (depth == DEPTH_MAX)
			return -ESTALE;
		path[depth++] = at;
		at = fs_inode_of(inodes, at->parent);
		if (!at)
			return -ESTALE;
	}
	fd = at->fd;
	while (depth > 0) {
		next = fs_open_beneath(fd, path[--depth]->name, O_PATH, 0);
		if (fd != at->fd)
			close(fd);
		if (next < 0)
			return next == -ENOENT || next == -ENOTDIR ? -ESTALE : next;
		fd = next;
	}
	if (fstat(fd, &st) == 0 && st.st_dev == inode->dev && st.st_ino == inode->ino &&
	    (st.st_mode & S_IFMT) == inode->type)
		return fd;
	close(fd);
	return -ESTALE;
}

int fs_inode_fd(struct fs_inodes *inodes, struct fs_inode *inode)
{
	int fd;

	if (inode->fd >= 0) {
		unlist(inodes, inode);
		list_as_newest(inodes, inode);
		return inode->fd;
	}
	fd = find_again(inodes, inode);
	if (fd >= 0)
		set_fd(inodes, inode, fd);
	return fd;
}

/* Without memory for the name the old one stays: the file may then be lost later on. */
static void set_place(struct fs_inode *inode, const struct fs_inode *parent, const char *name)
{
	char *copy;

	if (!inode->name || inode == parent)
		return; /* the root stays where it is */
	inode->parent = parent->nodeid;
	if (strcmp(inode->name, name) == 0)
		return;
	copy = strdup(name);
	if (copy) {
		free(inode->name);
		inode->name = copy;
	}
}

static int insert(struct fs_inodes *inodes, const struct stat *st, const char *name, struct fs_inode **inode)
{
	char *copy = strdup(name);
	int error = copy ? create(inodes, st, inode) : -ENOMEM;

	if (error)
		free(copy);
	else
		(*inode)->name = copy;
	return error;
}

/* The inode of what was found there. Takes over the descriptor, if there is one, also on failure. */
static int know(struct fs_inodes *inodes, const struct fs_inode *parent, const char *name, const struct stat *st, int fd,
		struct fs_inode **found)
{
	struct fs_inode *inode = hash_find(inodes, st);
	int error = inode ? 0 : insert(inodes, st, name, &inode);

	if (fd >= 0 && (error || inode->fd >= 0))
		close(fd);
	else if (fd >= 0)
		set_fd(inodes, inode, fd);
	if (error)
		return error;
	set_place(inode, parent, name);
	inode->lookups++;
	*found = inode;
	return 0;
}

int fs_inode_adopt(struct fs_inodes *inodes, struct fs_inode *parent, const char *name, int fd,
		   struct fs_inode **found, struct stat *st)
{
	int error = fstat(fd, st) ? -errno : 0;

	return error ? error : know(inodes, parent, name, st, -1, found);
}

/* What will be asked next of a directory or a symbolic link needs a descriptor. Of other files it is seldom more
 * than what is told here, and if it is, they are found again. Where another mount begins a closer look is due. */
static bool open_at_once(const struct fs_inode *parent, const struct stat *st)
{
	return S_ISDIR(st->st_mode) || S_ISLNK(st->st_mode) || st->st_dev != parent->dev;
}

int fs_inode_lookup(struct fs_inodes *inodes, struct fs_inode *parent, const char *name,
		    struct fs_inode **inode, struct stat *st)
{
	int dir_fd = fs_inode_fd(inodes, parent), fd, error;

	if (dir_fd < 0)
		return dir_fd;
	if (fstatat(dir_fd, name, st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0)
		return -errno;
	if (!open_at_once(parent, st))
		return know(inodes, parent, name, st, -1, inode);
	fd = fs_open_beneath(dir_fd, name, O_PATH, 0);
	if (fd < 0)
		return fd;
	error = fstat(fd, st) ? -errno : 0;
	if (!error && st->st_dev != parent->dev)
		error = fs_check_mount(fd);
	if (!error)
		return know(inodes, parent, name, st, fd, inode);
	close(fd);
	return error;
}

void fs_inode_give_fd(struct fs_inodes *inodes, struct fs_inode *inode, int fd)
{
	set_fd(inodes, inode, fd);
}

void fs_inode_moved(struct fs_inodes *inodes, struct fs_inode *parent, const char *name)
{
	int fd = fs_inode_fd(inodes, parent);
	struct fs_inode *inode;
	struct stat st;

	if (fd < 0 || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	inode = hash_find(inodes, &st);
	if (inode)
		set_place(inode, parent, name);
}

void fs_inode_forget(struct fs_inodes *inodes, uint64_t nodeid, uint64_t lookups)
{
	struct fs_inode *inode = fs_inode_of(inodes, nodeid);

	if (!inode || !inode->name) /* nobody looked the root up */
		return;
	if (inode->lookups > lookups)
		inode->lookups -= lookups;
	else
		destroy(inodes, inode);
}

void fs_inodes_forget_all(struct fs_inodes *inodes)
{
	for (uint32_t i = 1; i < inodes->count; i++)
		if (inodes->slots[i] && inodes->slots[i]->name)
			destroy(inodes, inodes->slots[i]);
}
