/* Lists of buffers, as a descriptor chain gives them. */
#ifndef WALNUT_VMM_IOV_H
#define WALNUT_VMM_IOV_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Copy into, or out of, the buffers. Return how much that was. */
size_t iov_scatter(const struct iovec *iov, unsigned count, const uint8_t *from, size_t size);
size_t iov_gather(const struct iovec *iov, unsigned count, uint8_t *to, size_t size);

/* The list without its first `done` bytes; returns its count. */
unsigned iov_skip(struct iovec *to, const struct iovec *from, unsigned count, uint64_t done);

/* Cuts the list off behind `size` bytes; returns what is left of the count. */
unsigned iov_limit(struct iovec *iov, unsigned count, size_t size);

#endif
