/* Options from a table: each subcommand lists what it takes, and the same table
 * makes its --help. */
#ifndef WALNUT_CLI_OPTIONS_H
#define WALNUT_CLI_OPTIONS_H

struct option_spec {
	const char *name;     /* without the dashes; NULL: short only */
	char letter;	      /* 0: long only */
	const char *argument; /* what --help calls it; NULL: a flag */
	const char *help;
	int id;		      /* > 0; what apply() gets */
};

struct usage {
	const char *command;  /* "run" */
	const char *operands; /* "APP.wasm [ARGS…]" */
	const char *summary;
	const struct option_spec *options; /* ends with id 0 */
	const char *epilogue; /* after the options, or NULL */
};

#define OPTIONS_HELP (-1) /* help was printed */

/* Calls apply(opaque, id, argument) for each option up to the first operand. Returns
 * the index of that operand in argv, OPTIONS_HELP, or -EXIT_WALNUT_FAILED after a
 * message. A nonzero return of apply() counts as a message given. */
int options_parse(const struct usage *usage, int argc, char **argv,
		  int (*apply)(void *opaque, int id, const char *argument), void *opaque);

/* The same for a command with exactly one operand, which options may also follow.
 * 0 and *operand, OPTIONS_HELP, or -EXIT_WALNUT_FAILED after a message. */
int options_parse_one(const struct usage *usage, int argc, char **argv,
		      int (*apply)(void *opaque, int id, const char *argument), void *opaque,
		      const char **operand);

void options_help(const struct usage *usage);

#endif
