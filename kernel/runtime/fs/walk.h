/* From a path to a node: the one place where paths are taken apart. Nothing leads out of
 * the directory that a path starts from, neither "..", nor an absolute path, nor a
 * symbolic link with either: NOTCAPABLE.
 *
 * Paths are UTF-8 (ILSEQ) without NUL (INVAL); VFS_PATH_MAX bytes, with the symbolic links
 * on the way in their place (NAMETOOLONG); at most WALK_LINKS_MAX of those (LOOP) and
 * WALK_DEPTH_MAX directories below each other (NAMETOOLONG). */
#ifndef WALNUT_RUNTIME_WALK_H
#define WALNUT_RUNTIME_WALK_H

#include "fs/vfs.h"

#define WALK_LINKS_MAX 40
#define WALK_DEPTH_MAX 2048

/* Where a path ended. */
struct walk {
	struct vfs_node *directory; /* that has the last name, or would have it */
	struct vfs_name name; /* empty: the path ends in "." or "..", so `node` it is and
			       * there is no name to make or remove */
	struct vfs_node *node; /* NULL: there is none of that name */
	bool slash;	       /* behind the name: only a directory will do */
	char text[VFS_NAME_MAX];
};

/* What to do about a symbolic link at the end. */
enum walk_last {
	WALK_FOLLOW,
	WALK_STAY, /* at the link, unless a slash comes behind it */
	WALK_NAME, /* it is about the name: what is there is not looked at, unless a slash
		    * comes behind it, and then it is the link itself */
};

/* On success walk_end() gives the references back. A node that is no directory before a
 * slash is NOTDIR. */
uint32_t walk_path(struct walk *walk, struct vfs_node *base, struct vfs_name path, enum walk_last last);
void walk_end(struct walk *walk);

/* The same where the node has to be there: referenced. */
uint32_t walk_to(struct vfs_node *base, struct vfs_name path, enum walk_last last, struct vfs_node **node);

/* Whether this can be a symbolic link's target, in any directory. Returns an errno. */
uint32_t walk_check_target(struct vfs_name target);

#endif
