/* Bytes, LEB128 integers and names. */
#include "wasm/reader.h"

#include <stdarg.h>
#include <stdio.h>

#include "wasm/utf8.h"

int wasm_reader_fail(const struct wasm_code_reader *reader, struct walnut_error *error, int kind,
		     uint64_t offset, const char *format, ...)
{
	char message[sizeof(error->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return walnut_error_set(error, kind, reader->section, reader->function, offset, "%s",
				message);
}

static int malformed(const struct wasm_code_reader *reader, struct walnut_error *error,
		     const uint8_t *at, const char *message)
{
	return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED,
				reader->offset + (uint64_t)(at - reader->begin), "%s", message);
}

int wasm_read_byte(struct wasm_code_reader *reader, uint8_t *value, struct walnut_error *error)
{
	if (reader->at == reader->end)
		return malformed(reader, error, reader->at, "unexpected end");
	*value = *reader->at++;
	return 0;
}

int wasm_read_bytes(struct wasm_code_reader *reader, size_t size, const uint8_t **bytes,
		    struct walnut_error *error)
{
	if (size > wasm_reader_left(reader)) {
		return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED,
					wasm_reader_offset(reader),
					"unexpected end: %zu bytes announced, %zu left", size,
					wasm_reader_left(reader));
	}
	*bytes = reader->at;
	reader->at += size;
	return 0;
}

/* The general LEB128 of `bits` bits. The last byte that fits has bits % 7 payload
 * bits; the others in it must be zero, or copies of the sign. */
static int read_leb(struct wasm_code_reader *reader, unsigned bits, bool is_signed,
		    uint64_t *value, struct walnut_error *error)
{
	const uint8_t *start = reader->at;
	uint64_t result = 0;

	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte;

		if (wasm_read_byte(reader, &byte, error))
			return -1;
		result |= (uint64_t)(byte & 0x7f) << shift;
		if (shift + 7 >= bits) {
			unsigned used = bits - shift; /* 1 … 7 */
			uint8_t unused = 0x7f & (uint8_t)(0x7fu << (is_signed ? used - 1 : used));
			uint8_t got = byte & unused;

			if (byte & 0x80)
				return malformed(reader, error, start,
						 "integer representation too long");
			if (got != 0 && !(is_signed && got == unused))
				return malformed(reader, error, start, "integer too large");
		}
		if (!(byte & 0x80)) {
			if (is_signed && shift + 7 < 64 && (byte & 0x40))
				result |= ~UINT64_C(0) << (shift + 7);
			break;
		}
	}
	*value = result;
	return 0;
}

int wasm_read_u32(struct wasm_code_reader *reader, uint32_t *value, struct walnut_error *error)
{
	uint64_t wide;

	/* Most integers in a module are below 128. */
	if (reader->at != reader->end && *reader->at < 0x80) {
		*value = *reader->at++;
		return 0;
	}
	if (read_leb(reader, 32, false, &wide, error))
		return -1;
	*value = (uint32_t)wide;
	return 0;
}

int wasm_read_u64(struct wasm_code_reader *reader, uint64_t *value, struct walnut_error *error)
{
	return read_leb(reader, 64, false, value, error);
}

int wasm_read_s32(struct wasm_code_reader *reader, int32_t *value, struct walnut_error *error)
{
	uint64_t wide;

	if (read_leb(reader, 32, true, &wide, error))
		return -1;
	*value = (int32_t)(uint32_t)wide;
	return 0;
}

int wasm_read_s33(struct wasm_code_reader *reader, int64_t *value, struct walnut_error *error)
{
	uint64_t wide;

	if (read_leb(reader, 33, true, &wide, error))
		return -1;
	*value = (int64_t)wide;
	return 0;
}

int wasm_read_s64(struct wasm_code_reader *reader, int64_t *value, struct walnut_error *error)
{
	uint64_t wide;

	if (read_leb(reader, 64, true, &wide, error))
		return -1;
	*value = (int64_t)wide;
	return 0;
}

int wasm_read_count(struct wasm_code_reader *reader, size_t element_size, uint32_t limit,
		    const char *what, uint32_t *count, struct walnut_error *error)
{
	uint64_t offset = wasm_reader_offset(reader);

	if (wasm_read_u32(reader, count, error))
		return -1;
	if (*count > wasm_reader_left(reader) / element_size) {
		return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
					"unexpected end: %u %s announced, %zu bytes left", *count,
					what, wasm_reader_left(reader));
	}
	if (*count > limit) {
		return wasm_reader_fail(reader, error, WALNUT_ERROR_LIMIT, offset,
					"%u %s: more than the limit of %u", *count, what, limit);
	}
	return 0;
}

int wasm_read_name(struct wasm_code_reader *reader, struct wasm_bytes *name,
		   struct walnut_error *error)
{
	uint32_t size;

	if (wasm_read_count(reader, 1, UINT32_MAX, "bytes of a name", &size, error) ||
	    wasm_read_bytes(reader, size, &name->data, error))
		return -1;
	name->size = size;
	if (!wasm_utf8_valid(name->data, name->size))
		return malformed(reader, error, name->data, "malformed UTF-8 encoding");
	return 0;
}
