/* The file systems of this run: the host's shared directories, what came with the image, and
 * what the launch block asks for. */
#ifndef WALNUT_RUNTIME_MOUNT_H
#define WALNUT_RUNTIME_MOUNT_H

#include "fs/vfs.h"
#include "launch_block.h"

/* Calls add() for each, with a root that is referenced. What is broken ends the run. */
void mount_all(const struct launch *launch, void (*add)(const char *path, struct vfs_node *root));

/* For add(): ends the run, for a reason. */
_Noreturn void mount_fail(const char *path, const char *reason);

#endif
