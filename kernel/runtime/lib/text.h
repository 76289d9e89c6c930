/* Builds short texts in a caller's buffer: messages, reports. What does not fit is
 * cut off; `used` never exceeds `size`. No terminating NUL. */
#ifndef WALNUT_RUNTIME_TEXT_H
#define WALNUT_RUNTIME_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	char *data;
	size_t size;
	size_t used;
};

#define TEXT_IN(buffer) ((struct text){ .data = (buffer), .size = sizeof(buffer) })

void text_bytes(struct text *text, const void *data, size_t size);
void text_string(struct text *text, const char *string);
/* Names come from the module, and a terminal must not obey them: control characters
 * become question marks. */
void text_printable(struct text *text, const char *data, size_t size);
void text_unsigned(struct text *text, uint64_t value);
void text_signed(struct text *text, int64_t value);
void text_hex(struct text *text, uint64_t value); /* with 0x */

#endif
