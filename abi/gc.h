/* Objects of WebAssembly's garbage-collected heap (core spec 3.0, section 4.2.11), as
 * compiled code and its host see them. Part of the app object's contract,
 * docs/app-object.md.
 *
 * A reference of the any or extern hierarchy is one 64-bit word:
 *
 *	0			null
 *	value << 1 | 1		an i31; bits above 31 are zero
 *	host << 2 | 2		a value of the host's, made by WALNUT_HOST_REF
 *	anything else		address of a struct walnut_object, 16-byte aligned
 *
 * so that converting between extern and any references changes nothing. Objects do
 * not move. The host finds them by looking at every word of the stack, of registers,
 * of the app's data and tables, and in objects by their types. */
#ifndef WALNUT_ABI_GC_H
#define WALNUT_ABI_GC_H

#include <stdint.h>

#include "app_object.h"

enum walnut_heap_kind {
	WALNUT_HEAP_STRUCT = 1,
	WALNUT_HEAP_ARRAY = 2,
};

#define WALNUT_NO_REFERENCES UINT32_MAX /* ends struct walnut_heaptype's references */

/* A struct or array type. Equal types have equal addresses after linking, as struct
 * walnut_functype, with which it shares the place of `subtyping`. */
struct walnut_heaptype {
	uint32_t kind; /* enum walnut_heap_kind */
	/* struct: bytes of an object, its header included; array: bytes of an element */
	uint32_t size;
	/* struct: offsets of the fields that are references; array: one entry if its
	 * elements are references, else none. Ends with WALNUT_NO_REFERENCES. */
	const uint32_t *references;
	struct walnut_subtyping subtyping;
};

struct walnut_object {
	const struct walnut_heaptype *type;
};

/* An array's elements follow at WALNUT_ARRAY_ELEMENTS. */
struct walnut_array {
	struct walnut_object object;
	uint32_t length;
	uint32_t reserved;
};
#define WALNUT_ARRAY_ELEMENTS 16u

#define WALNUT_HOST_REF(value) ((uint64_t)(value) << 2 | 2)
#define WALNUT_IS_HOST_REF(word) (((word) & 3) == 2)
#define WALNUT_HOST_VALUE(word) ((word) >> 2)

/* --- What the host provides ---------------------------------------------------- */

/* A new object of `size` bytes, zero but for its type. Traps with
 * WALNUT_TRAP_OUT_OF_MEMORY where there is no room, never returns NULL. May collect:
 * what compiled code still needs is in its registers or on its stack. */
void *walnut_gc_new(const struct walnut_heaptype *type, uint64_t size);

_Static_assert(sizeof(struct walnut_heaptype) == 32, "heaptype");
_Static_assert(sizeof(struct walnut_array) == WALNUT_ARRAY_ELEMENTS, "array");

#endif
