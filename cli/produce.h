/* What `walnut compile` and `walnut build` have in common: options, and the way from one
 * module to one output file. */
#ifndef WALNUT_CLI_PRODUCE_H
#define WALNUT_CLI_PRODUCE_H

#include "options.h"
#include "scratch.h"
#include "toolchain.h"

enum { PRODUCE_OUTPUT = 1, PRODUCE_LEVEL, PRODUCE_DEBUG, PRODUCE_CPU, PRODUCE_OWN };

#define PRODUCE_OPTIONS(suffix)                                                                          \
	{ "output", 'o', "FILE", "output, - for stdout; default: the module's name with " suffix,        \
	  PRODUCE_OUTPUT },                                                                               \
	{ NULL, 'O', "0…3", "optimisation level, default 2", PRODUCE_LEVEL },                            \
	{ NULL, 'g', NULL, "keep functions and lines for a debugger", PRODUCE_DEBUG },                    \
	{ "target-cpu", 0, "CPU", "LLVM's name, or native; default x86-64-v2", PRODUCE_CPU }

struct production {
	const struct usage *usage;
	/* Options from PRODUCE_OWN on; NULL: none. Returns 0, or an exit status after a
	 * message. */
	int (*apply)(struct production *production, int id, const char *argument);
	/* Makes the result in the scratch folder and names it. 0 or an exit status. */
	int (*make)(const struct paths *paths, struct source *source, const struct compile_settings *settings,
		    struct scratch *scratch, char path[PATH_MAX]);
	const char *suffix; /* of an output that is not named */
	unsigned mode;	    /* its permissions, as for open(2) */
	struct compile_settings settings;
	const char *output; /* NULL: not named */
};

/* Runs the command; its exit status. */
int produce(struct production *production, int argc, char **argv);

#endif
