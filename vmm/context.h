/* The contexts of the public API: ids on the outside, settings on the inside. */
#ifndef WALNUT_VMM_CONTEXT_H
#define WALNUT_VMM_CONTEXT_H

#include <stdint.h>

#include "config.h"

/* Returns a new id, or -ENOMEM. */
int32_t context_create(void);

/* The settings of a context, locked until context_release(), or NULL. */
struct vm_config *context_acquire(uint32_t id);
void context_release(void);

/* Takes the context away from its id. The caller frees the settings with
 * context_config_free(). NULL: no such context. */
struct vm_config *context_take(uint32_t id);
void context_config_free(struct vm_config *config);

/* Frees a NULL-terminated array and its strings; accepts NULL. */
void context_strings_free(char **strings);

#endif
