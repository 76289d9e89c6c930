/* Starting the log. */
#include "libkrun.h"

#include <errno.h>
#include <unistd.h>

#include "api/api.h"
#include "log.h"

static enum log_level level_of(uint32_t level)
{
	return level > LOG_LEVEL_TRACE ? LOG_LEVEL_TRACE : (enum log_level)level;
}

KRUN_API int32_t krun_set_log_level(uint32_t level)
{
	log_configure(STDERR_FILENO, level_of(level));
	return 0;
}

KRUN_API int32_t krun_init_log(int target_fd, uint32_t level, uint32_t style, uint32_t options)
{
	if (target_fd == 0 || target_fd < KRUN_LOG_TARGET_DEFAULT || style > KRUN_LOG_STYLE_NEVER ||
	    (options & ~(uint32_t)KRUN_LOG_OPTION_NO_ENV))
		return -EINVAL;
	log_configure(target_fd == KRUN_LOG_TARGET_DEFAULT ? STDERR_FILENO : target_fd, level_of(level));
	return 0;
}
