#include "virtio/iov.h"

#include <string.h>

size_t iov_scatter(const struct iovec *iov, unsigned count, const uint8_t *from, size_t size)
{
	size_t done = 0;

	for (unsigned i = 0; i < count && done < size; i++) {
		size_t n = iov[i].iov_len < size - done ? iov[i].iov_len : size - done;

		memcpy(iov[i].iov_base, from + done, n);
		done += n;
	}
	return done;
}

size_t iov_gather(const struct iovec *iov, unsigned count, uint8_t *to, size_t size)
{
	size_t done = 0;

	for (unsigned i = 0; i < count && done < size; i++) {
		size_t n = iov[i].iov_len < size - done ? iov[i].iov_len : size - done;

		memcpy(to + done, iov[i].iov_base, n);
		done += n;
	}
	return done;
}

unsigned iov_skip(struct iovec *to, const struct iovec *from, unsigned count, uint64_t done)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++) {
		if (done >= from[i].iov_len) {
			done -= from[i].iov_len;
			continue;
		}
		to[n].iov_base = (char *)from[i].iov_base + done;
		to[n++].iov_len = from[i].iov_len - done;
		done = 0;
	}
	return n;
}

unsigned iov_limit(struct iovec *iov, unsigned count, size_t size)
{
	for (unsigned i = 0; i < count; i++) {
		if (iov[i].iov_len >= size) {
			iov[i].iov_len = size;
			return i + 1;
		}
		size -= iov[i].iov_len;
	}
	return count;
}
