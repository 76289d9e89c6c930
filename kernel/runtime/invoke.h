/* Calls one export with arguments given as text, for `walnut run --invoke`. */
#ifndef WALNUT_RUNTIME_INVOKE_H
#define WALNUT_RUNTIME_INVOKE_H

#include "launch_block.h"
#include "modules.h"

/* Parses the arguments (argv[0] left out) by the function's type, calls it, prints
 * its results on standard output, one a line. Comes back unless something is wrong. */
void invoke_run(const struct walnut_module *module, const char *field, const struct strings *arguments);

#endif
