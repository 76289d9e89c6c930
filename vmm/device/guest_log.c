/* Collects guest text into printable lines. */
#include "device/guest_log.h"

#include <string.h>

#include "log.h"

static void end_line(struct guest_log *log)
{
	if (log->size == 0)
		return;
	log->line[log->size] = '\0';
	memcpy(log->last, log->line, log->size + 1);
	log->size = 0;
	log_line(LOG_LEVEL_INFO, "guest %s: %s", log->source, log->last);
}

void guest_log_write(struct guest_log *log, const void *data, size_t size)
{
	const uint8_t *at = data;

	for (; size > 0; at++, size--) {
		if (*at == '\n')
			end_line(log);
		else if (*at >= 0x20 && *at < 0x7f && log->size + 1 < sizeof(log->line))
			log->line[log->size++] = (char)*at;
	}
}

const char *guest_log_last(struct guest_log *log)
{
	end_line(log);
	return log->last;
}
