/* See bytes.h. Memory that runs out ends the program. */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}

void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
	if (bytes->size + size > bytes->capacity) {
		bytes->capacity = 2 * (bytes->size + size);
		bytes->data = realloc(bytes->data, bytes->capacity);
		if (!bytes->data)
			abort();
	}
	if (size)
		memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

void bytes_u8(struct bytes *bytes, uint8_t value)
{
	bytes_add(bytes, &value, 1);
}

void bytes_unsigned(struct bytes *bytes, uint64_t value)
{
	while (value >= 0x80) {
		bytes_u8(bytes, (uint8_t)(value | 0x80));
		value >>= 7;
	}
	bytes_u8(bytes, (uint8_t)value);
}

void bytes_signed(struct bytes *bytes, int64_t value)
{
	while (value < -64 || value > 63) {
		bytes_u8(bytes, (uint8_t)(value | 0x80));
		value >>= 7;
	}
	bytes_u8(bytes, (uint8_t)(value & 0x7f));
}

void bytes_name(struct bytes *bytes, const char *name)
{
	bytes_unsigned(bytes, strlen(name));
	bytes_add(bytes, name, strlen(name));
}

void bytes_opcode(struct bytes *bytes, uint32_t opcode)
{
	if (opcode < 0x100) {
		bytes_u8(bytes, (uint8_t)opcode);
		return;
	}
	bytes_u8(bytes, (uint8_t)(opcode >> 12));
	bytes_unsigned(bytes, opcode & 0xfff);
}

void bytes_sized(struct bytes *bytes, struct bytes *contents)
{
	bytes_unsigned(bytes, contents->size);
	bytes_add(bytes, contents->data, contents->size);
	bytes_free(contents);
}
