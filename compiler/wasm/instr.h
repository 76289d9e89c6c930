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
	WASM_IMM_LABEL,
	WASM_IMM_BR_TABLE,
	WASM_IMM_FUNC,
	WASM_IMM_CALL_INDIRECT,
	WASM_IMM_LOCAL,
	WASM_IMM_GLOBAL,
	WASM_IMM_TABLE,
	WASM_IMM_ELEM,
	WASM_IMM_DATA,
	WASM_IMM_MEMORY,
	WASM_IMM_MEMARG_8,
	WASM_IMM_MEMARG_16,
	WASM_IMM_MEMARG_32,
	WASM_IMM_MEMARG_64,
	WASM_IMM_I32,
	WASM_IMM_I64,
	WASM_IMM_F32,
	WASM_IMM_F64,
	WASM_IMM_SELECT,
	WASM_IMM_REF_NULL,
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
	uint32_t value; /* value type, or type index */
};

struct wasm_instr {
	enum wasm_op op;
	uint64_t offset; /* of the opcode in the module file */
	union {
		struct wasm_blocktype block;	 /* block, loop, if */
		uint32_t index;			 /* label, local, global, func, table, elem, data */
		struct wasm_memarg memarg;
		struct { uint32_t type, table; } call_indirect;
		struct { uint32_t segment, object; } init; /* memory.init, table.init */
		struct { uint32_t dst, src; } copy;	   /* memory.copy, table.copy */
		struct { uint32_t count; const uint8_t *targets; } br_table; /* count + 1 LEBs, checked */
		struct { uint32_t count; const uint8_t *types; } select;
		uint8_t ref_type; /* ref.null */
		int32_t i32;
		int64_t i64;
		uint32_t f32_bits;
		uint64_t f64_bits;
		uint8_t v128[16];
	};
};

/* Next instruction: 1, 0 at the end of the bytes, -1 on malformed code (*error). */
int wasm_next_instr(struct wasm_code_reader *reader, struct wasm_instr *instr,
		    struct walnut_error *error);

/* Next label of a br_table: `at` starts as br_table.targets. */
uint32_t wasm_br_table_next(const uint8_t **at);

/* The table's row of an opcode; never NULL, but its text may be. */
const struct wasm_op_info *wasm_op_info(enum wasm_op op);

/* log2 of the bytes that a load or store touches: its natural alignment. */
static inline unsigned wasm_op_access_log2(enum wasm_op op)
{
	return (unsigned)(wasm_op_info(op)->immediate - WASM_IMM_MEMARG_8);
}

/* enum wasm_value_type of a letter in a signature. */
static inline uint8_t wasm_signature_type(char letter)
{
	switch (letter) {
	case 'i': return WASM_I32;
	case 'I': return WASM_I64;
	case 'f': return WASM_F32;
	default: return WASM_F64;
	}
}

/* The text name, "i32.add"; "?" for values not in the table. */
const char *wasm_op_name(enum wasm_op op);

/* Locals declarations at the head of a body: fills *count and, when `types` is not
 * NULL, one byte per local (enum wasm_value_type; parameters not included).
 * Leaves the reader at the first instruction. */
int wasm_read_locals(struct wasm_code_reader *reader, uint32_t *count, uint8_t *types,
		     struct walnut_error *error);

#endif
