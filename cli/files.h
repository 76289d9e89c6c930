/* Small helpers around files. */
#ifndef WALNUT_CLI_FILES_H
#define WALNUT_CLI_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Writes all; 0 or a negative errno. */
int files_write_all(int fd, const void *data, size_t size);

/* Copies from the current position of one to the other until the end. */
int files_copy(int from_fd, int to_fd);

/* Whether both name the same existing file: writing one would destroy the other. */
bool files_same(const char *a, const char *b);

/* The name of an output that the user did not name: the input's last component with
 * another suffix, in the current folder. */
void files_default_output(char output[PATH_MAX], const char *input, const char *suffix);

#endif
