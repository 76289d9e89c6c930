/* A process of its own for what parses names and debug information: libraries that were
 * not made for hostile bytes. It has no way to the system but memory and one descriptor,
 * and limits on time and memory. What it says is checked; when it dies, the program is
 * compiled without. It works while the module is translated. */
#ifndef WALNUT_COMPILER_WORKER_H
#define WALNUT_COMPILER_WORKER_H

#include <sys/types.h>

#include "debug/debug_info.h"

struct debug_worker {
	pid_t pid; /* 0: none */
	int fd;	   /* what it writes */
};

/* Without the process (no memory, a limit) the module counts as one without names and
 * debug information. */
void debug_worker_start(struct debug_worker *worker, const struct wasm_module *module);

/* Waits for the result; never NULL but for want of memory. *note: one line where debug
 * information that is there could not be used, else NULL. */
struct debug_info *debug_worker_finish(struct debug_worker *worker, const struct wasm_module *module,
				       const char **note);

/* Ends it, whatever it does; accepts one that was not started or has finished. */
void debug_worker_cancel(struct debug_worker *worker);

#endif
