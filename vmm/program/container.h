/* What a container engine wrote into the root: the OCI runtime configuration, of which the
 * process is read (args, env, cwd). crun does so for libkrun's first process. */
#ifndef WALNUT_VMM_PROGRAM_CONTAINER_H
#define WALNUT_VMM_PROGRAM_CONTAINER_H

#include <stddef.h>

#define CONTAINER_CONFIG "/.krun_config.json"

struct failure;
struct vm_config;

/* Takes the program, and environment and working folder where they were not set, from the text.
 * 0, or -EINVAL or -ENOMEM. */
int container_parse(struct vm_config *config, const char *text, size_t size);

/* The same from an open file, named in *failure. */
int container_read(struct vm_config *config, int fd, struct failure *failure);

#endif
