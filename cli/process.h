/* A helper program (compiler, linker, wat2wasm) run to its end. */
#ifndef WALNUT_CLI_PROCESS_H
#define WALNUT_CLI_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#define PROCESS_NOT_FOUND (-2)

/* While held, SIGINT, SIGTERM and SIGHUP reach this process only inside process_run(); so
 * that what is made between the steps can be taken away. Afterwards a signal that came
 * meanwhile has its usual effect. */
struct process_hold {
	sigset_t old;
};
void process_hold(struct process_hold *hold);
void process_release(const struct process_hold *hold);

/* Waits until `fd` takes output (-1: none is asked), or for timeout_ms (-1: as long as it
 * takes). 0, or -1 when a held signal waits, which process_release() will let through. */
int process_wait(int fd, int timeout_ms);

/* Runs argv[0] (looked up in PATH where it has no slash) with standard input empty.
 * Where `errors` is not NULL, what it writes to stderr is kept there (cut at size);
 * else it goes to ours. SIGINT and SIGTERM that reach us meanwhile reach it too.
 *
 * Returns its exit status; 128 + the signal that ended it; the same when it was we
 * who were interrupted, however it ended; PROCESS_NOT_FOUND; or -1 when it could not
 * be started. The child does not outlive us. */
int process_run(const char *const argv[], char *errors, size_t errors_size);

/* The signal that ended a process_run(), or 0. */
int process_interrupted_by(void);

/* Ends this process by the signal: a shell wants to see the signal itself, not only its
 * number (a loop of runs is then ended by one Ctrl-C). Returns where the signal does not
 * end it. */
void process_end_by_signal(int number);

/* Whether a program of that name is in PATH. */
bool process_in_path(const char *name);

#endif
