/* The library's log: off until krun_set_log_level() or krun_init_log(). One per
 * process, as the API has it; lines are written whole, so threads may share it. */
#ifndef WALNUT_VMM_LOG_H
#define WALNUT_VMM_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_OFF = 0,
	LOG_LEVEL_ERROR = 1,
	LOG_LEVEL_WARN = 2,
	LOG_LEVEL_INFO = 3,
	LOG_LEVEL_DEBUG = 4,
	LOG_LEVEL_TRACE = 5,
};

void log_configure(int fd, enum log_level level);
/* Where lines go. */
int log_descriptor(void);

void log_set_colours(bool colours); /* off at first */
bool log_enabled(enum log_level level);

__attribute__((format(printf, 2, 3)))
void log_line(enum log_level level, const char *format, ...);

#endif
