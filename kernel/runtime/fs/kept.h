/* Directories that paths went through lately, by the directory that they are in and their name. The
 * server said how long a name may be kept; what the program itself moves or removes is forgotten at
 * once. */
#ifndef WALNUT_RUNTIME_FS_KEPT_H
#define WALNUT_RUNTIME_FS_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/client.h"

/* The node, which stays kept's own, or 0. */
uint64_t kept_find(uint32_t dir, uint64_t parent, struct fuse_name name);

/* Takes over one look-up of the entry's node. False: it does not, as it may not be kept. */
bool kept_add(uint32_t dir, uint64_t parent, struct fuse_name name, const struct fuse_entry_out *entry);

/* Forgets all of them. */
void kept_drop(void);

#endif
