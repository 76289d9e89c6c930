/* The content of a section as it is being written, and the relocations in it. */
#ifndef WALNUT_COMPILER_SECTION_BUFFER_H
#define WALNUT_COMPILER_SECTION_BUFFER_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct section_buffer {
	uint8_t *bytes;
	size_t size, capacity;
	Elf64_Rela *relocations;
	size_t relocation_count, relocation_capacity;
	bool failed; /* memory ran out: nothing is added any more */
};

void buffer_bytes(struct section_buffer *buffer, const void *bytes, size_t size);
void buffer_u8(struct section_buffer *buffer, uint8_t value);
void buffer_u16(struct section_buffer *buffer, uint16_t value);
void buffer_u32(struct section_buffer *buffer, uint32_t value);
void buffer_u64(struct section_buffer *buffer, uint64_t value);
void buffer_uleb(struct section_buffer *buffer, uint64_t value);
void buffer_sleb(struct section_buffer *buffer, int64_t value);
void buffer_string(struct section_buffer *buffer, const char *string); /* with its NUL */
/* Symbol's address + addend, in 8 bytes or in 4 (an offset in a debug section). */
void buffer_address(struct section_buffer *buffer, uint32_t symbol, int64_t addend);
void buffer_offset(struct section_buffer *buffer, uint32_t symbol, int64_t addend);
/* Puts the number of bytes behind `at + 4` into the four bytes there. */
void buffer_set_size(struct section_buffer *buffer, size_t at);
void buffer_free(struct section_buffer *buffer);

#endif
