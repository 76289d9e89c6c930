/* Log lines to one descriptor. */
#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static _Atomic int log_fd = STDERR_FILENO;
static _Atomic int log_level = LOG_LEVEL_OFF;
static _Atomic bool log_colours;

void log_configure(int fd, enum log_level level)
{
	log_fd = fd;
	log_level = (int)level;
}

int log_descriptor(void)
{
	return log_fd;
}

void log_set_colours(bool colours)
{
	log_colours = colours;
}

bool log_enabled(enum log_level level)
{
	return log_level >= (int)level;
}

void log_line(enum log_level level, const char *format, ...)
{
	static const char *const names[] = { "", "error", "warning", "info", "debug", "trace" };
	static const char *const colours[] = { "", "\033[31m", "\033[33m", "\033[32m", "\033[34m", "\033[36m" };
	bool coloured = log_colours;
	char line[512];
	va_list args;
	int n, more;

	if (!log_enabled(level))
		return;
	n = snprintf(line, sizeof(line), "walnut: %s%s%s: ", coloured ? colours[level] : "", names[level],
		     coloured ? "\033[0m" : "");
	va_start(args, format);
	more = vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
	va_end(args);
	if (more < 0)
		return;
	n += more;
	if (n > (int)sizeof(line) - 1)
		n = (int)sizeof(line) - 1;
	line[n++] = '\n'; /* in the NUL's place */
	(void)!write(log_fd, line, (size_t)n);
}
