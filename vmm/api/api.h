/* What the files of the public API share: one file for each family of functions, each
 * function the same way: check the arguments, take the context, change its settings, let go.
 * Who refuses says why in the log. */
#ifndef WALNUT_VMM_API_H
#define WALNUT_VMM_API_H

#include <stdint.h>

#include "context.h"

/* Marks what the shared library exports; all else is hidden. */
#define KRUN_API __attribute__((visibility("default")))

/* Logs why the public function that this is used in refuses, and gives `error` back. */
#define api_refuse(error, ...) api_refuse_for(__func__, error, __VA_ARGS__)
__attribute__((format(printf, 3, 4)))
int api_refuse_for(const char *function, int error, const char *format, ...);

/* The settings of a context, locked until api_release(). NULL, and a line in the log: there is no
 * such context; the function returns -ENOENT. */
#define api_acquire(ctx_id) api_acquire_for(__func__, ctx_id)
struct vm_config *api_acquire_for(const char *function, uint32_t ctx_id);

/* Lets go of the context, logs what `error` (0 or a negative errno) means, and gives it back. */
#define api_release(error) api_release_for(__func__, error)
int api_release_for(const char *function, int error);

/* Replaces *field by a copy of `value` (NULL: none). 0 or -ENOMEM. */
int api_set_string(char **field, const char *value);

/* Replaces *field by copies of `first` (if any) and then of the strings of the NULL-terminated
 * array (NULL: none). 0, -ENOMEM, or -E2BIG. */
int api_set_strings(char ***field, const char *first, const char *const *strings);

#endif
