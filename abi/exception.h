/* Exceptions of WebAssembly (core spec 3.0, sections 4.2.15 and 4.6.3), as compiled code
 * and its host see them. Part of the app object's contract, docs/app-object.md. */
#ifndef WALNUT_ABI_EXCEPTION_H
#define WALNUT_ABI_EXCEPTION_H

#include <stdint.h>

#include "app_object.h"
#include "gc.h"

/* A tag: what an import or export of kind WALNUT_EXTERN_TAG points to, and what the type
 * tables of exception handling name. Tags are told apart by their addresses. */
struct walnut_tag {
	struct walnut_heaptype object; /* of its exceptions: their size, their references */
	const struct walnut_functype *type; /* its parameters are the exception's values */
	const char *name; /* of the name section, or the first one it is exported by */
	uint64_t name_size; /* 0: it has none */
};

/* An exception, what an exnref points to. Its tag is what its type is embedded in. The
 * values follow at WALNUT_EXCEPTION_VALUES, 8 bytes each, vectors 16. */
struct walnut_exception {
	struct walnut_object object;
};
#define WALNUT_EXCEPTION_VALUES 8u

static inline const struct walnut_tag *walnut_exception_tag(const struct walnut_exception *exception)
{
	return (const struct walnut_tag *)exception->object.type;
}

/* --- What the host provides ---------------------------------------------------- */

/* A new exception of this tag, whose values compiled code fills in. Traps with
 * WALNUT_TRAP_OUT_OF_MEMORY where there is no room, never returns NULL. Lives as long as
 * somebody refers to it, like an object of walnut_gc_new(). */
struct walnut_exception *walnut_exception_new(const struct walnut_tag *tag);
/* Throws: the stack is unwound to the innermost handler whose clauses match. Without one
 * the program ends as by a trap, WALNUT_TRAP_UNCAUGHT_EXCEPTION. */
_Noreturn void walnut_throw(struct walnut_exception *exception);
/* The personality routine of compiled functions that have handlers. How it is called, if
 * it is, is between the host and its unwinder. */
void walnut_personality(void);

_Static_assert(sizeof(struct walnut_tag) == 56, "tag");
_Static_assert(sizeof(struct walnut_exception) == WALNUT_EXCEPTION_VALUES, "exception");

#endif
