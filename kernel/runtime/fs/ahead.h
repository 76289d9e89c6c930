/* What of a shared file that is read in order is fetched before the program asks for it: windows of FUSE_AHEAD_MAX
 * bytes, and while one is given out the next is under way.
 *
 * Each byte is given out once, and so is that the file ends behind them. All are dropped when the program
 * learns anything else of the share, or writes to the file: what the host changes is seen as
 * soon as by a C library's stream, and whoever was told that there is something new finds it. */
#ifndef WALNUT_RUNTIME_FS_AHEAD_H
#define WALNUT_RUNTIME_FS_AHEAD_H

#include "fs/vfs.h"

/* Some of `wanted` bytes at `offset`; *got is 0 at the end. They are there until the next call. */
uint32_t ahead_get(const struct vfs_file *file, uint64_t offset, uint32_t wanted, const uint8_t **data, uint32_t *got);

/* A read of `wanted` bytes at `offset` that came from elsewhere, and got that many. */
void ahead_note(const struct vfs_file *file, uint64_t offset, uint32_t wanted, uint32_t got);

/* The file has been seen to end here just now. */
bool ahead_ends(const struct vfs_file *file, uint64_t offset);

/* The file is about to be written to. */
void ahead_written(const struct vfs_file *file);

void ahead_drop(void);

#endif
