/* Linux's error numbers, which FUSE has, as WASI's. */
#ifndef WALNUT_RUNTIME_FS_ERROR_H
#define WALNUT_RUNTIME_FS_ERROR_H

#include <stdint.h>

/* `error` is positive; what WASI has no number for is EIO. */
uint32_t fuse_error(uint32_t error);

#endif
