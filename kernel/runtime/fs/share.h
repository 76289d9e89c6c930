/* A directory that the host shares (virtio-fs), as a file system. */
#ifndef WALNUT_RUNTIME_SHARE_H
#define WALNUT_RUNTIME_SHARE_H

#include "fs/vfs.h"

/* Shared directory `number`, in the order of the devices; it is asked nothing yet. *root is
 * referenced. Returns an errno. */
uint32_t share_make(uint32_t number, struct vfs_node **root);

#endif
