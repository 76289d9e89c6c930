/* Objects of the garbage-collected heap (abi/gc.h). This host never collects: a process
 * that ends soon needs no more, and one that does can put a conservative collector here,
 * with the stack, the app's data and the tables as roots. */
#include "host.h"

#include <stdlib.h>

#include "gc.h"

void *walnut_gc_new(const struct walnut_heaptype *type, uint64_t size)
{
	struct walnut_object *object = calloc(1, size); /* 16-byte aligned, as references want */

	if (!object)
		walnut_trap(WALNUT_TRAP_OUT_OF_MEMORY);
	object->type = type;
	return object;
}
