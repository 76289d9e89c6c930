/* The command line builder. */
#include "boot/command_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void command_line_init(struct command_line *line, char *buffer, size_t capacity)
{
	*line = (struct command_line){ .text = buffer, .capacity = capacity };
	line->text[0] = '\0';
}

void command_line_add(struct command_line *line, const char *format, ...)
{
	size_t at = line->size;
	va_list args;
	int n;

	if (at > 0) {
		if (at + 1 >= line->capacity) {
			line->overflow = true;
			return;
		}
		line->text[at++] = ' ';
	}
	va_start(args, format);
	n = vsnprintf(line->text + at, line->capacity - at, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= line->capacity - at) {
		line->text[line->size] = '\0';
		line->overflow = true;
		return;
	}
	line->size = at + (size_t)n;
}

void command_line_add_text(struct command_line *line, const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			line->unprintable = true;
	command_line_add(line, "%s", text);
}
