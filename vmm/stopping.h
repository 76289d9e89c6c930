/* The signals that end a run in good order. */
#ifndef WALNUT_VMM_STOPPING_H
#define WALNUT_VMM_STOPPING_H

#include <signal.h>

/* SIGINT and SIGTERM, less those that the process was told to ignore (nohup, background
 * jobs of a script). */
sigset_t stopping_signals(void);

#endif
