/* How a step of building or running a VM says what went wrong: a negative errno for
 * the program, one line for the person. */
#ifndef WALNUT_VMM_FAILURE_H
#define WALNUT_VMM_FAILURE_H

struct failure {
	char text[256]; /* one line, no newline; empty: nothing said yet */
};

/* Stores the line and returns `error`, so that callers can return it on. */
__attribute__((format(printf, 3, 4)))
int failure_set(struct failure *failure, int error, const char *format, ...);

/* The same with ": " and strerror(-error) appended. */
__attribute__((format(printf, 3, 4)))
int failure_errno(struct failure *failure, int error, const char *format, ...);

#endif
