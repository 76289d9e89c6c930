/* The directories that are open from the start. */
#ifndef WALNUT_RUNTIME_PREOPEN_H
#define WALNUT_RUNTIME_PREOPEN_H

#include "launch_block.h"

/* Opens them as descriptors from 3 on. The strings stay where they are. Weak in main.c: it is
 * part of the image only if the program imports something that needs it. */
void preopen_init(const struct strings *names);

#endif
