/* What the parts of this small host share. */
#ifndef LINUX_HOST_H
#define LINUX_HOST_H

#include <stdint.h>

#include "app_object.h"

#define MEMORIES_MAX 128

struct host {
	int argc;
	char **argv;
	char **envp;
	struct walnut_memory *memory; /* the program's exported "memory" */
	const struct walnut_memory *memories[MEMORIES_MAX]; /* all; `host`: bytes reserved */
	unsigned memory_count;
};
extern struct host host;

/* Address of `size` bytes at a Wasm pointer, or NULL when out of bounds. */
void *host_pointer(uint32_t address, uint64_t size);

/* Turns faults of compiled code into a report on stderr and exit status 134. */
void host_catch_traps(void);

/* Ends the program for the reason `why`, with a name if there is one, in compiled code at
 * pc with this frame pointer: a report, and exit status 134. */
_Noreturn void host_report(const char *why, const char *name, uint64_t name_size, uint64_t pc,
			   uint64_t frame);

#endif
