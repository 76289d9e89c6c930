/* The program that krun_set_exec() named, as something that boots. */
#ifndef WALNUT_VMM_PROGRAM_H
#define WALNUT_VMM_PROGRAM_H

struct failure;
struct vm_config;

struct program {
	int image_fd; /* -1: none is open */
};

/* For a configuration without a kernel: finds the program, in the root's /.krun_config.json if none was set, compiles it for `cpu` if it is a WebAssembly
 * module, and makes the image the kernel. 0, or a negative errno and *failure: -ENOENT also
 * where neither kernel nor program was set. */
int program_prepare(struct program *program, struct vm_config *config, const char *cpu,
		    struct failure *failure);

/* Takes the image away from the configuration. Accepts one that was never prepared. */
void program_release(struct program *program, struct vm_config *config);

#endif
