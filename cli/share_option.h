/* The option --dir HOST[::GUEST][:ro]. */
#ifndef WALNUT_CLI_SHARE_OPTION_H
#define WALNUT_CLI_SHARE_OPTION_H

struct run_options;

/* Adds the folder. 0, or EXIT_WALNUT_FAILED after a message. */
int share_option(struct run_options *options, const char *argument);

#endif
