/* A file system in RAM, empty at the start, gone at the end. */
#ifndef WALNUT_RUNTIME_TMPFS_H
#define WALNUT_RUNTIME_TMPFS_H

#include "fs/vfs.h"

/* *root is referenced. `limit`: bytes that files, names and everything they need may take
 * together. Returns an errno. */
uint32_t tmpfs_make(uint64_t limit, struct vfs_node **root);

#endif
