/* A decoded WebAssembly module: what decode/ fills in, validate/ checks and
 * translate/ reads. Everything is allocated from the module's arena and points
 * into the caller's bytes where it can; walnut_module_free() releases it all.
 *
 * Indices are those of the binary format (core spec 3.0, section 2.5): imports
 * come first in each index space. */
#ifndef WALNUT_COMPILER_WASM_MODULE_H
#define WALNUT_COMPILER_WASM_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wasm/types.h"

struct wasm_bytes {
	const uint8_t *data;
	size_t size;
};

struct wasm_limits {
	uint64_t min;
	uint64_t max; /* UINT64_MAX: none */
	bool has_max;
	bool shared; /* memories, threads proposal */
	wasm_valtype address; /* of indices and sizes: WASM_I32 or WASM_I64 */
};

struct wasm_tabletype {
	wasm_valtype element; /* a reference type */
	struct wasm_limits limits;
};

struct wasm_memorytype {
	struct wasm_limits limits; /* pages */
};

struct wasm_globaltype {
	wasm_valtype type;
	bool mutable_;
};

enum wasm_extern_kind { /* the binary format's bytes */
	WASM_EXTERN_FUNC = 0,
	WASM_EXTERN_TABLE = 1,
	WASM_EXTERN_MEMORY = 2,
	WASM_EXTERN_GLOBAL = 3,
	WASM_EXTERN_TAG = 4,
};

struct wasm_import {
	struct wasm_bytes module;
	struct wasm_bytes field;
	enum wasm_extern_kind kind;
	uint32_t index; /* in its index space */
	uint64_t offset; /* of this entry, for messages */
};

struct wasm_export {
	struct wasm_bytes field;
	enum wasm_extern_kind kind;
	uint32_t index;
	uint64_t offset;
};

/* A constant expression, unevaluated: instruction bytes including the final end;
 * `offset` is where they begin in the module. Read with instr.h's reader. */
struct wasm_expr {
	struct wasm_bytes code;
	uint64_t offset;
};

struct wasm_func {
	uint32_t type;	    /* type index */
	uint64_t type_offset; /* of that index in the module, for messages */
	bool imported;
	bool referenced;    /* C.refs: ref.func may name it (exports, elements, globals) */
	struct wasm_bytes name; /* name section, else an export's; may be empty; UTF-8 */
	/* defined functions */
	struct wasm_bytes body; /* locals declarations and instructions, without the size */
	uint64_t offset;	/* of the body in the module */
};

struct wasm_table {
	struct wasm_tabletype type;
	bool imported;
	bool has_init;	       /* else the elements are null */
	struct wasm_expr init; /* of every element */
	uint64_t offset; /* of the type, for messages */
};

struct wasm_memory {
	struct wasm_memorytype type;
	bool imported;
	uint64_t offset; /* of the type, for messages */
};

struct wasm_global {
	struct wasm_globaltype type;
	bool imported;
	struct wasm_expr init;
	uint64_t offset; /* of the type, for messages */
};

struct wasm_tag {
	uint32_t type; /* type index, of a function type without results */
	bool imported;
	uint64_t offset; /* of the type, for messages */
	struct wasm_bytes name; /* name section, may be empty */
};

enum wasm_segment_mode { WASM_SEGMENT_ACTIVE, WASM_SEGMENT_PASSIVE, WASM_SEGMENT_DECLARATIVE };

struct wasm_elem {
	enum wasm_segment_mode mode;
	wasm_valtype type;   /* a reference type */
	uint32_t table;	     /* active */
	struct wasm_expr offset_expr; /* active */
	uint32_t count;
	/* one of the two */
	const uint32_t *functions; /* function indices */
	const struct wasm_expr *exprs;
	uint64_t offset;
};

struct wasm_data {
	enum wasm_segment_mode mode;
	uint32_t memory;
	struct wasm_expr offset_expr;
	struct wasm_bytes bytes;
	uint64_t offset;
};

struct wasm_custom {
	struct wasm_bytes name;
	struct wasm_bytes payload;
	uint64_t offset;
};

struct wasm_arena;

struct wasm_module {
	struct wasm_bytes bytes; /* the caller's, must outlive the module */
	struct wasm_arena *arena;

	uint32_t type_count;
	struct wasm_comptype *types;
	uint32_t import_count;
	struct wasm_import *imports;
	uint32_t func_count, imported_func_count;
	struct wasm_func *funcs;
	uint32_t table_count, imported_table_count;
	struct wasm_table *tables;
	uint32_t memory_count, imported_memory_count;
	struct wasm_memory *memories;
	uint32_t global_count, imported_global_count;
	struct wasm_global *globals;
	uint32_t tag_count, imported_tag_count;
	struct wasm_tag *tags;
	uint32_t export_count;
	struct wasm_export *exports;
	uint32_t elem_count;
	struct wasm_elem *elems;
	uint32_t data_count;
	struct wasm_data *datas;
	bool has_data_count; /* the data count section was present */
	uint32_t declared_data_count;
	uint32_t custom_count;
	struct wasm_custom *customs;
	bool has_start;
	uint32_t start_func;
	uint64_t start_offset;
	struct wasm_bytes name; /* module name of the name section, may be empty */
	uint64_t code_offset;	/* of the code section's content in the module */
	uint64_t code_size;	/* bytes of it */
};

/* The type of a function or tag; validation has found it to be one of functions. */
static inline const struct wasm_functype *wasm_func_type(const struct wasm_module *module,
							 uint32_t func_index)
{
	return &module->types[module->funcs[func_index].type].func;
}

static inline const struct wasm_functype *wasm_tag_type(const struct wasm_module *module,
							uint32_t tag_index)
{
	return &module->types[module->tags[tag_index].type].func;
}

#endif
