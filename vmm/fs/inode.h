/* The inodes that the guest knows: those it looked up and has not forgotten. A node's id is
 * the guest's name for it, made of a place in the table and that place's generation, so that
 * an id from before means nothing.
 *
 * An inode is held by an O_PATH descriptor, and every access starts there: no path is walked
 * that somebody could change meanwhile. Descriptors cost and are few: files get theirs when something is to be done
 * with them, and those not used for longest
 * are closed; then the inode is found again by its names below the root, and only if it is still
 * the same file. */
#ifndef WALNUT_VMM_FS_INODE_H
#define WALNUT_VMM_FS_INODE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define FS_INODES_MAX (1u << 20)

struct fs_inode {
	uint64_t nodeid;
	dev_t dev;
	ino_t ino;
	mode_t type; /* S_IFMT bits */
	int fd;	     /* O_PATH, or -1 */
	uint32_t hash_next;
	uint32_t opens;	  /* handles on it, which keep the descriptor */
	uint64_t lookups; /* that the guest has to give back */
	uint64_t parent;  /* where it was seen last: directory's node, and name there */
	char *name;	  /* NULL: the root */
	struct fs_inode *newer, *older; /* used after and before it, while fd >= 0 */
};

struct fs_inodes {
	struct fs_inode **slots; /* by the id's low half; slot 0 is not used */
	uint32_t *generations;
	uint32_t *buckets; /* by device and inode number; 0 ends a chain */
	uint32_t capacity; /* of all three, a power of two */
	uint32_t count;	   /* slots that were ever used, slot 0 among them */
	uint32_t *free;	   /* those in `count` that are not */
	uint32_t free_count;
	uint32_t fd_count, fd_limit;
	struct fs_inode *newest, *oldest;
	dev_t root_dev;
};

/* Takes over the root's O_PATH descriptor, also on failure. At most fd_limit descriptors are
 * kept at a time. 0 or -ENOMEM; fs_inodes_destroy() is due in both cases. */
int fs_inodes_create(struct fs_inodes *inodes, int root_fd, uint32_t fd_limit);
void fs_inodes_destroy(struct fs_inodes *inodes);

/* The inode of an id, or NULL. */
struct fs_inode *fs_inode_of(const struct fs_inodes *inodes, uint64_t nodeid);

/* Its descriptor, or a negative errno: ESTALE if it is to be found nowhere. Stays valid while at most
 * FS_FDS_MIN - 1 others are asked for. */
int fs_inode_fd(struct fs_inodes *inodes, struct fs_inode *inode);
#define FS_FDS_MIN 16

/* The inode has no descriptor, and no names any more: this one, O_PATH, is taken over. */
void fs_inode_give_fd(struct fs_inodes *inodes, struct fs_inode *inode, int fd);

/* Looks a name up that is a single component. Counts as one look-up by the guest. */
int fs_inode_lookup(struct fs_inodes *inodes, struct fs_inode *parent, const char *name,
		    struct fs_inode **inode, struct stat *st);

/* The same for a file that is in that directory, as something open: `fd` stays the caller's. */
int fs_inode_adopt(struct fs_inodes *inodes, struct fs_inode *parent, const char *name, int fd,
		   struct fs_inode **inode, struct stat *st);

/* The inode was moved: remembers where it is now. */
void fs_inode_moved(struct fs_inodes *inodes, struct fs_inode *parent, const char *name);

/* Takes back `lookups` look-ups; after the last one the inode is gone. More than there were,
 * ids that are none: no matter. */
void fs_inode_forget(struct fs_inodes *inodes, uint64_t nodeid, uint64_t lookups);

/* All but the root. */
void fs_inodes_forget_all(struct fs_inodes *inodes);

#endif
