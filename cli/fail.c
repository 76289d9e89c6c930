#include "fail.h"

#include <stdarg.h>
#include <stdio.h>

static void print_line(const char *format, va_list arguments)
{
	char line[2048];

	vsnprintf(line, sizeof(line), format, arguments);
	/* Names of files and imports are not ours: they must not forge lines or
	 * drive the terminal. */
	for (char *at = line; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	}
	fprintf(stderr, "walnut: %s\n", line);
}

int fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(format, arguments);
	va_end(arguments);
	return EXIT_WALNUT_FAILED;
}

void note(bool verbose, const char *format, ...)
{
	va_list arguments;

	if (!verbose)
		return;
	va_start(arguments, format);
	print_line(format, arguments);
	va_end(arguments);
}
