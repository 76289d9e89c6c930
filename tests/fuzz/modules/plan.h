/* What a module consists of, decided before any code: types, functions, memories,
 * tables, globals, segments. Bodies refer to it and never change it. */
#ifndef WALNUT_FUZZ_PLAN_H
#define WALNUT_FUZZ_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "random.h"

/* Value types are letters as in opcodes.def and enum walnut_value_type:
 * i I f F V, r for funcref, e for externref, x for exnref;
 * s and t for nullable references to a struct type and its subtype, a and b to arrays of i32
 * and of i8, y for anyref. The aggregate types follow the function types. */
#define TYPES_MAX 24
#define RANDOM_TYPES_MAX 12
#define ARITY_MAX 6
#define FUNCS_MAX 16
#define GLOBALS_MAX 8
#define TABLES_MAX 3
#define MEMORIES_MAX 3
#define TAGS_MAX 3
#define SEGMENTS_MAX 4

#define FUEL_GLOBAL 0
#define FUEL_PER_TEST 1500
#define FUEL_PER_CALL 16

enum kind {
	KIND_MIXED,   /* everything, traps are rare */
	KIND_LOOPS,   /* above all loops over memory as compilers unroll them */
	KIND_WILD,    /* many traps: addresses and indices out of bounds, zero divisors */
	KIND_NUMBERS, /* arithmetic in few functions, deep expressions */
	KIND_COUNT,
};
extern const char *const kind_names[KIND_COUNT];

/* Proposals that not every engine has. */
#define FEATURE_VECTORS 1u
#define FEATURE_ATOMICS 2u
#define FEATURE_MEMORIES 4u /* several */
#define FEATURE_WIDE 8u	    /* memories with 64-bit addresses */
#define FEATURE_CONSTANTS 16u /* additions in constant expressions */
#define FEATURE_WIDE_TABLES 32u
#define FEATURE_TAIL_CALLS 64u
#define FEATURE_EXCEPTIONS 128u
#define FEATURE_AGGREGATES 256u /* structs, arrays, i31, casts, typed function references */

/* The letters of the aggregate types in their order. */
#define AGGREGATES "stab"

struct plan_type {
	char params[ARITY_MAX + 1], results[ARITY_MAX + 1];
};

struct plan_global {
	char type;
	bool is_mutable;
};

struct plan_memory {
	char index;	   /* type of addresses: i or I */
	uint32_t min, max; /* pages */
};

struct plan_table {
	char type; /* r or e */
	char index;
	uint32_t min, max;
};

struct plan_segment {
	enum { SEGMENT_ACTIVE, SEGMENT_PASSIVE, SEGMENT_DECLARED } mode;
	uint32_t object; /* the memory or table of an active one */
	uint32_t offset, size;
};

struct plan {
	uint64_t seed;
	enum kind kind;
	unsigned features; /* FEATURE_* */
	struct plan_type types[TYPES_MAX];
	unsigned type_count;
	unsigned tags[TAGS_MAX]; /* type indices */
	unsigned tag_count;
	unsigned funcs[FUNCS_MAX]; /* type indices */
	unsigned func_count;
	struct plan_global globals[GLOBALS_MAX];
	unsigned global_count;
	struct plan_memory memories[MEMORIES_MAX];
	unsigned memory_count;
	struct plan_table tables[TABLES_MAX];
	unsigned table_count;
	struct plan_segment data[SEGMENTS_MAX], elements[SEGMENTS_MAX];
	unsigned data_count, element_count;
};

void plan_make(struct plan *plan, uint64_t seed, enum kind kind, unsigned features);

/* Index of the type with these strings; `missing` where there is none. */
unsigned plan_find_type(const struct plan *plan, const char *params, const char *results);
#define PLAN_NO_TYPE UINT32_MAX

/* Once in how many chances something may trap. */
unsigned plan_risk(const struct plan *plan);

#endif
