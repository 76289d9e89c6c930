/* How the command fails: one line on stderr that begins "walnut: ", status 125. */
#ifndef WALNUT_CLI_FAIL_H
#define WALNUT_CLI_FAIL_H

#include <stdbool.h>

#define EXIT_WALNUT_FAILED 125
#define EXIT_TRAPPED 134

/* Prints the line (control characters made visible) and returns EXIT_WALNUT_FAILED. */
__attribute__((format(printf, 1, 2)))
int fail(const char *format, ...);

/* With -v: one line on stderr, like fail() but of no consequence. */
__attribute__((format(printf, 2, 3)))
void note(bool verbose, const char *format, ...);

#endif
