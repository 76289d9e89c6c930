/* From a path of the program to a node: components one after the other, symlinks included,
 * and never above the directory where the path began (ENOTCAPABLE). */
#ifndef WALNUT_RUNTIME_FS_WALK_H
#define WALNUT_RUNTIME_FS_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/client.h"

#define WALK_DEPTH_MAX 512 /* directories below the first */
#define WALK_PATH_MAX 4096

enum walk_last {
	WALK_NAME,   /* the last component is not looked at */
	WALK_ITSELF, /* it is looked up; a symlink is itself */
	WALK_TARGET, /* so is what a symlink leads to */
	WALK_PLAIN = 4, /* besides: no kept directories, for a walk that another one follows */
};

struct walk {
	uint32_t dir;
	/* Where the last component is to be found. */
	uint64_t parent;
	struct fuse_name name; /* size 0: the path ends at a directory that was walked through */
	bool directory_wanted; /* a slash behind it */
	/* What is there, unless WALK_NAME. */
	bool exists;
	uint64_t node;
	uint64_t lookups; /* of the node, that somebody has to forget */
	struct fuse_attr attr;

	uint64_t stack[WALK_DEPTH_MAX + 1]; /* directories on the way; the first one is borrowed */
	bool owned[WALK_DEPTH_MAX + 1];	    /* whether the walk has a look-up of it to give back */
	uint32_t depth;
	uint32_t links;
	bool plain;    /* no kept directories */
	bool borrowed; /* one is on the stack: valid until others are kept */
	char rest[WALK_PATH_MAX]; /* of the path, from `at` on */
	uint32_t at, size;
};

/* Walks from the directory `node`. Returns an errno of WASI; a last component that is not there is none
 * (`exists` tells). walk_end() is due in any case. */
uint32_t walk(struct walk *walk, uint32_t dir, uint64_t node, const char *path, uint32_t size, enum walk_last last);

/* The caller keeps the node. Returns how many look-ups it has to forget. */
uint64_t walk_keep(struct walk *walk);

/* Forgets all nodes that were not kept. */
void walk_end(struct walk *walk);

#endif
