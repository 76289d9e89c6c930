/* The text builder; see text.h. */
#include "lib/text.h"

#include "lib/string.h"

void text_bytes(struct text *text, const void *data, size_t size)
{
	size_t room = text->size - text->used;

	if (size > room)
		size = room;
	memcpy(text->data + text->used, data, size);
	text->used += size;
}

void text_string(struct text *text, const char *string)
{
	text_bytes(text, string, strlen(string));
}

void text_printable(struct text *text, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)data[i];

		text_bytes(text, c < 0x20 || c == 0x7f ? "?" : &data[i], 1);
	}
}

static void text_number(struct text *text, uint64_t value, unsigned base)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	text_bytes(text, digits + at, sizeof(digits) - at);
}

void text_unsigned(struct text *text, uint64_t value)
{
	text_number(text, value, 10);
}

void text_signed(struct text *text, int64_t value)
{
	if (value < 0)
		text_string(text, "-");
	text_number(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

void text_hex(struct text *text, uint64_t value)
{
	text_string(text, "0x");
	text_number(text, value, 16);
}
