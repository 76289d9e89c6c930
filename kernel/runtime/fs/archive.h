/* A read-only file system in a cpio archive (the "newc" format of initial RAM file systems:
 * Documentation/driver-api/early-userspace/buffer-format.rst of Linux), used where it
 * lies. Directories come before what they contain. */
#ifndef WALNUT_RUNTIME_ARCHIVE_H
#define WALNUT_RUNTIME_ARCHIVE_H

#include "fs/vfs.h"

/* *root is referenced; the bytes stay and do not change. Devices, pipes and sockets are left
 * out. INVAL: it is damaged, which includes files without bytes that have other names (they
 * would be with one of those); NOMEM. */
uint32_t archive_make(const void *bytes, uint64_t size, struct vfs_node **root);

#endif
