/* Starting the log. */
#include "libkrun.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "api/api.h"
#include "log.h"

#define LEVEL_VARIABLE "RUST_LOG" /* the name that users of libkrun know */

static enum log_level level_of(uint32_t level)
{
	return level > LOG_LEVEL_TRACE ? LOG_LEVEL_TRACE : (enum log_level)level;
}

/* What the environment wants, where it names a level; else `level`. */
static enum log_level level_wanted(enum log_level level)
{
	static const char *const names[] = { "off", "error", "warn", "info", "debug", "trace" };
	const char *value = getenv(LEVEL_VARIABLE);

	for (unsigned i = 0; value && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(value, names[i]) == 0)
			return (enum log_level)i;
	return level;
}

static bool wants_colours(int fd, uint32_t style)
{
	if (style == KRUN_LOG_STYLE_AUTO)
		return isatty(fd) && !getenv("NO_COLOR");
	return style == KRUN_LOG_STYLE_ALWAYS;
}

KRUN_API int32_t krun_set_log_level(uint32_t level)
{
	return krun_init_log(KRUN_LOG_TARGET_DEFAULT, level, KRUN_LOG_STYLE_AUTO, 0);
}

KRUN_API int32_t krun_init_log(int target_fd, uint32_t level, uint32_t style, uint32_t options)
{
	enum log_level wanted = level_of(level);

	if (target_fd == 0 || target_fd < KRUN_LOG_TARGET_DEFAULT)
		return api_refuse(-EINVAL, "descriptor %d", target_fd);
	if (style > KRUN_LOG_STYLE_NEVER || (options & ~(uint32_t)KRUN_LOG_OPTION_NO_ENV))
		return api_refuse(-EINVAL, "no such style or option");
	if (!(options & KRUN_LOG_OPTION_NO_ENV))
		wanted = level_wanted(wanted);
	if (target_fd == KRUN_LOG_TARGET_DEFAULT)
		target_fd = STDERR_FILENO;
	log_set_colours(wants_colours(target_fd, style));
	log_configure(target_fd, wanted);
	return 0;
}
