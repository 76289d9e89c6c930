/* Implementation limits (core spec 3.0, section A.2): what a module may have of
 * each. Those that WebAssembly's JavaScript interface names have its values, so
 * that a module which runs in browsers passes here. */
#ifndef WALNUT_COMPILER_WASM_LIMITS_H
#define WALNUT_COMPILER_WASM_LIMITS_H

#include <stdint.h>

#define WASM_MAX_MODULE_SIZE (UINT64_C(1) << 30)
#define WASM_MAX_TYPES 1000000u
#define WASM_MAX_IMPORTS 100000u
#define WASM_MAX_FUNCTIONS 1000000u
#define WASM_MAX_TABLES 100000u
#define WASM_MAX_MEMORIES 100000u
#define WASM_MAX_GLOBALS 1000000u
#define WASM_MAX_TAGS 1000000u
#define WASM_MAX_EXPORTS 1000000u
#define WASM_MAX_ELEMENT_SEGMENTS 10000000u
#define WASM_MAX_ELEMENT_SIZE 10000000u
#define WASM_MAX_DATA_SEGMENTS 100000u
#define WASM_MAX_CUSTOM_SECTIONS 100000u
#define WASM_MAX_PARAMS 1000u
#define WASM_MAX_RESULTS 1000u
#define WASM_MAX_FIELDS 10000u
#define WASM_MAX_SUBTYPE_DEPTH 63u
#define WASM_MAX_ARRAY_NEW_FIXED 10000u
#define WASM_MAX_LOCALS 50000u
#define WASM_MAX_NESTING 50000u	   /* blocks around an instruction */
#define WASM_MAX_OPERANDS 1000000u /* values on the operand stack */

/* Validity, not limits of ours: core spec 3.0, sections 3.2.17 and 3.2.18. */
#define WASM_MAX_MEMORY_PAGES (UINT64_C(1) << 16)
#define WASM_MAX_MEMORY64_PAGES (UINT64_C(1) << 48)
#define WASM_MAX_TABLE_SIZE UINT32_MAX

#endif
