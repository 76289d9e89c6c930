/* What the guest's kernel says for people: serial port and console port 0. Lines go to
 * the library's log; the last ones are kept, because after a crash they say why. */
#ifndef WALNUT_VMM_GUEST_LOG_H
#define WALNUT_VMM_GUEST_LOG_H

#include <stddef.h>
#include <stdint.h>

struct guest_log {
	const char *source; /* "serial", "console" */
	char line[200];	    /* the one being collected; longer ones are cut */
	size_t size;
	char last[200];	    /* the last complete line that was not empty */
};

void guest_log_write(struct guest_log *log, const void *data, size_t size);

/* The line to quote when the guest died: the unfinished one, else the last one, else
 * "". Ends the unfinished line. */
const char *guest_log_last(struct guest_log *log);

#endif
