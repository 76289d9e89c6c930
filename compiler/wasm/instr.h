/* One instruction at a time from a function body or constant expression. Decoder
 * checks, validator, translator and `inspect` all read code through this reader,
 * which is driven by the opcode table (opcodes.def). */
#ifndef WALNUT_COMPILER_WASM_INSTR_H
#define WALNUT_COMPILER_WASM_INSTR_H

#include <stdint.h>

#include "error.h"
#include "wasm/module.h"

/* WASM_OP_I32_ADD and so on: the text format's name in capitals, '.' as '_'.
 * Values: the opcode byte, or 0xfc00 | sub, 0xfd00 | sub for prefixed ones. */
enum wasm_op {
#define WASM_OPCODE(value, ident, text, imm, sig) WASM_OP_##ident = value,
#include "wasm/opcodes.def"
#undef WASM_OPCODE
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

struct wasm_code_reader {
	const uint8_t *begin, *at, *end;
	uint64_t offset; /* of `begin` in the module */
	uint32_t function; /* for messages; WALNUT_NO_FUNCTION in constant expressions */
	const char *section;
};

/* Next instruction: 1, 0 at the end of the bytes, -1 on malformed code (*error). */
int wasm_next_instr(struct wasm_code_reader *reader, struct wasm_instr *instr,
		    struct walnut_error *error);

/* Next label of a br_table: `at` starts as br_table.targets. */
uint32_t wasm_br_table_next(const uint8_t **at);

/* The text name, "i32.add"; "?" for values not in the table. */
const char *wasm_op_name(enum wasm_op op);

/* Locals declarations at the head of a body: fills *count and, when `types` is not
 * NULL, one byte per local (enum wasm_value_type; parameters not included).
 * Leaves the reader at the first instruction. */
int wasm_read_locals(struct wasm_code_reader *reader, uint32_t *count, uint8_t *types,
		     struct walnut_error *error);

#endif
