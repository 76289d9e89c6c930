/* The report of a trap. */
#ifndef WALNUT_RUNTIME_BACKTRACE_H
#define WALNUT_RUNTIME_BACKTRACE_H

#include <stdint.h>

/* Writes to standard error why the program ends and which functions it was in, from
 * the code address and frame pointer of the innermost one. */
void backtrace_report(const char *why, uint64_t rip, uint64_t rbp);

#endif
