/* Reads the launch block (abi/launch.h): what this run was given. */
#ifndef WALNUT_RUNTIME_LAUNCH_H
#define WALNUT_RUNTIME_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `count` NUL-terminated strings, one after the other: WASI's own format. */
struct strings {
	const char *data;
	uint32_t count;
	uint32_t size;
};

struct launch {
	struct strings arguments;
	struct strings environment;
	struct strings directories; /* shared ones: the program's names */
	uint32_t flags;	    /* WALNUT_LAUNCH_* */
	const char *invoke; /* NULL: _start */
};

/* False: not a launch block, or a broken one. The result points into it. */
bool launch_parse(struct launch *out, const void *block, size_t size);

#endif
