/* Moving a file's data between the program's buffers and the client's. */
#ifndef WALNUT_RUNTIME_TRANSFER_H
#define WALNUT_RUNTIME_TRANSFER_H

#include "wasi/file.h"

uint32_t file_read(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done);
uint32_t file_write(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t *done);
uint32_t file_read_at(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint64_t offset, uint32_t *done);
uint32_t file_write_at(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint64_t offset, uint32_t *done);

/* Sets the position, after finding out where the end is if that is what it is. */
uint32_t file_position(struct file *file);

#endif
