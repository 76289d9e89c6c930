/* Types of WebAssembly 3.0: value types in one word, and the composite types of the
 * type section. Core spec 3.0, sections 2.3 and 5.3. */
#ifndef WALNUT_COMPILER_WASM_TYPES_H
#define WALNUT_COMPILER_WASM_TYPES_H

#include <stdbool.h>
#include <stdint.h>

/* A value type. Numbers and vectors are the binary format's byte. A reference is
 * WASM_REF, perhaps WASM_NULLABLE, and its heap type: a type index, or
 * WASM_ABSTRACT and the binary format's byte. Equal words are equal types, but for
 * type indices, which are compared by wasm_comptype.canonical. */
typedef uint32_t wasm_valtype;

#define WASM_REF 0x80000000u
#define WASM_NULLABLE 0x40000000u
#define WASM_ABSTRACT 0x20000000u
#define WASM_HEAP_MASK 0x3fffffffu /* the heap type of a reference */

#define WASM_HEAP(byte) (WASM_ABSTRACT | (byte))

enum wasm_heap_type { /* abstract ones, section 5.3.3 */
	WASM_HEAP_EXN = WASM_HEAP(0x69),
	WASM_HEAP_ARRAY = WASM_HEAP(0x6a),
	WASM_HEAP_STRUCT = WASM_HEAP(0x6b),
	WASM_HEAP_I31 = WASM_HEAP(0x6c),
	WASM_HEAP_EQ = WASM_HEAP(0x6d),
	WASM_HEAP_ANY = WASM_HEAP(0x6e),
	WASM_HEAP_EXTERN = WASM_HEAP(0x6f),
	WASM_HEAP_FUNC = WASM_HEAP(0x70),
	WASM_HEAP_NONE = WASM_HEAP(0x71),
	WASM_HEAP_NOEXTERN = WASM_HEAP(0x72),
	WASM_HEAP_NOFUNC = WASM_HEAP(0x73),
	WASM_HEAP_NOEXN = WASM_HEAP(0x74),
	WASM_HEAP_BOTTOM = WASM_HEAP(0), /* below all; in validation only */
};

#define WASM_I32 0x7fu
#define WASM_I64 0x7eu
#define WASM_F32 0x7du
#define WASM_F64 0x7cu
#define WASM_V128 0x7bu
#define WASM_I8 0x78u  /* packed: fields of structs and arrays only */
#define WASM_I16 0x77u
#define WASM_REF_TO(heap) (WASM_REF | (heap))
#define WASM_REF_NULL(heap) (WASM_REF | WASM_NULLABLE | (heap))
#define WASM_FUNCREF WASM_REF_NULL((uint32_t)WASM_HEAP_FUNC)
#define WASM_EXTERNREF WASM_REF_NULL((uint32_t)WASM_HEAP_EXTERN)
#define WASM_EXNREF WASM_REF_NULL((uint32_t)WASM_HEAP_EXN)

static inline bool wasm_is_ref(wasm_valtype type)
{
	return type & WASM_REF;
}

static inline bool wasm_is_nullable(wasm_valtype type)
{
	return type & WASM_NULLABLE;
}

/* The heap type of a reference: WASM_HEAP_*, or a type index. */
static inline uint32_t wasm_heap_of(wasm_valtype type)
{
	return type & WASM_HEAP_MASK;
}

static inline bool wasm_heap_is_index(uint32_t heap)
{
	return !(heap & WASM_ABSTRACT);
}

/* Types of fields: stored in fewer bits, i32 elsewhere. */
static inline bool wasm_is_packed(wasm_valtype type)
{
	return type == WASM_I8 || type == WASM_I16;
}

static inline wasm_valtype wasm_unpacked(wasm_valtype type)
{
	return wasm_is_packed(type) ? WASM_I32 : type;
}

/* Whether there is a value of that type to begin with: zero or null. */
static inline bool wasm_has_default(wasm_valtype type)
{
	return !wasm_is_ref(type) || wasm_is_nullable(type);
}

struct wasm_functype {
	uint32_t param_count;
	uint32_t result_count;
	const wasm_valtype *params;
	const wasm_valtype *results;
};

struct wasm_field {
	wasm_valtype type; /* or WASM_I8, WASM_I16 */
	bool mutable_;
};

struct wasm_structtype {
	uint32_t field_count;
	const struct wasm_field *fields;
};

enum wasm_comptype_kind { WASM_COMP_FUNC, WASM_COMP_STRUCT, WASM_COMP_ARRAY };

#define WASM_NO_TYPE UINT32_MAX

/* One entry of the type index space: a sub type. */
struct wasm_comptype {
	enum wasm_comptype_kind kind;
	bool final;
	uint32_t supertype; /* type index, or WASM_NO_TYPE */
	uint32_t depth;	    /* of its supertypes: 0 without one */
	/* Its recursion group: type indices group_start … + group_size. */
	uint32_t group_start, group_size;
	/* The smallest type index of an equal type (section 3.1.2: rolled up recursion
	 * groups are compared); the same for equal types. */
	uint32_t canonical;
	uint64_t offset; /* in the module, for messages */
	union {
		struct wasm_functype func;
		struct wasm_structtype structure;
		struct wasm_field array;
	};
};

struct wasm_type_name {
	char text[32];
};

/* "i32", "funcref", "(ref null 3)"; "?" for values that are none. */
struct wasm_type_name wasm_valtype_name(wasm_valtype type);

#endif
