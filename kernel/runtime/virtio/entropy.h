/* Random bytes: from the virtio entropy device (virtio 1.2, section 5.4), which is
 * not touched before the first use; where there is none, from the processor. */
#ifndef WALNUT_RUNTIME_ENTROPY_H
#define WALNUT_RUNTIME_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>

/* Fills in all of it. False: there is no source of randomness. */
bool entropy_get(void *data, size_t size);

#endif
