/* The options --tmpfs GUEST[:SIZE] and --bundle DIR[::GUEST]. */
#ifndef WALNUT_CLI_MOUNT_OPTION_H
#define WALNUT_CLI_MOUNT_OPTION_H

struct run_options;

/* Add a file system. 0, or EXIT_WALNUT_FAILED after a message. */
int mount_option_tmpfs(struct run_options *options, const char *argument);
int mount_option_bundle(struct run_options *options, const char *argument);

#endif
