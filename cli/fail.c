#include "fail.h"

#include <stdarg.h>
#include <stdio.h>

static void print_line(const char *format, va_list arguments)
{
	char line[2048];

	vsnprintf(line, sizeof(line), format, arguments);
	/* Names of files and imports are not ours: they must not forge lines or
	 * drive the terminal. The C1 controls are 0xc2 0x80 to 0xc2 0x9f in UTF-8. */
	for (unsigned char *at = (unsigned char *)line; *at; at++) {
		if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
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
