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

static void add(struct command_line *line, bool space, const char *format, va_list args)
{
	size_t at = line->size;
	int n;

	if (space) {
		if (at + 1 >= line->capacity) {
			line->overflow = true;
			return;
		}
		line->text[at++] = ' ';
	}
	n = vsnprintf(line->text + at, line->capacity - at, format, args);
	if (n < 0 || (size_t)n >= line->capacity - at) {
		line->text[line->size] = '\0';
		line->overflow = true;
		return;
	}
	line->size = at + (size_t)n;
}

void command_line_add(struct command_line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(line, line->size > 0, format, args);
	va_end(args);
}

void command_line_append(struct command_line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(line, false, format, args);
	va_end(args);
}

void command_line_check(struct command_line *line, const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			line->unprintable = true;
}

void command_line_add_text(struct command_line *line, const char *text)
{
	command_line_check(line, text);
	command_line_add(line, "%s", text);
}
