/* What the functions for paths begin with. */
#ifndef WALNUT_RUNTIME_PATH_H
#define WALNUT_RUNTIME_PATH_H

#include "fs/walk.h"

/* Checks the descriptor and its right, and walks the program's path from there. Returns an errno;
 * walk_end() is due in any case. */
uint32_t path_walk(struct walk *to, uint32_t fd, uint64_t right, uint32_t path, uint32_t size, enum walk_last last);

#endif
