/* The launch block of abi/launch.h: arguments, environment and stream kinds of a
 * run, which the guest finds as its initial ramdisk. */
#ifndef WALNUT_VMM_LAUNCH_BLOCK_H
#define WALNUT_VMM_LAUNCH_BLOCK_H

#include <stddef.h>

struct vm_config;

/* Arguments and environment together must stay below this. */
#define LAUNCH_BLOCK_MAX (16u << 20)

/* Bytes that launch_block_write() needs for config, or -E2BIG. */
long launch_block_size(const struct vm_config *config);

/* Writes exactly launch_block_size() bytes. */
void launch_block_write(const struct vm_config *config, void *block);

#endif
