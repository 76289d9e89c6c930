/* Reads the encodings of unwind tables. The tables are the compiler's own, but an image
 * may be damaged: a cursor never leaves its bytes, it only fails. */
#ifndef WALNUT_RUNTIME_UNWIND_BYTES_H
#define WALNUT_RUNTIME_UNWIND_BYTES_H

#include <stdbool.h>
#include <stdint.h>

struct cursor {
	const uint8_t *at, *end;
	bool failed; /* something was not there, or not as expected; then all reads are 0 */
};

static inline uint64_t cursor_fixed(struct cursor *cursor, unsigned size)
{
	uint64_t value = 0;

	if (cursor->failed || (uint64_t)(cursor->end - cursor->at) < size) {
		cursor->failed = true;
		return 0;
	}
	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)cursor->at[i] << 8 * i;
	cursor->at += size;
	return value;
}

static inline uint8_t cursor_byte(struct cursor *cursor)
{
	return (uint8_t)cursor_fixed(cursor, 1);
}

/* LEB128 of up to 64 bits; *shift gets how many bits there were. */
static inline uint64_t cursor_leb(struct cursor *cursor, unsigned *shift)
{
	uint64_t value = 0;
	uint8_t byte;

	*shift = 0;
	do {
		byte = cursor_byte(cursor);
		if (*shift >= 64)
			cursor->failed = true;
		else
			value |= (uint64_t)(byte & 0x7f) << *shift;
		*shift += 7;
	} while (byte & 0x80 && !cursor->failed);
	return cursor->failed ? 0 : value;
}

static inline uint64_t cursor_uleb(struct cursor *cursor)
{
	unsigned shift;

	return cursor_leb(cursor, &shift);
}

static inline int64_t cursor_sleb(struct cursor *cursor)
{
	unsigned shift;
	uint64_t value = cursor_leb(cursor, &shift);

	if (shift && shift < 64 && value >> (shift - 1) & 1)
		value |= UINT64_MAX << shift;
	return (int64_t)value;
}

/* A 32-bit offset from its own place: the address; 0: the offset is 0. */
static inline uint64_t cursor_relative(struct cursor *cursor)
{
	uint64_t place = (uint64_t)cursor->at;
	int32_t offset = (int32_t)cursor_fixed(cursor, 4);

	return offset ? place + (uint64_t)(int64_t)offset : 0;
}

static inline void cursor_skip(struct cursor *cursor, uint64_t size)
{
	if (cursor->failed || size > (uint64_t)(cursor->end - cursor->at))
		cursor->failed = true;
	else
		cursor->at += size;
}

#endif
