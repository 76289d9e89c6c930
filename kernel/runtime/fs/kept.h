/* Directories of shared ones that paths went through lately, by the directory that they are in
 * and their name. The server said how long a name may be kept; what the program itself moves
 * or removes is forgotten at once. */
#ifndef WALNUT_RUNTIME_FS_KEPT_H
#define WALNUT_RUNTIME_FS_KEPT_H

#include "fs/vfs.h"

/* The directory, referenced, or NULL. */
struct vfs_node *kept_find(struct vfs_node *parent, struct vfs_name name);

/* Keeps it, if the name is not too long, for `seconds` at most. */
void kept_add(struct vfs_node *parent, struct vfs_name name, struct vfs_node *node, uint64_t seconds);

/* Forgets all of them. */
void kept_drop(void);

#endif
