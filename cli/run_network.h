/* The network of a program's machine. */
#ifndef WALNUT_CLI_RUN_NETWORK_H
#define WALNUT_CLI_RUN_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "run_options.h"

/* What the options say, for the machine and for the kernel's command line; `image` is the kernel.
 * *passt_fd as net_option_add(). 0, or a negative errno with one line in `message`. */
int run_network_configure(const struct run_options *options, uint32_t context, const char *image, int *passt_fd,
			  char *message, size_t size);

#endif
