/* The strings that the program gets from WASI. */
#ifndef WALNUT_RUNTIME_ARGS_H
#define WALNUT_RUNTIME_ARGS_H

#include "launch_block.h"

/* Both stay where they are. */
void args_set(const struct strings *arguments, const struct strings *environment);

#endif
