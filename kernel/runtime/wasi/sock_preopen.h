/* Listeners that the program finds open when it starts. */
#ifndef WALNUT_RUNTIME_SOCK_PREOPEN_H
#define WALNUT_RUNTIME_SOCK_PREOPEN_H

#include "cmdline.h"

/* Opens a descriptor for each of the ports, in their order; ends the machine if that fails. */
void sock_preopen(struct cmdline_word ports);

#endif
