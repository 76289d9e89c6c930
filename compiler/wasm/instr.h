/* One instruction at a time from a function body or constant expression. Decoder
 * checks, validator, translator and `inspect` all read code through this reader,
 * which is driven by the opcode table (opcodes.def). */
#ifndef WALNUT_COMPILER_WASM_INSTR_H
#define WALNUT_COMPILER_WASM_INSTR_H

#include <stdint.h>

#include "error.h"
#include "wasm/module.h"
#include "wasm/reader.h"

/* WASM_OP_I32_ADD and so on: the text format's name in capitals, '.' as '_'.
 * Values: the opcode byte, or prefix << 12 | sub-opcode. */
enum wasm_op {
#define WASM_OPCODE(value, ident, text, imm, sig) WASM_OP_##ident = value,
#include "wasm/opcodes.def"
#undef WASM_OPCODE
};

/* What follows an opcode. WASM_IMM_MEMARG_n: a memarg of an access n bits wide. */
enum wasm_immediate {
	WASM_IMM_NONE,
	WASM_IMM_BLOCK,
	WASM_IMM_TRY_TABLE,
	WASM_IMM_LABEL,
	WASM_IMM_BR_TABLE,
	WASM_IMM_BR_ON_CAST,
	WASM_IMM_TYPE,
	WASM_IMM_FUNC,
	WASM_IMM_CALL_INDIRECT,
	WASM_IMM_LOCAL,
	WASM_IMM_GLOBAL,
	WASM_IMM_TABLE,
	WASM_IMM_TAG,
	WASM_IMM_ELEM,
	WASM_IMM_DATA,
	WASM_IMM_MEMORY,
	WASM_IMM_MEMARG_8,
	WASM_IMM_MEMARG_16,
	WASM_IMM_MEMARG_32,
	WASM_IMM_MEMARG_64,
	WASM_IMM_MEMARG_128,
	WASM_IMM_MEMARG_LANE_8, /* a memarg, then a lane */
	WASM_IMM_MEMARG_LANE_16,
	WASM_IMM_MEMARG_LANE_32,
	WASM_IMM_MEMARG_LANE_64,
	WASM_IMM_ZERO_BYTE,
	WASM_IMM_I32,
	WASM_IMM_I64,
	WASM_IMM_F32,
	WASM_IMM_F64,
	WASM_IMM_V128,
	WASM_IMM_SHUFFLE, /* 16 lanes of 32 */
	WASM_IMM_LANE_2, /* one lane of that many */
	WASM_IMM_LANE_4,
	WASM_IMM_LANE_8,
	WASM_IMM_LANE_16,
	WASM_IMM_SELECT,
	WASM_IMM_HEAP_TYPE,
	WASM_IMM_FIELD,
	WASM_IMM_ARRAY_FIXED,
	WASM_IMM_ARRAY_DATA,
	WASM_IMM_ARRAY_ELEM,
	WASM_IMM_ARRAY_COPY,
	WASM_IMM_MEMORY_INIT,
	WASM_IMM_MEMORY_COPY,
	WASM_IMM_TABLE_INIT,
	WASM_IMM_TABLE_COPY,
};

struct wasm_op_info {
	const char *text;      /* "i32.add"; NULL: no such opcode */
	const char *signature; /* "ii:i", or "" */
	enum wasm_immediate immediate;
};

struct wasm_memarg {
	uint32_t align; /* log2 */
	uint32_t memory;
	uint64_t offset;
};

struct wasm_blocktype {
	enum { WASM_BLOCK_EMPTY, WASM_BLOCK_VALUE, WASM_BLOCK_TYPE } kind;
	union {
		wasm_valtype value;  /* WASM_BLOCK_VALUE */
		uint32_t index; /* WASM_BLOCK_TYPE: type index */
	};
};

enum wasm_catch_kind { /* the binary format's bytes, section 5.4.1 */
	WASM_CATCH = 0,
	WASM_CATCH_REF = 1,
	WASM_CATCH_ALL = 2,
	WASM_CATCH_ALL_REF = 3,
};

struct wasm_catch {
	enum wasm_catch_kind kind;
	uint32_t tag; /* WASM_CATCH, WASM_CATCH_REF */
	uint32_t label;
};

struct wasm_instr {
	enum wasm_op op;
	uint64_t offset; /* of the opcode in the module file */
	union {
		struct wasm_blocktype block;	 /* block, loop, if */
		uint32_t index;			 /* label, type, local, global, func, table, tag, elem, data */
		struct { struct wasm_memarg memarg; uint8_t memarg_lane; };
		struct { uint32_t type, table; } call_indirect;
		struct { uint32_t segment, object; } init; /* memory.init, table.init */
		struct { uint32_t dst, src; } copy;	   /* memory.copy, table.copy, array.copy (types) */
		struct { uint32_t type, field; } field;	   /* struct.get, struct.set */
		struct { uint32_t type, arg; } array;	   /* array.new_fixed: count; …_data, …_elem: segment */
		struct { uint32_t count; const uint8_t *targets; } br_table; /* count + 1 LEBs, checked */
		struct { struct wasm_blocktype block; uint32_t count; const uint8_t *catches; } try_table;
		struct { uint32_t label; wasm_valtype from, to; } br_on_cast;
		struct { uint32_t count; wasm_valtype first; } select;
		uint32_t heap_type; /* ref.null, ref.test, ref.cast */
		int32_t i32;
		int64_t i64;
		uint32_t f32_bits;
		uint64_t f64_bits;
		uint8_t v128[16]; /* v128.const; i8x16.shuffle's lanes */
		uint8_t lane;
	};
};

/* Next instruction: 1, 0 at the end of the bytes, -1 on malformed code (*error). */
int wasm_next_instr(struct wasm_code_reader *reader, struct wasm_instr *instr,
		    struct walnut_error *error);

/* Next label of a br_table: `at` starts as br_table.targets. */
uint32_t wasm_br_table_next(const uint8_t **at);
/* Next clause of a try_table: `at` starts as try_table.catches. */
struct wasm_catch wasm_catch_next(const uint8_t **at);

/* The table's row of an opcode; never NULL, but its text may be. */
const struct wasm_op_info *wasm_op_info(enum wasm_op op);

/* log2 of the bytes that a load or store touches: its natural alignment. */
static inline unsigned wasm_op_access_log2(enum wasm_op op)
{
	enum wasm_immediate immediate = wasm_op_info(op)->immediate;

	return (unsigned)(immediate >= WASM_IMM_MEMARG_LANE_8 ? immediate - WASM_IMM_MEMARG_LANE_8
							      : immediate - WASM_IMM_MEMARG_8);
}

/* The threads proposal's. */
static inline bool wasm_op_is_atomic(enum wasm_op op)
{
	return op >> 12 == 0xfe;
}

/* Instructions that open a block which an `end` closes. */
static inline bool wasm_op_opens_block(enum wasm_op op)
{
	return op == WASM_OP_BLOCK || op == WASM_OP_LOOP || op == WASM_OP_IF ||
	       op == WASM_OP_TRY_TABLE;
}

/* The value type of a letter in a signature, 'a' aside. */
static inline wasm_valtype wasm_signature_type(char letter)
{
	switch (letter) {
	case 'i': return WASM_I32;
	case 'I': return WASM_I64;
	case 'f': return WASM_F32;
	case 'F': return WASM_F64;
	default: return WASM_V128;
	}
}

/* The text name, "i32.add"; "?" for values not in the table. */
const char *wasm_op_name(enum wasm_op op);

/* Locals declarations at the head of a body: fills *count and, when `types` is not
 * NULL, the type of each local (parameters not included).
 * Leaves the reader at the first instruction. */
int wasm_read_locals(struct wasm_code_reader *reader, uint32_t *count, wasm_valtype *types,
		     struct walnut_error *error);

#endif
