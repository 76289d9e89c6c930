/* What only files and directories do. Rights and arguments have been checked; errnos come back. */
#ifndef WALNUT_RUNTIME_FILE_OPS_H
#define WALNUT_RUNTIME_FILE_OPS_H

#include "wasi/descriptor.h"

struct file_ops {
	uint32_t (*read_at)(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint64_t offset,
			    uint32_t *done);
	uint32_t (*write_at)(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint64_t offset,
			     uint32_t *done);
	uint32_t (*seek)(struct descriptor *descriptor, int64_t offset, uint32_t whence, uint64_t *position);
	uint32_t (*sync)(struct descriptor *descriptor, bool data_only);
	uint32_t (*allocate)(struct descriptor *descriptor, uint64_t offset, uint64_t size);
	uint32_t (*stat)(struct descriptor *descriptor, struct wasi_filestat *stat);
	uint32_t (*set_flags)(struct descriptor *descriptor, uint16_t flags);
	uint32_t (*set_size)(struct descriptor *descriptor, uint64_t size);
	uint32_t (*set_times)(struct descriptor *descriptor, uint64_t access, uint64_t modification, uint32_t flags);
	uint32_t (*list)(struct descriptor *descriptor, uint32_t buffer, uint32_t size, uint64_t cookie,
			 uint32_t *used);
};

#endif
