/* Output files: they appear whole or not at all. */
#ifndef WALNUT_CLI_PUBLISH_H
#define WALNUT_CLI_PUBLISH_H

/* The name that stands for standard output. */
#define PUBLISH_STDOUT "-"

/* Copies `source` to `target`, so that target is replaced at once, by rename. Where it is
 * a symbolic link the file that the link names is replaced and the link stays, as with a
 * program that writes through it. Where it is no regular file (a pipe, a device, standard
 * output) the content is written to it, however long its reader takes. `mode` as for
 * open(2).
 *
 * 0 or a negative errno; -EINTR: a signal of those that process_hold() keeps waits. */
int publish_file(const char *source, const char *target, unsigned mode);

#endif
