/* The two kinds of file that `walnut inspect` explains. */
#ifndef WALNUT_CLI_INSPECT_H
#define WALNUT_CLI_INSPECT_H

#include "report.h"
#include "source.h"

/* Both say what is wrong themselves and return EXIT_WALNUT_FAILED then. */
int inspect_module(const struct source *source, bool json);
int inspect_elf(const struct source *source, bool json);

#endif
