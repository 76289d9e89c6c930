/* What the arguments of several options are made of. */
#ifndef WALNUT_CLI_OPTION_VALUES_H
#define WALNUT_CLI_OPTION_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* "128M", "1G", "65536": bytes. 0, or -1 for anything else, zero and overflow. */
int option_size(const char *text, uint64_t *bytes);

/* The RAM of a machine, as --mem of the command gives it, in MiB, rounded up. 0, or
 * EXIT_WALNUT_FAILED after a message. */
int option_memory(const char *command, const char *argument, uint32_t *mib);

/* Cuts ":ro" off the end of text, if it is there; whether it was. */
bool option_read_only(char *text);

#endif
