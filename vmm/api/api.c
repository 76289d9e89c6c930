#include "api/api.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "log.h"

#define STRINGS_MAX (1u << 20) /* entries of an argument or environment array; Linux has less */

int api_refuse_for(const char *function, int error, const char *format, ...)
{
	char why[256];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	log_line(LOG_LEVEL_ERROR, "%s: %s", function, why);
	return error;
}

struct vm_config *api_acquire_for(const char *function, uint32_t ctx_id)
{
	struct vm_config *config = context_acquire(ctx_id);

	if (!config)
		api_refuse_for(function, -ENOENT, "there is no context %u", ctx_id);
	return config;
}

int api_release_for(const char *function, int error)
{
	context_release();
	if (error)
		api_refuse_for(function, error, "%s", strerror(-error));
	return error;
}

int api_set_string(char **field, const char *value)
{
	char *copy = NULL;

	if (value) {
		copy = strdup(value);
		if (!copy)
			return -ENOMEM;
	}
	free(*field);
	*field = copy;
	return 0;
}

int api_set_strings(char ***field, const char *first, const char *const *strings)
{
	size_t count = 0, n = 0;
	char **copy;

	while (strings && strings[count])
		if (++count > STRINGS_MAX)
			return -E2BIG;
	copy = calloc(count + 2, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	if (first)
		copy[n++] = strdup(first);
	for (size_t i = 0; i < count && (n == 0 || copy[n - 1]); i++)
		copy[n++] = strdup(strings[i]);
	if (n > 0 && !copy[n - 1]) {
		context_strings_free(copy);
		return -ENOMEM;
	}
	context_strings_free(*field);
	*field = copy;
	return 0;
}
