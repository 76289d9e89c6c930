/* The terminal that a guest's serial port is: raw while the VM runs, as it was before and
 * after. Job control works: when the process is stopped (SIGTSTP) the terminal is as it was,
 * when it goes on in the foreground (SIGCONT) raw again. */
#ifndef WALNUT_VMM_TERMINAL_H
#define WALNUT_VMM_TERMINAL_H

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

#include "vm/event_loop.h"

struct failure;

struct terminal {
	int fd; /* the caller's */
	bool open, raw;
	struct termios before;
	struct event_source signals; /* signalfd */
	/* Its size has changed (SIGWINCH), on the loop's thread; NULL: does not matter. Set before
	 * it is opened. */
	void (*resized)(struct terminal *terminal);
	sigset_t old_mask;
	struct event_loop *loop;
};

/* Makes the terminal raw and watches the signals on the loop; blocks them for the calling
 * thread, which should create all others. 0, or a negative errno and *failure. Accepts only an
 * object that is zeroed but for `resized`. */
int terminal_open(struct terminal *terminal, int fd, struct event_loop *loop, struct failure *failure);

/* On the thread that opened it. Accepts one that was never opened. */
void terminal_close(struct terminal *terminal);

#endif
