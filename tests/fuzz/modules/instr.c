/* Instructions whose type is their signature, straight from the compiler's table: a
 * new row there is used here without further ado, as long as its immediates are known
 * to operand_kind(). */
#include "body.h"

#include <string.h>

struct row {
	enum wasm_op op;
	const char *text;
	enum wasm_immediate immediate;
	const char *signature;
};

static const struct row rows[] = {
#define WASM_OPCODE(value, ident, text, imm, sig) { value, text, WASM_IMM_##imm, sig },
#include "wasm/opcodes.def"
#undef WASM_OPCODE
};
#define ROW_COUNT (sizeof(rows) / sizeof(*rows))

/* Those made elsewhere with more care, and those whose result is not determined. */
static bool is_left_out(const struct row *row)
{
	switch (row->op) {
	case WASM_OP_MEMORY_SIZE:
	case WASM_OP_MEMORY_GROW:
	case WASM_OP_TABLE_SIZE:
	case WASM_OP_MEMORY_INIT:
	case WASM_OP_MEMORY_FILL:
	case WASM_OP_TABLE_INIT:
	case WASM_OP_DATA_DROP:
	case WASM_OP_ELEM_DROP:
	case WASM_OP_NOP:
	case WASM_OP_I32_CONST:
	case WASM_OP_I64_CONST:
	case WASM_OP_F32_CONST:
	case WASM_OP_F64_CONST:
	case WASM_OP_MEMORY_ATOMIC_WAIT32: /* of memory that is not shared: a trap */
	case WASM_OP_MEMORY_ATOMIC_WAIT64:
		return true;
	default:
		return row->op >= WASM_OP_I8X16_RELAXED_SWIZZLE && row->op < 0xfe000;
	}
}

static bool is_atomic(enum wasm_op op)
{
	return op >= 0xfe000;
}

/* Which proposal an instruction came with. */
static unsigned feature_of(const struct row *row)
{
	if (is_atomic(row->op))
		return FEATURE_ATOMICS;
	return strchr(row->signature, 'V') ? FEATURE_VECTORS : 0;
}

static bool needs_memory(enum wasm_immediate immediate)
{
	return immediate >= WASM_IMM_MEMARG_8 && immediate <= WASM_IMM_MEMARG_LANE_64;
}

static bool is_usable(const struct plan *plan, const struct row *row, char type)
{
	const char *results = strchr(row->signature, ':');
	unsigned feature = feature_of(row);
	char result = results ? results[1] : '?';

	if (result != type || is_left_out(row) || (feature & ~plan->features))
		return false;
	return plan->memory_count || !needs_memory(row->immediate);
}

/* --- Immediates -------------------------------------------------------------- */

static unsigned access_size(enum wasm_immediate immediate)
{
	if (immediate >= WASM_IMM_MEMARG_LANE_8 && immediate <= WASM_IMM_MEMARG_LANE_64)
		return 1u << (immediate - WASM_IMM_MEMARG_LANE_8);
	if (immediate >= WASM_IMM_MEMARG_8 && immediate <= WASM_IMM_MEMARG_128)
		return 1u << (immediate - WASM_IMM_MEMARG_8);
	return 0;
}

static void add_memarg(struct body *body, const struct row *row, unsigned memory, uint64_t offset)
{
	unsigned natural = (unsigned)__builtin_ctz(access_size(row->immediate));
	unsigned align = is_atomic(row->op) ? natural : random_below(&body->random, natural + 1);

	bytes_unsigned(&body->code, memory ? align | 0x40 : align);
	if (memory)
		bytes_unsigned(&body->code, memory);
	bytes_unsigned(&body->code, offset);
	if (row->immediate >= WASM_IMM_MEMARG_LANE_8)
		bytes_u8(&body->code, (uint8_t)random_below(&body->random,
							    16 / access_size(row->immediate)));
}

/* What follows the opcode where it is no memarg; false: the kind is not known here. */
static bool add_immediate(struct body *body, enum wasm_immediate immediate)
{
	struct random *random = &body->random;

	switch (immediate) {
	case WASM_IMM_NONE:
		return true;
	case WASM_IMM_ZERO_BYTE:
		bytes_u8(&body->code, 0);
		return true;
	case WASM_IMM_LANE_2:
	case WASM_IMM_LANE_4:
	case WASM_IMM_LANE_8:
	case WASM_IMM_LANE_16:
		bytes_u8(&body->code, (uint8_t)random_below(random, 2u << (immediate - WASM_IMM_LANE_2)));
		return true;
	case WASM_IMM_SHUFFLE:
		for (unsigned i = 0; i < 16; i++)
			bytes_u8(&body->code, (uint8_t)random_below(random, 32));
		return true;
	default:
		return false;
	}
}

/* --- Results ------------------------------------------------------------------ */

/* Operations on floats that return no bits of their own making. */
static bool keeps_nans(const char *name)
{
	static const char *const kept[] = { "abs", "neg", "copysign", "load", "const", "reinterpret",
					    "convert", "splat", "lane", "eq", "ne", "lt", "gt", "le", "ge" };
	const char *dot = strchr(name, '.');

	for (unsigned i = 0; dot && i < sizeof(kept) / sizeof(*kept); i++)
		if (strncmp(dot + 1, kept[i], strlen(kept[i])) == 0 || strstr(dot, "_lane"))
			return strncmp(dot, ".nearest", 8) != 0;
	return false;
}

static void canonical_lanes(struct body *body, bool wide)
{
	unsigned value = body_new_local(body, 'V');
	const uint64_t nan = wide ? UINT64_C(0x7ff8000000000000) : UINT64_C(0x7fc000007fc00000);
	const uint64_t lanes[2] = { nan, nan };

	body_set(body, value);
	body_get(body, value);
	body_op(body, WASM_OP_V128_CONST);
	bytes_add(&body->code, lanes, sizeof(lanes));
	body_get(body, value);
	body_get(body, value);
	body_op(body, wide ? WASM_OP_F64X2_EQ : WASM_OP_F32X4_EQ);
	body_op(body, WASM_OP_V128_BITSELECT);
	body_tee(body, value);
}

void body_canonical_nan(struct body *body, char type)
{
	unsigned value = body_new_local(body, type);

	body_tee(body, value);
	if (type == 'f')
		body_f32(body, 0x7fc00000);
	else
		body_f64(body, UINT64_C(0x7ff8000000000000));
	body_get(body, value);
	body_get(body, value);
	body_op(body, type == 'f' ? WASM_OP_F32_EQ : WASM_OP_F64_EQ);
	body_op(body, WASM_OP_SELECT);
	body_tee(body, value); /* others may read the local */
}

static void make_determined(struct body *body, const struct row *row, char type)
{
	if (keeps_nans(row->text))
		return;
	if (type == 'f' || type == 'F')
		body_canonical_nan(body, type);
	else if (type == 'V' && !strncmp(row->text, "f32x4.", 6))
		canonical_lanes(body, false);
	else if (type == 'V' && !strncmp(row->text, "f64x2.", 6))
		canonical_lanes(body, true);
}

/* --- Operands ----------------------------------------------------------------- */

static bool is_division(enum wasm_op op)
{
	return (op >= WASM_OP_I32_DIV_S && op <= WASM_OP_I32_REM_U) ||
	       (op >= WASM_OP_I64_DIV_S && op <= WASM_OP_I64_REM_U);
}

static bool is_trapping_conversion(enum wasm_op op)
{
	return (op >= WASM_OP_I32_TRUNC_F32_S && op <= WASM_OP_I32_TRUNC_F64_U) ||
	       (op >= WASM_OP_I64_TRUNC_F32_S && op <= WASM_OP_I64_TRUNC_F64_U);
}

/* A divisor that is mostly not zero. */
static void safe_divisor(struct body *body, char type)
{
	if (random_once_in(&body->random, plan_risk(body->plan)))
		return;
	if (type == 'i') {
		body_i32(body, 1);
		body_op(body, WASM_OP_I32_OR);
	} else {
		body_i64(body, 1);
		body_op(body, WASM_OP_I64_OR);
	}
}

/* The operand of a conversion that mostly is in range: made from 16 bits. */
static void convertible(struct body *body, char type, unsigned depth)
{
	if (random_once_in(&body->random, plan_risk(body->plan))) {
		body_value(body, type, depth);
		return;
	}
	body_value(body, 'i', depth);
	body_i32(body, 0xffff);
	body_op(body, WASM_OP_I32_AND);
	body_op(body, type == 'f' ? WASM_OP_F32_CONVERT_I32_S : WASM_OP_F64_CONVERT_I32_S);
	if (type == 'f') {
		body_f32(body, 0x3fa66666); /* 1.3 */
		body_op(body, WASM_OP_F32_MUL);
	}
}

/* The address on the stack cut to a multiple of `size`; returns `offset` cut likewise. */
static uint64_t align(struct body *body, unsigned memory, uint32_t size, uint64_t offset)
{
	if (body->plan->memories[memory].index == 'I') {
		body_i64(body, -(int64_t)size);
		body_op(body, WASM_OP_I64_AND);
	} else {
		body_i32(body, -(int32_t)size);
		body_op(body, WASM_OP_I32_AND);
	}
	return offset & ~(uint64_t)(size - 1);
}

static void add_instruction(struct body *body, const struct row *row, char type, unsigned depth)
{
	const char *param = row->signature;
	unsigned size = access_size(row->immediate);
	unsigned memory = 0;
	uint64_t offset = 0;

	if (*param == 'a') {
		memory = random_below(&body->random, body->plan->memory_count);
		offset = body_address(body, memory, size, depth);
		if (is_atomic(row->op)) /* an address that is not aligned traps */
			offset = align(body, memory, size, offset);
		param++;
	}
	for (; *param != ':'; param++) {
		if (is_trapping_conversion(row->op))
			convertible(body, *param, depth);
		else
			body_value(body, *param, depth);
	}
	if (is_division(row->op))
		safe_divisor(body, row->signature[0]);
	body_op(body, row->op);
	if (size)
		add_memarg(body, row, memory, offset);
	else
		add_immediate(body, row->immediate);
	make_determined(body, row, type);
}

static bool has_known_immediate(const struct row *row)
{
	struct body scratch = { .plan = NULL };
	bool known = access_size(row->immediate) || add_immediate(&scratch, row->immediate);

	bytes_free(&scratch.code);
	return known;
}

bool body_instruction(struct body *body, char type, unsigned depth)
{
	static bool known[ROW_COUNT], known_is_filled;
	static uint16_t found[ROW_COUNT];
	unsigned count = 0;

	for (unsigned i = 0; !known_is_filled && i < ROW_COUNT; i++)
		known[i] = has_known_immediate(&rows[i]);
	known_is_filled = true;
	for (unsigned i = 0; i < ROW_COUNT; i++)
		if (known[i] && is_usable(body->plan, &rows[i], type))
			found[count++] = (uint16_t)i;
	if (!count)
		return false;
	add_instruction(body, &rows[found[random_below(&body->random, count)]], type, depth);
	return true;
}
