/* The image of a module: from the cache, or made and put there. */
#ifndef WALNUT_CLI_FIND_IMAGE_H
#define WALNUT_CLI_FIND_IMAGE_H

#include <stdbool.h>

#include "toolchain.h"

/* *image_fd gets a descriptor, which is all that is left of the work. 0, or an exit status after a
 * message. */
int find_image(struct source *source, const struct compile_settings *settings, bool use_cache,
	       struct scratch *scratch, struct toolchain_times *times, int *image_fd);

#endif
