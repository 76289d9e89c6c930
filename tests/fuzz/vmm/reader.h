/* A fuzzer's input, taken from its front. Behind its end come zeroes. */
#ifndef WALNUT_FUZZ_READER_H
#define WALNUT_FUZZ_READER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *data;
	size_t size;
};

/* As many bytes as are left of that many. */
static inline const uint8_t *take_bytes(struct reader *r, size_t *size)
{
	const uint8_t *bytes = r->data;

	if (*size > r->size)
		*size = r->size;
	r->data += *size;
	r->size -= *size;
	return bytes;
}

/* A number of up to 8 bytes. */
static inline uint64_t take(struct reader *r, size_t size)
{
	uint64_t value = 0;
	const uint8_t *bytes = take_bytes(r, &size);

	memcpy(&value, bytes, size);
	return value;
}

#endif
