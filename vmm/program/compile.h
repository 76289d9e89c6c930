/* Makes an image of a WebAssembly module, by the installed walnut command: the library has
 * no compiler in it. */
#ifndef WALNUT_VMM_PROGRAM_COMPILE_H
#define WALNUT_VMM_PROGRAM_COMPILE_H

struct failure;

/* Names the command where it does not lie beside the library. */
#define COMPILE_VARIABLE "WALNUT_COMMAND"

/* Compiles and links the module (or takes the image from the command's cache) for `cpu`, LLVM's
 * name or "native". `name` is for messages. Returns a descriptor of the image, in memory, or a negative
 * errno and *failure; -ENOENT: there is no command. */
int compile_module(int module_fd, const char *name, const char *cpu, struct failure *failure);

#endif
