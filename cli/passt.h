/* passt(1), the network of the host for a machine without privileges: a process of its own. */
#ifndef WALNUT_CLI_PASST_H
#define WALNUT_CLI_PASST_H

#include <stddef.h>

/* Starts it. Returns our end of the socket to it, close-on-exec, which ends it when it is closed; or
 * a negative errno with one line in `message`. `arguments` (at most PASST_ARGUMENTS_MAX, NULL-terminated; NULL:
 * none) are put behind its own. */
#define PASST_ARGUMENTS_MAX 256
int passt_start(const char *const *arguments, char *message, size_t size);

#endif
