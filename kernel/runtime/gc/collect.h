/* The garbage collector (walnut_gc_new() of abi/gc.h): stops the only thread there is,
 * marks from the stack, the image's data and the tables, sweeps. */
#ifndef WALNUT_RUNTIME_GC_COLLECT_H
#define WALNUT_RUNTIME_GC_COLLECT_H

#include <stdint.h>

/* Bytes of objects that the last collection kept, and how many there were; for the
 * tests. */
struct gc_figures {
	uint64_t collections, live;
};
struct gc_figures gc_figures(void);

#endif
