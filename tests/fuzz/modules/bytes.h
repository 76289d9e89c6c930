/* A growing byte string with the encodings of the binary format (core spec 5.2). */
#ifndef WALNUT_FUZZ_BYTES_H
#define WALNUT_FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *data;
	size_t size, capacity;
};

void bytes_free(struct bytes *bytes);
void bytes_add(struct bytes *bytes, const void *data, size_t size);
void bytes_u8(struct bytes *bytes, uint8_t value);
void bytes_unsigned(struct bytes *bytes, uint64_t value); /* LEB128 */
void bytes_signed(struct bytes *bytes, int64_t value);
void bytes_name(struct bytes *bytes, const char *name);
/* An opcode as opcodes.def has it: the byte, or prefix << 12 | sub-opcode. */
void bytes_opcode(struct bytes *bytes, uint32_t opcode);
/* A section, or anything else that its size precedes; `contents` is freed. */
void bytes_sized(struct bytes *bytes, struct bytes *contents);

#endif
