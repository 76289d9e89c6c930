/* Where Walnut's own files are: beside an installed command, or in the build
 * directory of one that is not. WALNUT_LIBEXEC and WALNUT_LIB override. */
#ifndef WALNUT_CLI_PATHS_H
#define WALNUT_CLI_PATHS_H

#include <limits.h>

struct paths {
	char compiler[PATH_MAX];	/* walnut-cc */
	char kernel_archive[PATH_MAX];	/* libwalnut-kernel.a */
	char linker_script[PATH_MAX];	/* walnut.ld */
	char stack_archive[PATH_MAX];	/* libwalnut-lwip.a; "": there is none */
};

/* Fills in *paths; 0, or EXIT_WALNUT_FAILED after a message that names what is
 * missing. */
int paths_find(struct paths *paths);

#endif
