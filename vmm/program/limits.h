/* Limits of a container's programs (krun_set_rlimits()), for a WebAssembly program. */
#ifndef WALNUT_VMM_LIMITS_H
#define WALNUT_VMM_LIMITS_H

#include <stdbool.h>

struct command_line;

/* Whether the text is a limit: "NUMBER=SOFT:HARD", all decimal, of 64 bits. */
bool limit_is_one(const char *text);

/* Appends the word by which a Walnut kernel learns those of them that mean something to it; the log names
 * the others. NULL: there are none. */
void limits_add(struct command_line *line, char *const *limits);

#endif
