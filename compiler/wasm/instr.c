/* The instruction reader: core spec 2.0, section 5.4. */
#include "wasm/instr.h"

#include <string.h>

#include "wasm/limits.h"

/* Rows by opcode: plain ones first, then each prefix's block of sub-opcodes. */
#define MISC_BASE 0x100u
#define MISC_COUNT 0x12u
#define ROW(value) ((value) < 0x100 ? (value) : MISC_BASE + ((value) & 0xfff))

static const struct wasm_op_info op_table[MISC_BASE + MISC_COUNT] = {
#define WASM_OPCODE(value, ident, name, imm, sig)                                                  \
	[ROW(value)] = { .text = name, .signature = sig, .immediate = WASM_IMM_##imm },
#include "wasm/opcodes.def"
#undef WASM_OPCODE
};

const struct wasm_op_info *wasm_op_info(enum wasm_op op)
{
	static const struct wasm_op_info none = { .signature = "" };
	uint32_t value = op;

	if (value < 0x100)
		return &op_table[value];
	if (value >> 12 == 0xfc && (value & 0xfff) < MISC_COUNT)
		return &op_table[MISC_BASE + (value & 0xfff)];
	return &none;
}

const char *wasm_op_name(enum wasm_op op)
{
	const char *text = wasm_op_info(op)->text;

	return text ? text : "?";
}

/* An opcode that is not in the table: either a proposal's, whose name helps, or
 * none. */
static int refuse_opcode(const struct wasm_code_reader *reader, uint8_t byte, uint64_t offset,
			 struct walnut_error *error)
{
	const char *feature = NULL;

	switch (byte) {
	case 0x06: case 0x07: case 0x08: case 0x09: case 0x0a:
	case 0x18: case 0x19: case 0x1f:
		feature = "exception handling";
		break;
	case 0x12: case 0x13:
		feature = "tail calls";
		break;
	case 0x14: case 0x15: case 0xd4: case 0xd5: case 0xd6:
		feature = "typed function references";
		break;
	case 0xd3: case 0xfb:
		feature = "garbage collection";
		break;
	case 0xfd:
		feature = "SIMD (v128)";
		break;
	case 0xfe:
		feature = "threads (atomics)";
		break;
	}
	if (feature)
		return wasm_reader_fail(reader, error, WALNUT_ERROR_UNSUPPORTED, offset,
					"%s is not supported (opcode 0x%02x)", feature, byte);
	return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
				"illegal opcode 0x%02x", byte);
}

static int read_opcode(struct wasm_code_reader *reader, uint32_t *value,
		       struct walnut_error *error)
{
	uint64_t offset = wasm_reader_offset(reader);
	uint8_t byte;
	uint32_t sub;

	if (wasm_read_byte(reader, &byte, error))
		return -1;
	*value = byte;
	if (op_table[byte].text)
		return 0;
	if (byte != 0xfc)
		return refuse_opcode(reader, byte, offset, error);
	if (wasm_read_u32(reader, &sub, error))
		return -1;
	if (sub >= MISC_COUNT)
		return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
					"illegal opcode 0xfc %u", sub);
	*value = 0xfcu << 12 | sub;
	return 0;
}

static int read_block_type(struct wasm_code_reader *reader, struct wasm_blocktype *block,
			   struct walnut_error *error)
{
	uint64_t offset = wasm_reader_offset(reader);
	int64_t index;
	uint8_t type;

	block->value = 0;
	if (reader->at != reader->end && *reader->at == 0x40) {
		reader->at++;
		block->kind = WASM_BLOCK_EMPTY;
		return 0;
	}
	/* A single byte that is negative as an s33 is a value type. */
	if (reader->at != reader->end && (*reader->at & 0xc0) == 0x40) {
		if (wasm_read_valtype(reader, &type, error))
			return -1;
		block->kind = WASM_BLOCK_VALUE;
		block->value = type;
		return 0;
	}
	if (wasm_read_s33(reader, &index, error))
		return -1;
	if (index < 0)
		return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
					"malformed block type");
	block->kind = WASM_BLOCK_TYPE;
	block->value = (uint32_t)index;
	return 0;
}

/* Where a memory's index will stand once there can be several, 2.0 has a zero byte. */
static int read_memory_index(struct wasm_code_reader *reader, uint32_t *index,
			     struct walnut_error *error)
{
	uint64_t offset = wasm_reader_offset(reader);
	uint8_t byte;

	if (wasm_read_byte(reader, &byte, error))
		return -1;
	if (byte)
		return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
					"zero byte expected (a module has one memory)");
	*index = 0;
	return 0;
}

static int read_memarg(struct wasm_code_reader *reader, struct wasm_memarg *memarg,
		       struct walnut_error *error)
{
	uint64_t place = wasm_reader_offset(reader);
	uint32_t offset;

	memarg->memory = 0;
	if (wasm_read_u32(reader, &memarg->align, error))
		return -1;
	if (memarg->align & 0x40)
		return wasm_reader_fail(reader, error, WALNUT_ERROR_UNSUPPORTED, place,
					"multiple memories are not supported");
	if (wasm_read_u32(reader, &offset, error))
		return -1;
	memarg->offset = offset;
	return 0;
}

static int read_br_table(struct wasm_code_reader *reader, struct wasm_instr *instr,
			 struct walnut_error *error)
{
	uint32_t label;

	if (wasm_read_count(reader, 1, UINT32_MAX - 1, "labels", &instr->br_table.count, error))
		return -1;
	instr->br_table.targets = reader->at;
	for (uint32_t i = 0; i <= instr->br_table.count; i++) {
		if (wasm_read_u32(reader, &label, error))
			return -1;
	}
	return 0;
}

uint32_t wasm_br_table_next(const uint8_t **at)
{
	uint32_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = *(*at)++;
		value |= (uint32_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static int read_select_types(struct wasm_code_reader *reader, struct wasm_instr *instr,
			     struct walnut_error *error)
{
	uint8_t type;

	if (wasm_read_count(reader, 1, UINT32_MAX, "types", &instr->select.count, error))
		return -1;
	instr->select.types = reader->at;
	for (uint32_t i = 0; i < instr->select.count; i++) {
		if (wasm_read_valtype(reader, &type, error))
			return -1;
	}
	return 0;
}

static int read_float(struct wasm_code_reader *reader, void *bits, size_t size,
		      struct walnut_error *error)
{
	const uint8_t *bytes;

	if (wasm_read_bytes(reader, size, &bytes, error))
		return -1;
	memcpy(bits, bytes, size);
	return 0;
}

static int read_immediate(struct wasm_code_reader *reader, struct wasm_instr *instr,
			  struct walnut_error *error)
{
	switch (wasm_op_info(instr->op)->immediate) {
	case WASM_IMM_NONE:
		return 0;
	case WASM_IMM_BLOCK:
		return read_block_type(reader, &instr->block, error);
	case WASM_IMM_LABEL:
	case WASM_IMM_FUNC:
	case WASM_IMM_LOCAL:
	case WASM_IMM_GLOBAL:
	case WASM_IMM_TABLE:
	case WASM_IMM_ELEM:
	case WASM_IMM_DATA:
		return wasm_read_u32(reader, &instr->index, error);
	case WASM_IMM_MEMORY:
		return read_memory_index(reader, &instr->index, error);
	case WASM_IMM_BR_TABLE:
		return read_br_table(reader, instr, error);
	case WASM_IMM_CALL_INDIRECT:
		if (wasm_read_u32(reader, &instr->call_indirect.type, error))
			return -1;
		return wasm_read_u32(reader, &instr->call_indirect.table, error);
	case WASM_IMM_MEMARG_8:
	case WASM_IMM_MEMARG_16:
	case WASM_IMM_MEMARG_32:
	case WASM_IMM_MEMARG_64:
		return read_memarg(reader, &instr->memarg, error);
	case WASM_IMM_I32:
		return wasm_read_s32(reader, &instr->i32, error);
	case WASM_IMM_I64:
		return wasm_read_s64(reader, &instr->i64, error);
	case WASM_IMM_F32:
		return read_float(reader, &instr->f32_bits, sizeof(instr->f32_bits), error);
	case WASM_IMM_F64:
		return read_float(reader, &instr->f64_bits, sizeof(instr->f64_bits), error);
	case WASM_IMM_SELECT:
		return read_select_types(reader, instr, error);
	case WASM_IMM_REF_NULL:
		return wasm_read_reftype(reader, &instr->ref_type, error);
	case WASM_IMM_MEMORY_INIT:
		if (wasm_read_u32(reader, &instr->init.segment, error))
			return -1;
		return read_memory_index(reader, &instr->init.object, error);
	case WASM_IMM_MEMORY_COPY:
		if (read_memory_index(reader, &instr->copy.dst, error))
			return -1;
		return read_memory_index(reader, &instr->copy.src, error);
	case WASM_IMM_TABLE_INIT:
		if (wasm_read_u32(reader, &instr->init.segment, error))
			return -1;
		return wasm_read_u32(reader, &instr->init.object, error);
	case WASM_IMM_TABLE_COPY:
		if (wasm_read_u32(reader, &instr->copy.dst, error))
			return -1;
		return wasm_read_u32(reader, &instr->copy.src, error);
	}
	__builtin_unreachable();
}

int wasm_next_instr(struct wasm_code_reader *reader, struct wasm_instr *instr,
		    struct walnut_error *error)
{
	uint32_t value;

	if (reader->at == reader->end)
		return 0;
	instr->offset = wasm_reader_offset(reader);
	if (read_opcode(reader, &value, error))
		return -1;
	instr->op = value;
	return read_immediate(reader, instr, error) ? -1 : 1;
}

int wasm_read_locals(struct wasm_code_reader *reader, uint32_t *count, uint8_t *types,
		     struct walnut_error *error)
{
	uint32_t groups;
	uint64_t total = 0;

	if (wasm_read_count(reader, 2, UINT32_MAX, "groups of locals", &groups, error))
		return -1;
	for (uint32_t i = 0; i < groups; i++) {
		uint64_t offset = wasm_reader_offset(reader);
		uint32_t n;
		uint8_t type;

		if (wasm_read_u32(reader, &n, error) || wasm_read_valtype(reader, &type, error))
			return -1;
		if (total + n > UINT32_MAX)
			return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
						"too many locals");
		if (types && total + n <= WASM_MAX_LOCALS)
			memset(types + total, type, n);
		total += n;
	}
	if (total > WASM_MAX_LOCALS) {
		return wasm_reader_fail(reader, error, WALNUT_ERROR_LIMIT,
					wasm_reader_offset(reader),
					"%llu locals: more than the limit of %u",
					(unsigned long long)total, WASM_MAX_LOCALS);
	}
	*count = (uint32_t)total;
	return 0;
}
