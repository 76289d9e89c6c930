/* Soft limits count: there is nothing by which a program could raise one up to the hard limit. */
#include "program/limits.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "boot/command_line.h"
#include "log.h"

/* By the kernel's names (kernel/runtime/cmdline.h). */
static const struct {
	unsigned long long resource;
	const char *name;
} known[] = {
	{ RLIMIT_NOFILE, "descriptors" },
	{ RLIMIT_AS, "memory" },
};

/* A number and what has to follow it. */
static bool take(const char **text, char after, unsigned long long *value)
{
	char *end;

	if (strspn(*text, "0123456789") == 0)
		return false;
	errno = 0;
	*value = strtoull(*text, &end, 10);
	if (errno || *end != after)
		return false;
	*text = end + 1;
	return true;
}

static bool parse(const char *text, unsigned long long *resource, unsigned long long *soft)
{
	unsigned long long hard;

	return take(&text, '=', resource) && take(&text, ':', soft) && take(&text, '\0', &hard);
}

bool limit_is_one(const char *text)
{
	unsigned long long resource, soft;

	return parse(text, &resource, &soft);
}

static const char *name_of(unsigned long long resource)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].resource == resource)
			return known[i].name;
	return NULL;
}

void limits_add(struct command_line *line, char *const *limits)
{
	unsigned long long resource, soft;
	bool first = true;

	for (size_t i = 0; limits && limits[i]; i++) {
		const char *name;

		if (!parse(limits[i], &resource, &soft) || soft == RLIM_INFINITY)
			continue;
		name = name_of(resource);
		if (!name) {
			log_line(LOG_LEVEL_WARN, "limit %s: has no meaning for a WebAssembly program", limits[i]);
			continue;
		}
		if (first)
			command_line_add(line, "walnut.limits=%s:%llu", name, soft);
		else
			command_line_append(line, ",%s:%llu", name, soft);
		first = false;
	}
}
