/* The instruction reader: core spec 3.0, section 5.4. */
#include "wasm/instr.h"

#include <string.h>

#include "wasm/limits.h"

/* Rows by opcode: plain ones first, then each prefix's block of sub-opcodes. */
#define MISC_COUNT 0x12u
#define GC_COUNT 0x1fu
#define VECTOR_COUNT 0x114u
#define ATOMIC_COUNT 0x4fu

#define GC_BASE 0x100u
#define MISC_BASE (GC_BASE + GC_COUNT)
#define VECTOR_BASE (MISC_BASE + MISC_COUNT)
#define ATOMIC_BASE (VECTOR_BASE + VECTOR_COUNT)
#define ROW_COUNT (ATOMIC_BASE + ATOMIC_COUNT)
#define ROW(value)                                                                                 \
	((value) < 0x100	   ? (value)                                                       \
	 : (value) >> 12 == 0xfb ? GC_BASE + ((value) & 0xfff)                                   \
	 : (value) >> 12 == 0xfc ? MISC_BASE + ((value) & 0xfff)                                 \
	 : (value) >> 12 == 0xfd ? VECTOR_BASE + ((value) & 0xfff)                               \
				 : ATOMIC_BASE + ((value) & 0xfff))

static const struct wasm_op_info op_table[ROW_COUNT] = {
#define WASM_OPCODE(value, ident, name, imm, sig)                                                  \
	[ROW(value)] = { .text = name, .signature = sig, .immediate = WASM_IMM_##imm },
#include "wasm/opcodes.def"
#undef WASM_OPCODE
};

/* How many sub-opcodes a prefix byte has; 0: it is no prefix. */
static uint32_t prefix_count(uint8_t byte)
{
	switch (byte) {
	case 0xfb: return GC_COUNT;
	case 0xfc: return MISC_COUNT;
	case 0xfd: return VECTOR_COUNT;
	case 0xfe: return ATOMIC_COUNT;
	default: return 0;
	}
}

const struct wasm_op_info *wasm_op_info(enum wasm_op op)
{
	static const struct wasm_op_info none = { .signature = "" };
	uint32_t value = op;

	if (value >= 0x100 && (value >> 20 || (value & 0xfff) >= prefix_count((uint8_t)(value >> 12))))
		return &none;
	return &op_table[ROW(value)];
}

const char *wasm_op_name(enum wasm_op op)
{
	const char *text = wasm_op_info(op)->text;

	return text ? text : "?";
}

/* try, catch, rethrow, delegate and catch_all of the exception handling that came before
 * the standard's; the standard keeps their opcodes free. */
static bool is_legacy_exception(uint8_t byte)
{
	return byte == 0x06 || byte == 0x07 || byte == 0x09 || byte == 0x18 || byte == 0x19;
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
	if (is_legacy_exception(byte))
		return wasm_reader_fail(reader, error, WALNUT_ERROR_UNSUPPORTED, offset,
					"legacy exception handling is not supported (opcode 0x%02x): "
					"compile for exnref, clang's -mllvm "
					"-wasm-use-legacy-eh=false", byte);
	if (!prefix_count(byte))
		return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
					"illegal opcode 0x%02x", byte);
	if (wasm_read_u32(reader, &sub, error))
		return -1;
	*value = (uint32_t)byte << 12 | sub;
	if (sub >= prefix_count(byte) || !op_table[ROW(*value)].text)
		return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
					"illegal opcode 0x%02x %u", byte, sub);
	return 0;
}

static int read_block_type(struct wasm_code_reader *reader, struct wasm_blocktype *block,
			   struct walnut_error *error)
{
	uint64_t offset = wasm_reader_offset(reader);
	int64_t index;

	if (reader->at != reader->end && *reader->at == 0x40) {
		reader->at++;
		block->kind = WASM_BLOCK_EMPTY;
		return 0;
	}
	/* A first byte that alone is a negative s33 begins a value type. */
	if (reader->at != reader->end && (*reader->at & 0xc0) == 0x40) {
		block->kind = WASM_BLOCK_VALUE;
		return wasm_read_valtype(reader, &block->value, error);
	}
	if (wasm_read_s33(reader, &index, error))
		return -1;
	if (index < 0)
		return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
					"malformed block type");
	block->kind = WASM_BLOCK_TYPE;
	block->index = (uint32_t)index;
	return 0;
}

static int read_catch(struct wasm_code_reader *reader, struct walnut_error *error)
{
	uint64_t offset = wasm_reader_offset(reader);
	uint32_t index;
	uint8_t kind;

	if (wasm_read_byte(reader, &kind, error))
		return -1;
	if (kind > WASM_CATCH_ALL_REF)
		return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
					"malformed catch clause 0x%02x", kind);
	if (kind <= WASM_CATCH_REF && wasm_read_u32(reader, &index, error))
		return -1;
	return wasm_read_u32(reader, &index, error);
}

static int read_try_table(struct wasm_code_reader *reader, struct wasm_instr *instr,
			  struct walnut_error *error)
{
	if (read_block_type(reader, &instr->try_table.block, error) ||
	    wasm_read_count(reader, 2, UINT32_MAX, "catch clauses", &instr->try_table.count, error))
		return -1;
	instr->try_table.catches = reader->at;
	for (uint32_t i = 0; i < instr->try_table.count; i++) {
		if (read_catch(reader, error))
			return -1;
	}
	return 0;
}

#define MEMARG_HAS_MEMORY 0x40u /* in the alignment */

static int read_memarg(struct wasm_code_reader *reader, struct wasm_memarg *memarg,
		       struct walnut_error *error)
{
	uint64_t place = wasm_reader_offset(reader);

	memarg->memory = 0;
	if (wasm_read_u32(reader, &memarg->align, error))
		return -1;
	if (memarg->align >= 2 * MEMARG_HAS_MEMORY)
		return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, place,
					"malformed memop flags");
	if (memarg->align & MEMARG_HAS_MEMORY) {
		memarg->align -= MEMARG_HAS_MEMORY;
		if (wasm_read_u32(reader, &memarg->memory, error))
			return -1;
	}
	return wasm_read_u64(reader, &memarg->offset, error);
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

/* An LEB128 that has been checked. */
static uint32_t next_u32(const uint8_t **at)
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

uint32_t wasm_br_table_next(const uint8_t **at)
{
	return next_u32(at);
}

struct wasm_catch wasm_catch_next(const uint8_t **at)
{
	struct wasm_catch clause = { .kind = *(*at)++ };

	if (clause.kind <= WASM_CATCH_REF)
		clause.tag = next_u32(at);
	clause.label = next_u32(at);
	return clause;
}

static int read_select_types(struct wasm_code_reader *reader, struct wasm_instr *instr,
			     struct walnut_error *error)
{
	wasm_valtype type;

	if (wasm_read_count(reader, 1, UINT32_MAX, "types", &instr->select.count, error))
		return -1;
	for (uint32_t i = 0; i < instr->select.count; i++) {
		if (wasm_read_valtype(reader, &type, error))
			return -1;
		if (i == 0)
			instr->select.first = type;
	}
	return 0;
}

#define CAST_FROM_NULLABLE 1u
#define CAST_TO_NULLABLE 2u

static int read_br_on_cast(struct wasm_code_reader *reader, struct wasm_instr *instr,
			   struct walnut_error *error)
{
	uint64_t offset = wasm_reader_offset(reader);
	uint32_t from, to;
	uint8_t flags;

	if (wasm_read_byte(reader, &flags, error))
		return -1;
	if (flags > (CAST_FROM_NULLABLE | CAST_TO_NULLABLE))
		return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
					"malformed cast flags 0x%02x", flags);
	if (wasm_read_u32(reader, &instr->br_on_cast.label, error) ||
	    wasm_read_heaptype(reader, &from, error) || wasm_read_heaptype(reader, &to, error))
		return -1;
	instr->br_on_cast.from = flags & CAST_FROM_NULLABLE ? WASM_REF_NULL(from)
							    : WASM_REF_TO(from);
	instr->br_on_cast.to = flags & CAST_TO_NULLABLE ? WASM_REF_NULL(to) : WASM_REF_TO(to);
	return 0;
}

/* Lane numbers below `count`. */
static int read_lanes(struct wasm_code_reader *reader, uint8_t *lanes, unsigned n, unsigned count,
		      struct walnut_error *error)
{
	uint64_t offset = wasm_reader_offset(reader);

	for (unsigned i = 0; i < n; i++) {
		if (wasm_read_byte(reader, &lanes[i], error))
			return -1;
		if (lanes[i] >= count)
			return wasm_reader_fail(reader, error, WALNUT_ERROR_INVALID, offset + i,
						"invalid lane index %u of %u", lanes[i], count);
	}
	return 0;
}

static int read_pair(struct wasm_code_reader *reader, uint32_t *first, uint32_t *second,
		     struct walnut_error *error)
{
	return wasm_read_u32(reader, first, error) ? -1 : wasm_read_u32(reader, second, error);
}

static int read_zero_byte(struct wasm_code_reader *reader, struct walnut_error *error)
{
	uint64_t offset = wasm_reader_offset(reader);
	uint8_t byte;

	if (wasm_read_byte(reader, &byte, error))
		return -1;
	return byte ? wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
				       "zero byte expected")
		    : 0;
}

static int read_raw(struct wasm_code_reader *reader, void *bits, size_t size,
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
	enum wasm_immediate immediate = wasm_op_info(instr->op)->immediate;

	switch (immediate) {
	case WASM_IMM_NONE:
		return 0;
	case WASM_IMM_BLOCK:
		return read_block_type(reader, &instr->block, error);
	case WASM_IMM_TRY_TABLE:
		return read_try_table(reader, instr, error);
	case WASM_IMM_LABEL:
	case WASM_IMM_TYPE:
	case WASM_IMM_FUNC:
	case WASM_IMM_LOCAL:
	case WASM_IMM_GLOBAL:
	case WASM_IMM_TABLE:
	case WASM_IMM_TAG:
	case WASM_IMM_ELEM:
	case WASM_IMM_DATA:
	case WASM_IMM_MEMORY:
		return wasm_read_u32(reader, &instr->index, error);
	case WASM_IMM_BR_TABLE:
		return read_br_table(reader, instr, error);
	case WASM_IMM_BR_ON_CAST:
		return read_br_on_cast(reader, instr, error);
	case WASM_IMM_CALL_INDIRECT:
		return read_pair(reader, &instr->call_indirect.type, &instr->call_indirect.table,
				 error);
	case WASM_IMM_MEMARG_8:
	case WASM_IMM_MEMARG_16:
	case WASM_IMM_MEMARG_32:
	case WASM_IMM_MEMARG_64:
	case WASM_IMM_MEMARG_128:
		return read_memarg(reader, &instr->memarg, error);
	case WASM_IMM_MEMARG_LANE_8:
	case WASM_IMM_MEMARG_LANE_16:
	case WASM_IMM_MEMARG_LANE_32:
	case WASM_IMM_MEMARG_LANE_64:
		if (read_memarg(reader, &instr->memarg, error))
			return -1;
		return read_lanes(reader, &instr->memarg_lane, 1,
				  16u >> (immediate - WASM_IMM_MEMARG_LANE_8), error);
	case WASM_IMM_ZERO_BYTE:
		return read_zero_byte(reader, error);
	case WASM_IMM_I32:
		return wasm_read_s32(reader, &instr->i32, error);
	case WASM_IMM_I64:
		return wasm_read_s64(reader, &instr->i64, error);
	case WASM_IMM_F32:
		return read_raw(reader, &instr->f32_bits, sizeof(instr->f32_bits), error);
	case WASM_IMM_F64:
		return read_raw(reader, &instr->f64_bits, sizeof(instr->f64_bits), error);
	case WASM_IMM_V128:
		return read_raw(reader, instr->v128, sizeof(instr->v128), error);
	case WASM_IMM_SHUFFLE:
		return read_lanes(reader, instr->v128, 16, 32, error);
	case WASM_IMM_LANE_2:
	case WASM_IMM_LANE_4:
	case WASM_IMM_LANE_8:
	case WASM_IMM_LANE_16:
		return read_lanes(reader, &instr->lane, 1, 2u << (immediate - WASM_IMM_LANE_2),
				  error);
	case WASM_IMM_SELECT:
		return read_select_types(reader, instr, error);
	case WASM_IMM_HEAP_TYPE:
		return wasm_read_heaptype(reader, &instr->heap_type, error);
	case WASM_IMM_FIELD:
		return read_pair(reader, &instr->field.type, &instr->field.field, error);
	case WASM_IMM_ARRAY_FIXED:
	case WASM_IMM_ARRAY_DATA:
	case WASM_IMM_ARRAY_ELEM:
		return read_pair(reader, &instr->array.type, &instr->array.arg, error);
	case WASM_IMM_MEMORY_INIT:
	case WASM_IMM_TABLE_INIT:
		return read_pair(reader, &instr->init.segment, &instr->init.object, error);
	case WASM_IMM_MEMORY_COPY:
	case WASM_IMM_TABLE_COPY:
	case WASM_IMM_ARRAY_COPY:
		return read_pair(reader, &instr->copy.dst, &instr->copy.src, error);
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

int wasm_read_locals(struct wasm_code_reader *reader, uint32_t *count, wasm_valtype *types,
		     struct walnut_error *error)
{
	uint32_t groups;
	uint64_t total = 0;

	if (wasm_read_count(reader, 2, UINT32_MAX, "groups of locals", &groups, error))
		return -1;
	for (uint32_t i = 0; i < groups; i++) {
		uint64_t offset = wasm_reader_offset(reader);
		uint32_t n;
		wasm_valtype type;

		if (wasm_read_u32(reader, &n, error) || wasm_read_valtype(reader, &type, error))
			return -1;
		if (total + n > UINT32_MAX)
			return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
						"too many locals");
		for (uint32_t k = 0; types && k < n && total + n <= WASM_MAX_LOCALS; k++)
			types[total + k] = type;
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
