/* Files that appear whole or not at all, and a scratch folder that goes away. */
#ifndef WALNUT_CLI_FILES_H
#define WALNUT_CLI_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* A folder of ours in $TMPDIR (or /tmp) for what a compilation leaves between its
 * steps. files_scratch_remove() takes it away with the files in it; it accepts a
 * folder that was never made. */
struct scratch {
	char path[PATH_MAX]; /* "" : none */
};
int files_scratch_make(struct scratch *scratch); /* 0 or a negative errno */
void files_scratch_remove(struct scratch *scratch);

/* Writes all; 0 or a negative errno. */
int files_write_all(int fd, const void *data, size_t size);

/* Copies from the current position of one to the other until the end. */
int files_copy(int from_fd, int to_fd);

/* Copies `source` to `target` so that target is replaced at once, by rename; where
 * target exists and is no regular file (a device, a pipe, a symbolic link), its content is
 * written to it. `mode` as for open(2). 0 or a negative errno. */
int files_publish(const char *source, const char *target, unsigned mode);

/* Whether both name the same existing file: writing one would destroy the other. */
bool files_same(const char *a, const char *b);

/* "-" is standard output. */
const char *files_output_name(const char *argument);

/* The name of an output that the user did not name: the input's last component with
 * another suffix, in the current folder. */
void files_default_output(char output[PATH_MAX], const char *input, const char *suffix);

#endif
