/* A part of the command in a process of its own, for what cannot be done twice in one: a machine
 * whose threads are confined for good. */
#ifndef WALNUT_CLI_SUPERVISE_H
#define WALNUT_CLI_SUPERVISE_H

/* Runs work(opaque) in a child, which ends with what it returns; SIGINT, SIGTERM, SIGHUP, SIGQUIT
 * and SIGTSTP that reach us reach it; when it stops, so do we. The terminal is then as before, whatever became of the child. Returns
 * its exit status; ends by the signal that ended it; or EXIT_WALNUT_FAILED after a message. */
int supervise(int (*work)(void *opaque), void *opaque);

#endif
