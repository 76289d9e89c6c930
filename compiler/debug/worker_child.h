/* What the worker's process does; shared by worker.c and worker_child.c only. */
#ifndef WALNUT_COMPILER_WORKER_CHILD_H
#define WALNUT_COMPILER_WORKER_CHILD_H

#include <stdint.h>

#include "wasm/module.h"

/* The process writes blocks: a header, then `size` bytes, which a multiple of 8 follows. */
enum worker_block { WORKER_NAMES = 0x454d414e, WORKER_TABLES = 0x4c424154 };

struct worker_header {
	uint32_t kind; /* enum worker_block */
	uint32_t counts[3]; /* of the arrays' elements, in their order */
	uint64_t size;
};
/* WORKER_NAMES: uint32_t names[counts[0]], then counts[1] bytes of strings.
 * WORKER_TABLES: lines[counts[0]], scopes[counts[1]], counts[2] bytes of strings. */

_Noreturn void worker_child(const struct wasm_module *module, int fd);

#endif
