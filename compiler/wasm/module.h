/* A decoded WebAssembly module: what decode/ fills in, validate/ checks and
 * translate/ reads. Everything is allocated from the module's arena and points
 * into the caller's bytes where it can; walnut_module_free() releases it all.
 *
 * Indices are those of the binary format (core spec 2.0, section 2.5): imports
 * come first in each index space. */
#ifndef WALNUT_COMPILER_WASM_MODULE_H
#define WALNUT_COMPILER_WASM_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Value types have the binary format's byte, so that a decoder can cast. */
enum wasm_value_type {
	WASM_I32 = 0x7f,
	WASM_I64 = 0x7e,
	WASM_F32 = 0x7d,
	WASM_F64 = 0x7c,
	WASM_V128 = 0x7b,
	WASM_FUNCREF = 0x70,
	WASM_EXTERNREF = 0x6f,
};

struct wasm_bytes {
	const uint8_t *data;
	size_t size;
};

struct wasm_functype {
	uint32_t param_count;
	uint32_t result_count;
	const uint8_t *params; /* enum wasm_value_type */
	const uint8_t *results;
};

struct wasm_limits {
	uint64_t min;
	uint64_t max; /* UINT64_MAX: none */
	bool has_max;
};

struct wasm_tabletype {
	uint8_t element; /* WASM_FUNCREF or WASM_EXTERNREF */
	struct wasm_limits limits;
};

struct wasm_memorytype {
	struct wasm_limits limits; /* pages */
};

struct wasm_globaltype {
	uint8_t type;
	bool mutable_;
};

enum wasm_extern_kind { /* the binary format's bytes */
	WASM_EXTERN_FUNC = 0,
	WASM_EXTERN_TABLE = 1,
	WASM_EXTERN_MEMORY = 2,
	WASM_EXTERN_GLOBAL = 3,
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
	struct wasm_bytes name; /* name section, may be empty; UTF-8 */
	/* defined functions */
	struct wasm_bytes body; /* locals declarations and instructions, without the size */
	uint64_t offset;	/* of the body in the module */
};

struct wasm_table {
	struct wasm_tabletype type;
	bool imported;
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
};

enum wasm_segment_mode { WASM_SEGMENT_ACTIVE, WASM_SEGMENT_PASSIVE, WASM_SEGMENT_DECLARATIVE };

struct wasm_elem {
	enum wasm_segment_mode mode;
	uint8_t type;	     /* WASM_FUNCREF or WASM_EXTERNREF */
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
	struct wasm_functype *types;
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
	uint64_t code_size;	/* bytes of the code section */
};

#endif
