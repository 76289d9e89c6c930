/* The contract between an object that the Walnut compiler wrote and whatever it
 * is linked with: the kernel's runtime, or any other host of WASI programs.
 * docs/app-object.md is the prose; this file is the layout.
 *
 * The compiler writes these structures as LLVM constants, the host reads them as
 * C. Every struct here is naturally aligned, little-endian, x86-64 ELF. */
#ifndef WALNUT_ABI_APP_OBJECT_H
#define WALNUT_ABI_APP_OBJECT_H

#include <stdint.h>

#define WALNUT_ABI_VERSION 2u
#define WALNUT_PAGE_SIZE 65536u /* WebAssembly page, core spec 2.0 section 4.2.8 */

/* Names of sections; C identifiers, so that the linker defines __start_NAME and
 * __stop_NAME for them. */
#define WALNUT_SECTION_TEXT "walnut_text"       /* all code of the app */
#define WALNUT_SECTION_MODULES "walnut_modules" /* array of const struct walnut_module * */
#define WALNUT_SECTION_MAP "walnut_map"         /* struct walnut_map, one per object */
#define WALNUT_SECTION_SOURCE "walnut_source"   /* struct walnut_source, at most one per object */

/* Why a program trapped. A trap site is the instruction `ud1 CODE(%eax), %eax`
 * (llvm.ubsantrap), so that the code is read from the faulting instruction; cold
 * paths may call walnut_trap(CODE) instead. The codes below
 * WALNUT_TRAP_FIRST_HOST are what compiled code raises. */
enum walnut_trap_code {
	WALNUT_TRAP_UNREACHABLE = 1,
	WALNUT_TRAP_MEMORY_OUT_OF_BOUNDS = 2,
	WALNUT_TRAP_TABLE_OUT_OF_BOUNDS = 3,
	WALNUT_TRAP_UNDEFINED_ELEMENT = 4,	 /* call_indirect: index past the end */
	WALNUT_TRAP_UNINITIALIZED_ELEMENT = 5, /* call_indirect: null element */
	WALNUT_TRAP_INDIRECT_CALL_TYPE = 6,
	WALNUT_TRAP_INTEGER_DIVIDE_BY_ZERO = 7,
	WALNUT_TRAP_INTEGER_OVERFLOW = 8,
	WALNUT_TRAP_INVALID_CONVERSION = 9, /* NaN to integer */
	WALNUT_TRAP_NULL_REFERENCE = 10,
	WALNUT_TRAP_UNALIGNED_ATOMIC = 11,
	WALNUT_TRAP_EXPECTED_SHARED_MEMORY = 12, /* memory.atomic.wait */
	WALNUT_TRAP_ARRAY_OUT_OF_BOUNDS = 20,
	WALNUT_TRAP_CAST_FAILURE = 21,
	WALNUT_TRAP_FIRST_HOST = 64,
	WALNUT_TRAP_STACK_OVERFLOW = 64,
	WALNUT_TRAP_OUT_OF_MEMORY = 65, /* instantiation cannot get its memory or table */
	WALNUT_TRAP_DEADLOCK = 66, /* memory.atomic.wait that nothing can end */
	WALNUT_TRAP_UNCAUGHT_EXCEPTION = 67,
};

enum walnut_value_type {
	WALNUT_I32 = 'i',
	WALNUT_I64 = 'I',
	WALNUT_F32 = 'f',
	WALNUT_F64 = 'F',
	WALNUT_V128 = 'v',
	WALNUT_FUNCREF = 'r',
	WALNUT_EXTERNREF = 'e',
	WALNUT_ANYREF = 'a', /* any reference to what abi/gc.h describes */
	WALNUT_EXNREF = 'x', /* const struct walnut_exception *, exception.h */
};

/* A slot wide enough for each value type; arguments and results of an invoke
 * thunk. i32 and f32 use the low 4 bytes. */
union walnut_value {
	uint32_t i32;
	uint64_t i64;
	float f32;
	double f64;
	uint8_t v128[16];
	const struct walnut_func *funcref;
	struct walnut_exception *exnref;
	uint64_t externref; /* and others: a word as abi/gc.h says; 0 is null */
};

/* Where a type stands below others: `ancestors` are the descriptors of its
 * supertypes, outermost first, `depth` of them. A type T has the subtype S if S is T,
 * or S's depth is greater and ancestors[T's depth] is T. */
struct walnut_subtyping {
	uint64_t depth;
	const void *const *ancestors;
};

/* A function type: `params` then `results`, each a NUL-terminated string of enum
 * walnut_value_type letters. Emitted as a linkonce_odr symbol named
 * `walnut.type.PARAMS_RESULTS` (as `walnut.type.iI_f`), so that after linking two
 * equal types have the same address: call_indirect compares pointers. */
struct walnut_functype {
	const char *params;
	const char *results;
	struct walnut_subtyping subtyping;
};

/* What a funcref points to; a null funcref is NULL. Emitted for each function
 * whose reference can be taken. `code` has the C calling convention, `tail` is what
 * tail calls jump to: the same where all arguments have registers (docs/app-object.md). */
struct walnut_func {
	const void *code;
	const struct walnut_functype *type;
	const void *tail;
};

#define WALNUT_NO_MAXIMUM UINT64_MAX

/* A linear memory. The defining object emits it filled in but for base;
 * walnut_memory_init() gives it address space. Importing objects refer to the
 * symbol. Compiled code reads `base`, `pages` and `size`, never writes. */
struct walnut_memory {
	uint8_t *base;	    /* 0 for memory 0 at virtual address zero */
	uint64_t pages;	    /* current size, WALNUT_PAGE_SIZE units */
	uint64_t size;	    /* the same in bytes */
	uint64_t max_pages; /* declared, or WALNUT_NO_MAXIMUM */
	uint64_t flags;	    /* WALNUT_MEMORY_* */
	uint64_t host;	    /* the host's own use */
};
#define WALNUT_MEMORY_AT_ZERO 1u /* compiled without bounds checks: base must be 0,
				    and up to 8 GiB + 64 KiB must fault */
#define WALNUT_MEMORY_GUARDED 2u /* the same for any base: what lies up to 8 GiB + 64 KiB
				    behind it and is not the memory's must fault */
#define WALNUT_MEMORY_64 4u	 /* 64-bit indices */
#define WALNUT_MEMORY_SHARED 8u	 /* declared so; its accesses may be atomic */
#define WALNUT_MEMORY32_PAGES_MAX UINT64_C(65536) /* all that 32-bit indices reach */
#define WALNUT_MEMORY64_PAGES_MAX (UINT64_C(1) << 47) /* the host's limit may be lower */

/* A table; elements are pointers (funcref) or 64-bit values (externref), both 8
 * bytes. Same life as a memory: walnut_table_init() allocates `elements`. */
struct walnut_table {
	uint64_t *elements;
	uint64_t size;
	uint64_t max_size;
	uint64_t type; /* enum walnut_value_type */
};

#define WALNUT_TABLE_64 4u /* 64-bit indices */

enum walnut_extern_kind {
	WALNUT_EXTERN_FUNC = 0,
	WALNUT_EXTERN_TABLE = 1,
	WALNUT_EXTERN_MEMORY = 2,
	WALNUT_EXTERN_GLOBAL = 3,
	WALNUT_EXTERN_TAG = 4,
};

/* Type of an import or export, so that hosts which link several modules can check
 * them. min/max: table elements or memory pages. */
struct walnut_externtype {
	uint32_t kind;	      /* enum walnut_extern_kind */
	uint32_t value_type;  /* global, table: enum walnut_value_type */
	uint8_t mutable_;     /* global */
	/* global, table: of a reference, whether it may be null, and its heap type: the
	 * binary format's byte of an abstract one (core spec 3.0, section 5.3.3), or 0 and
	 * a descriptor */
	uint8_t nullable;
	uint8_t heap;
	uint8_t reserved;
	uint32_t flags; /* memory: WALNUT_MEMORY_*, what the code relies on; WALNUT_TABLE_64 */
	union {
		const struct walnut_functype *func; /* function, tag */
		const void *heap_type; /* reference: struct walnut_functype or walnut_heaptype */
	};
	uint64_t min;
	uint64_t max; /* WALNUT_NO_MAXIMUM: none */
};

/* Symbol MODULE.FIELD, undefined in the object. `address` is filled by the
 * linker: code, or struct walnut_table / walnut_memory, or the global's value. */
struct walnut_import {
	const char *module;
	const char *field;
	uint64_t module_size; /* bytes; names may hold NUL */
	uint64_t field_size;
	struct walnut_externtype type;
	const void *address;
};

/* Calls the function with `args`, one slot each, and writes one slot per result. */
typedef void walnut_invoke_fn(const union walnut_value *args, union walnut_value *results);

/* Symbol NAME.FIELD, defined in the object, where NAME is the module's name given
 * to the compiler ("main" by default). */
struct walnut_export {
	const char *field;
	uint64_t field_size;
	struct walnut_externtype type;
	/* struct walnut_func *, struct walnut_table *, struct walnut_memory *, struct
	 * walnut_tag *, or the global's 16-byte-aligned value */
	void *address;
	walnut_invoke_fn *invoke; /* functions only, else NULL */
};

/* For backtraces; sorted by function index, imported functions left out. The code
 * at an address may come from a function inlined there: the function whose bytes
 * hold the Wasm offset that struct walnut_map gives is the better answer, the one
 * whose code begins last before the address the fallback. */
struct walnut_function_info {
	const void *code;  /* NULL: inlined everywhere, or unused */
	uint32_t index;	   /* in the function index space */
	uint32_t name_size; /* 0: none in the name section */
	const char *name;
	uint32_t wasm_offset; /* of the body in the module file */
	uint32_t wasm_size;
};

struct walnut_module {
	uint32_t abi_version;
	uint32_t flags; /* none yet */
	const char *name;
	/* Allocates memories and tables, evaluates globals, applies active
	 * segments, runs the start function. Called once; raises traps. */
	void (*instantiate)(void);
	const struct walnut_import *imports;
	uint64_t import_count;
	const struct walnut_export *exports;
	uint64_t export_count;
	const struct walnut_function_info *functions;
	uint64_t function_count;
};

/* The side table that maps native code to Wasm offsets. Rows are sorted by
 * text_offset; a row holds until the next one. A place is a byte offset in the module
 * file, 0 where none is known, or with bit 31 set the index of an entry of the inline
 * table: an offset in a function that was inlined, and the place it was inlined to, which
 * is 0 or an offset or an earlier entry. (No module is larger than 1 GiB.) */
#define WALNUT_MAP_INLINED 0x80000000u
struct walnut_map_row {
	uint32_t text_offset;
	uint32_t place;
};
struct walnut_map_inline {
	uint32_t wasm_offset;
	uint32_t caller; /* a place: of the call */
};
#define WALNUT_MAP_MAGIC 0x32414d57u /* "WMA2" */
struct walnut_map {
	uint32_t magic;
	uint32_t row_count;
	uint64_t text_base; /* relocated: this object's walnut_text */
	uint64_t text_size;
	uint64_t inline_count;
	struct walnut_map_row rows[];
	/* struct walnut_map_inline inlines[] */
};

/* Where Wasm offsets come from in the program's own source, of modules with debug
 * information, made for the offsets that the map of the same object names: rows sorted by
 * wasm_offset, each for itself. A row's place is the innermost of a list: a function
 * that the module's compiler had inlined, then what it was inlined into, and so on; the
 * last one is the Wasm function itself. */
struct walnut_source_row {
	uint32_t wasm_offset;
	uint32_t place; /* index */
};
struct walnut_source_place {
	uint32_t function; /* string: name of the inlined function; 0: the Wasm function */
	uint32_t file;	   /* string: path; 0: not known */
	uint32_t line;	   /* 0: not known */
	uint32_t column;   /* 0: not known */
	uint32_t caller;   /* index of the place it was inlined to, smaller than this
			      one's; WALNUT_SOURCE_NO_CALLER: none */
};
#define WALNUT_SOURCE_NO_CALLER UINT32_MAX
#define WALNUT_SOURCE_MAGIC 0x31435357u /* "WSC1" */
struct walnut_source {
	uint32_t magic;
	uint32_t row_count;
	uint64_t text_base; /* as in struct walnut_map */
	uint64_t text_size;
	uint32_t place_count;
	uint32_t string_size;
	struct walnut_source_row rows[];
	/* struct walnut_source_place places[]; then string_size bytes of strings, which a
	 * place names by their offset; the first is empty, the last ends in NUL. Then zero
	 * bytes up to a multiple of 8. */
};

/* --- What the host provides to compiled code, beside the imports ------------- */

/* Gives the memory its address space and its first `pages` pages, zeroed. */
void walnut_memory_init(struct walnut_memory *memory);
/* Grows by `delta` pages. Returns the old size in pages, or UINT64_MAX. */
uint64_t walnut_memory_grow(struct walnut_memory *memory, uint64_t delta);
/* Allocates `size` null elements. */
void walnut_table_init(struct walnut_table *table);
/* Returns the old size, or UINT64_MAX. New elements are `value`. */
uint64_t walnut_table_grow(struct walnut_table *table, uint64_t delta, uint64_t value);
/* The place is aligned, in a shared memory, and `size` (4 or 8) bytes of it can be read.
 * Waits until somebody notifies the place or, unless the timeout is negative, for that
 * long; but not where the place does not hold `expected`. */
enum walnut_wait { WALNUT_WAIT_NOTIFIED = 0, WALNUT_WAIT_NOT_EQUAL = 1, WALNUT_WAIT_TIMED_OUT = 2 };
uint32_t walnut_atomic_wait(const void *place, uint64_t expected, int64_t timeout_ns, uint32_t size);
/* Wakes at most `count` of those who wait there; returns how many. */
uint32_t walnut_atomic_notify(const void *place, uint32_t count);
/* Raises a trap; never returns to the caller. */
_Noreturn void walnut_trap(uint32_t code);
/* And memcpy, memmove and memset as in ISO C. */

_Static_assert(sizeof(union walnut_value) == 16, "slot");
_Static_assert(sizeof(struct walnut_func) == 24, "func");
_Static_assert(sizeof(struct walnut_memory) == 48, "memory");
_Static_assert(sizeof(struct walnut_table) == 32, "table");
_Static_assert(sizeof(struct walnut_externtype) == 40, "externtype");
_Static_assert(sizeof(struct walnut_import) == 80, "import");
_Static_assert(sizeof(struct walnut_export) == 72, "export");
_Static_assert(sizeof(struct walnut_function_info) == 32, "function_info");
_Static_assert(sizeof(struct walnut_module) == 72, "module");
_Static_assert(sizeof(struct walnut_map) == 32, "map");
_Static_assert(sizeof(struct walnut_source) == 32, "source");

#endif
