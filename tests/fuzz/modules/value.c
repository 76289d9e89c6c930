/* Expressions: code that leaves one value of a given type. */
#include "body.h"

#include <string.h>

/* --- Constants: the edges of their ranges above all ---------------------------- */

static uint64_t integer(struct random *random)
{
	static const uint64_t edges[] = {
		0, 1, 2, 7, 8, 16, 31, 32, 63, 64, 127, 128, 255, 256, 32767, 32768, 65535, 65536,
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, INT64_MAX, (uint64_t)INT64_MIN,
		UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 31,
	};

	switch (random_below(random, 4)) {
	case 0:
		return random_next(random);
	case 1:
		return random_below(random, 100);
	case 2:
		return (UINT64_C(1) << random_below(random, 64)) - random_below(random, 2);
	default:
		return edges[random_below(random, sizeof(edges) / sizeof(*edges))];
	}
}

static uint32_t f32_bits(struct random *random)
{
	static const uint32_t edges[] = {
		0, 0x80000000, 0x3f800000, 0xbf800000, 0x3f000000, 0x7f800000, 0xff800000, 1, 0x80000001,
		0x007fffff, 0x00800000, 0x7f7fffff, 0x4effffff, 0x4f000000, 0xcf000000, 0x4f7fffff,
		0x5effffff, 0x5f000000, 0xdf000000, 0x7fc00000, 0x7fa00000, 0xffc00000, 0x4b000001,
	};

	if (random_once_in(random, 3))
		return (uint32_t)random_next(random);
	return edges[random_below(random, sizeof(edges) / sizeof(*edges))];
}

static uint64_t f64_bits(struct random *random)
{
	static const uint64_t edges[] = {
		0, UINT64_C(0x8000000000000000), UINT64_C(0x3ff0000000000000), UINT64_C(0xbff0000000000000),
		UINT64_C(0x3fe0000000000000), UINT64_C(0x7ff0000000000000), UINT64_C(0xfff0000000000000),
		1, UINT64_C(0x000fffffffffffff), UINT64_C(0x0010000000000000), UINT64_C(0x7fefffffffffffff),
		UINT64_C(0x41dfffffffc00000), UINT64_C(0x41e0000000000000), UINT64_C(0xc1e0000000000000),
		UINT64_C(0x43dfffffffffffff), UINT64_C(0x43e0000000000000), UINT64_C(0xc3e0000000000000),
		UINT64_C(0x7ff8000000000000), UINT64_C(0x7ff4000000000000), UINT64_C(0x4330000000000001),
		UINT64_C(0x36a0000000000000), UINT64_C(0x47efffffe0000000), UINT64_C(0x47effffff0000000),
	};

	if (random_once_in(random, 3))
		return random_next(random);
	return edges[random_below(random, sizeof(edges) / sizeof(*edges))];
}

static void vector_constant(struct body *body)
{
	uint64_t lanes[2] = { integer(&body->random), f64_bits(&body->random) };

	if (random_once_in(&body->random, 2)) {
		lanes[0] = f32_bits(&body->random) | (uint64_t)f32_bits(&body->random) << 32;
		lanes[1] = random_once_in(&body->random, 2) ? lanes[0] : integer(&body->random);
	}
	body_op(body, WASM_OP_V128_CONST);
	bytes_add(&body->code, lanes, sizeof(lanes));
}

void body_constant(struct body *body, char type)
{
	switch (type) {
	case 'i':
		body_i32(body, (int32_t)integer(&body->random));
		break;
	case 'I':
		body_i64(body, (int64_t)integer(&body->random));
		break;
	case 'f':
		body_f32(body, f32_bits(&body->random));
		break;
	case 'F':
		body_f64(body, f64_bits(&body->random));
		break;
	case 'V':
		vector_constant(body);
		break;
	default:
		body_op(body, WASM_OP_REF_NULL);
		add_heap_type(&body->code, body->plan, type);
		break;
	}
}

static bool is_reference(char type)
{
	return type == 'r' || type == 'e' || type == 'x' || is_aggregate(type);
}

/* --- References ------------------------------------------------------------------ */

void body_index_constant(struct body *body, char index, uint32_t value)
{
	if (index == 'I')
		body_i64(body, value);
	else
		body_i32(body, (int32_t)value);
}

void body_table_index(struct body *body, unsigned table, unsigned depth)
{
	bool wild = random_once_in(&body->random, plan_risk(body->plan));
	const struct plan_table *target = &body->plan->tables[table];

	if (random_once_in(&body->random, 2)) {
		body_index_constant(body, target->index,
				    random_below(&body->random, target->min + (wild ? 20 : 0)));
		return;
	}
	body_value(body, target->index, depth);
	if (wild)
		return;
	body_index_constant(body, target->index, target->min - 1); /* min is a power of two */
	body_op(body, target->index == 'I' ? WASM_OP_I64_AND : WASM_OP_I32_AND);
}

static bool table_of(struct body *body, char type, unsigned *table)
{
	unsigned first = random_below(&body->random, body->plan->table_count);

	for (unsigned i = 0; i < body->plan->table_count; i++) {
		*table = (first + i) % body->plan->table_count;
		if (body->plan->tables[*table].type == type)
			return true;
	}
	return false;
}

static void reference(struct body *body, char type, unsigned depth)
{
	unsigned table;

	if (random_once_in(&body->random, 2) && depth && table_of(body, type, &table)) {
		body_table_index(body, table, depth - 1);
		body_op_index(body, WASM_OP_TABLE_GET, table);
	} else if (type == 'r' && !random_once_in(&body->random, 4)) {
		body_op_index(body, WASM_OP_REF_FUNC, random_below(&body->random, body->plan->func_count));
	} else {
		body_constant(body, type);
	}
}

static void is_null(struct body *body, unsigned depth)
{
	reference(body, random_once_in(&body->random, 4) ? 'e' : 'r', depth);
	body_op(body, WASM_OP_REF_IS_NULL);
}

/* The size of a memory or table, made an i32. */
static void a_size(struct body *body)
{
	unsigned table = random_below(&body->random, body->plan->table_count), memory;
	char index = body->plan->tables[table].index;

	if (body->plan->memory_count && random_once_in(&body->random, 2)) {
		memory = random_below(&body->random, body->plan->memory_count);
		index = body->plan->memories[memory].index;
		body_op_index(body, WASM_OP_MEMORY_SIZE, memory);
	} else {
		body_op_index(body, WASM_OP_TABLE_SIZE, table);
	}
	if (index == 'I')
		body_op(body, WASM_OP_I32_WRAP_I64);
}

/* --- Everything ------------------------------------------------------------------ */

static bool a_global(struct body *body, char type)
{
	unsigned first = random_below(&body->random, body->plan->global_count);

	for (unsigned i = 0; i < body->plan->global_count; i++) {
		unsigned global = (first + i) % body->plan->global_count;

		if (global == FUEL_GLOBAL || body->plan->globals[global].type != type)
			continue;
		body_op_index(body, WASM_OP_GLOBAL_GET, global);
		return true;
	}
	return false;
}

static void selection(struct body *body, char type, unsigned depth)
{
	body_value(body, type, depth);
	body_value(body, type, depth);
	body_value(body, 'i', depth);
	if (!is_reference(type) && !random_once_in(&body->random, 4)) {
		body_op(body, WASM_OP_SELECT);
		return;
	}
	body_op(body, WASM_OP_SELECT_T);
	bytes_u8(&body->code, 1);
	add_value_type(&body->code, body->plan, type);
}

/* A value that stays on the stack below statements. */
static void value_below_statements(struct body *body, char type, unsigned depth)
{
	body_value(body, type, depth);
	body_statements(body, random_between(&body->random, 1, 2), depth);
}

static void leaf(struct body *body, char type)
{
	if (random_once_in(&body->random, 3))
		body_constant(body, type);
	else if (!random_once_in(&body->random, 3) || !a_global(body, type))
		body_get(body, body_any_local(body, type));
}

static void branchy(struct body *body, char type, unsigned depth)
{
	char results[2] = { type, '\0' };

	switch (random_below(&body->random, 6)) {
	case 0:
		if (body_call(body, type, depth))
			return;
		break;
	case 1:
		selection(body, type, depth);
		return;
	case 2:
		value_below_statements(body, type, depth);
		return;
	default:
		if (body->label_count == LABELS_MAX)
			break;
		body_control(body, results, depth);
		return;
	}
	leaf(body, type);
}

static void zero(struct body *body, char type)
{
	static const uint64_t lanes[2];

	switch (type) {
	case 'i':
		body_i32(body, 0);
		break;
	case 'I':
		body_i64(body, 0);
		break;
	case 'f':
		body_f32(body, 0);
		break;
	case 'F':
		body_f64(body, 0);
		break;
	case 'V':
		body_op(body, WASM_OP_V128_CONST);
		bytes_add(&body->code, lanes, sizeof(lanes));
		break;
	default:
		body_constant(body, type);
		break;
	}
}

static void some_value(struct body *body, char type, unsigned depth)
{
	unsigned dice = random_below(&body->random, 20);

	if (!depth || body->budget < 0 || dice < 2) {
		leaf(body, type);
	} else if (dice < 5) {
		branchy(body, type, depth - 1);
	} else if (dice < 6) {
		body_value(body, type, depth - 1);
		body_tee(body, body_any_local(body, type));
	} else if (is_aggregate(type)) {
		body_aggregate(body, type, depth - 1);
	} else if (type == 'i' && (body->plan->features & FEATURE_AGGREGATES) && dice < 9) {
		body_from_aggregate(body, depth - 1);
	} else if (is_reference(type)) {
		reference(body, type, depth);
	} else if (type == 'i' && dice < 7) {
		if (random_once_in(&body->random, 2))
			a_size(body);
		else
			is_null(body, depth - 1);
	} else {
		body_instruction(body, type, depth - 1);
	}
}

void body_value(struct body *body, char type, unsigned depth)
{
	uint32_t number = body->skipper ? body->skipper->count++ : 0;
	size_t start = body->code.size;

	some_value(body, type, depth);
	if (is_skipped(body->skipper, number)) {
		body->code.size = start;
		zero(body, type);
	}
}

void body_values(struct body *body, const char *types, unsigned depth)
{
	for (; *types; types++)
		body_value(body, *types, depth);
}
