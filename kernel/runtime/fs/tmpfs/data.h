/* The bytes of a file in pages; pages that were never written to are not there. */
#ifndef WALNUT_RUNTIME_TMPFS_DATA_H
#define WALNUT_RUNTIME_TMPFS_DATA_H

#include "fs/tmpfs/node.h"

#define TMPFS_SIZE_MAX (UINT64_C(1) << 48)

/* Copies [offset, offset + size), which lies within the file. */
void tmpfs_data_read(const struct tmpfs_data *data, uint64_t offset, uint8_t *to, uint32_t size);

/* Up to TMPFS_SIZE_MAX. Returns how much of it there was room for; the file grows. */
uint32_t tmpfs_data_write(struct tmpfs *fs, struct tmpfs_data *data, uint64_t offset, const uint8_t *from,
			  uint32_t size);

/* Has pages for a range that ends at or before TMPFS_SIZE_MAX; the size is as it was.
 * False: no room for all of them. */
bool tmpfs_data_fill(struct tmpfs *fs, struct tmpfs_data *data, uint64_t offset, uint64_t size);

void tmpfs_data_resize(struct tmpfs *fs, struct tmpfs_data *data, uint64_t size);

#endif
