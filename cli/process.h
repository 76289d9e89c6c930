/* A helper program (compiler, linker, wat2wasm) run to its end. */
#ifndef WALNUT_CLI_PROCESS_H
#define WALNUT_CLI_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#define PROCESS_NOT_FOUND (-2)

/* Runs argv[0] (looked up in PATH where it has no slash) with standard input empty.
 * Where `errors` is not NULL, what it writes to stderr is kept there (cut at size);
 * else it goes to ours. SIGINT and SIGTERM that reach us meanwhile reach it too.
 *
 * Returns its exit status; 128 + the signal that ended it; the same when it was we
 * who were interrupted, however it ended; PROCESS_NOT_FOUND; or -1 when it could not
 * be started. The child does not outlive us. */
int process_run(const char *const argv[], char *errors, size_t errors_size);

/* Whether a program of that name is in PATH. */
bool process_in_path(const char *name);

#endif
