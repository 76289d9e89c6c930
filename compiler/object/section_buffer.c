#include "section_buffer.h"

#include <stdlib.h>
#include <string.h>

void buffer_bytes(struct section_buffer *buffer, const void *bytes, size_t size)
{
	if (!buffer->failed && buffer->capacity - buffer->size < size) {
		size_t capacity = buffer->capacity ? buffer->capacity * 2 : 4096;
		uint8_t *grown;

		while (capacity - buffer->size < size)
			capacity *= 2;
		grown = realloc(buffer->bytes, capacity);
		if (grown) {
			buffer->bytes = grown;
			buffer->capacity = capacity;
		} else {
			buffer->failed = true;
		}
	}
	if (buffer->failed)
		return;
	memcpy(buffer->bytes + buffer->size, bytes, size);
	buffer->size += size;
}

void buffer_u8(struct section_buffer *buffer, uint8_t value)
{
	buffer_bytes(buffer, &value, sizeof(value));
}

/* Little-endian, as is every x86-64 host. */
void buffer_u16(struct section_buffer *buffer, uint16_t value)
{
	buffer_bytes(buffer, &value, sizeof(value));
}

void buffer_u32(struct section_buffer *buffer, uint32_t value)
{
	buffer_bytes(buffer, &value, sizeof(value));
}

void buffer_u64(struct section_buffer *buffer, uint64_t value)
{
	buffer_bytes(buffer, &value, sizeof(value));
}

void buffer_uleb(struct section_buffer *buffer, uint64_t value)
{
	do {
		uint8_t byte = value & 0x7f;

		value >>= 7;
		buffer_u8(buffer, byte | (value ? 0x80 : 0));
	} while (value);
}

void buffer_sleb(struct section_buffer *buffer, int64_t value)
{
	bool more = true;

	while (more) {
		uint8_t byte = value & 0x7f;

		value >>= 7;
		more = !((value == 0 && !(byte & 0x40)) || (value == -1 && byte & 0x40));
		buffer_u8(buffer, byte | (more ? 0x80 : 0));
	}
}

void buffer_string(struct section_buffer *buffer, const char *string)
{
	buffer_bytes(buffer, string, strlen(string) + 1);
}

static void add_relocation(struct section_buffer *buffer, uint32_t symbol, uint32_t type, int64_t addend)
{
	if (!buffer->failed && buffer->relocation_count == buffer->relocation_capacity) {
		size_t capacity = buffer->relocation_capacity ? buffer->relocation_capacity * 2 : 256;
		Elf64_Rela *grown = reallocarray(buffer->relocations, capacity, sizeof(*grown));

		if (grown) {
			buffer->relocations = grown;
			buffer->relocation_capacity = capacity;
		} else {
			buffer->failed = true;
		}
	}
	if (!buffer->failed)
		buffer->relocations[buffer->relocation_count++] = (Elf64_Rela){
			.r_offset = buffer->size, .r_info = ELF64_R_INFO((uint64_t)symbol, type), .r_addend = addend,
		};
}

void buffer_address(struct section_buffer *buffer, uint32_t symbol, int64_t addend)
{
	add_relocation(buffer, symbol, R_X86_64_64, addend);
	buffer_u64(buffer, 0);
}

void buffer_offset(struct section_buffer *buffer, uint32_t symbol, int64_t addend)
{
	add_relocation(buffer, symbol, R_X86_64_32, addend);
	buffer_u32(buffer, 0);
}

void buffer_set_size(struct section_buffer *buffer, size_t at)
{
	uint32_t size = (uint32_t)(buffer->size - at - sizeof(size));

	if (buffer->failed || buffer->size - at - sizeof(size) > UINT32_MAX)
		buffer->failed = true;
	else
		memcpy(buffer->bytes + at, &size, sizeof(size));
}

void buffer_free(struct section_buffer *buffer)
{
	free(buffer->bytes);
	free(buffer->relocations);
	*buffer = (struct section_buffer){ 0 };
}
