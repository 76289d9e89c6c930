/* How a module is divided into parts: each becomes an LLVM module of its own, compiled
 * on any thread, in a fraction of the memory; object/join.c makes one object of them.
 *
 * A part defines a run of consecutive functions. The root part, the last, defines what
 * all of them share: memories, tables, globals, segments, instantiation and the host's
 * tables. A small module is one part, which is root as well. The division depends on the
 * module alone, never on the machine, so that neither does the object. */
#ifndef WALNUT_COMPILER_PARTS_H
#define WALNUT_COMPILER_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "usage.h"
#include "wasm/module.h"

struct part {
	uint32_t first, end; /* functions: first … end - 1 */
	bool root;
	bool plain; /* one function that is beyond LLVM's optimiser: as at -O0 */
	uint64_t size; /* bytes of their bodies */
	/* Small functions of other parts that this one calls: to inline, not to define. */
	uint32_t *copies;
	uint32_t copy_count, copy_capacity;
};

struct part_plan {
	struct part *parts;
	uint32_t count;
	/* By function: another part than its own refers to it. */
	bool *shared;
	/* By function: it has code of its own, found out by the part that defines it. The
	 * root part, compiled after all others, lists these. */
	bool *emitted;
	struct module_usage usage;
	/* By function, imported ones included: an exception may leave it. */
	bool *may_throw;
	bool exceptions; /* some may */
};

/* 0, or -1 and *error; release it either way. */
int parts_plan(struct part_plan *plan, const struct wasm_module *wasm,
	       const struct walnut_compile_options *options, struct walnut_error *error);
void parts_release(struct part_plan *plan);

/* Of all code that is compiled at one time, at most this much, in bytes of bodies. */
uint64_t parts_in_flight(const struct part_plan *plan);

#endif
