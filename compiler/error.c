/* The error record of a compilation and its one-line form. */
#include "error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Messages may quote names out of a module: keep what would move a terminal's
 * cursor or change its state (C0 and C1 controls) from getting there. */
static void defuse(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
	}
}

int walnut_error_set(struct walnut_error *error, int kind, const char *section, uint32_t function,
		     uint64_t offset, const char *format, ...)
{
	va_list args;

	if (error->set)
		return -1;
	error->set = true;
	error->kind = kind;
	error->function = function;
	error->offset = offset;
	snprintf(error->section, sizeof(error->section), "%s", section ? section : "");
	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	defuse(error->message);
	return -1;
}

void walnut_error_format(const struct walnut_error *error, char *buffer, size_t size)
{
	if (!error->section[0])
		snprintf(buffer, size, "%s", error->message);
	else if (error->function == WALNUT_NO_FUNCTION)
		snprintf(buffer, size, "%s section, offset 0x%" PRIx64 ": %s", error->section,
			 error->offset, error->message);
	else
		snprintf(buffer, size, "%s section, function %" PRIu32 ", offset 0x%" PRIx64 ": %s",
			 error->section, error->function, error->offset, error->message);
}
