/* One-line messages for failed steps. */
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int failure_set(struct failure *failure, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(failure->text, sizeof(failure->text), format, args);
	va_end(args);
	return error;
}

int failure_errno(struct failure *failure, int error, const char *format, ...)
{
	va_list args;
	size_t n;

	va_start(args, format);
	vsnprintf(failure->text, sizeof(failure->text), format, args);
	va_end(args);
	n = strlen(failure->text);
	snprintf(failure->text + n, sizeof(failure->text) - n, ": %s", strerror(-error));
	return error;
}
