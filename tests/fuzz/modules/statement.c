/* Statements: code that leaves the stack as it was. Each has a number, by which it can
 * be left out (struct skipper). */
#include "body.h"

#include <string.h>

uint64_t body_address(struct body *body, unsigned memory, uint32_t size, unsigned depth)
{
	static const uint16_t masks[] = { 0xff, 0xfff, 0x7fff };
	struct random *random = &body->random;
	uint32_t mask = masks[random_below(random, 3)];
	uint32_t room = 65536 - mask - 1 - size;
	char index = body->plan->memories[memory].index;

	if (random_once_in(random, plan_risk(body->plan))) {
		body_value(body, index, depth);
		if (index == 'I' && random_once_in(random, 2))
			return random_next(random) >> random_below(random, 64);
		return random_next(random) >> random_between(random, 32, 63);
	}
	if (random_once_in(random, 4)) {
		body_index_constant(body, index, random_below(random, mask));
	} else {
		body_value(body, index, depth);
		body_index_constant(body, index, mask);
		body_op(body, index == 'I' ? WASM_OP_I64_AND : WASM_OP_I32_AND);
	}
	return random_below(random, random_once_in(random, 2) ? 64 : room);
}

/* --- Bulk memory and tables ------------------------------------------------------- */

/* A number of bytes or elements up to `limit`; rarely any. */
static void length(struct body *body, uint32_t limit, unsigned depth)
{
	if (random_once_in(&body->random, plan_risk(body->plan))) {
		body_value(body, 'i', depth);
	} else if (random_once_in(&body->random, 2)) {
		body_i32(body, (int32_t)random_below(&body->random, limit + 1));
	} else {
		body_value(body, 'i', depth);
		body_i32(body, (int32_t)limit + 1);
		body_op(body, WASM_OP_I32_REM_U);
	}
}

/* A length as an operand of this type. */
static void index_length(struct body *body, char index, uint32_t limit, unsigned depth)
{
	length(body, limit, depth);
	if (index == 'I')
		body_op(body, WASM_OP_I64_EXTEND_I32_U);
}

static void bulk_address(struct body *body, unsigned memory, unsigned depth)
{
	body_address(body, memory, 4096, depth); /* the offset it suggests has no place here */
}

static void memory_init(struct body *body, unsigned memory, unsigned depth)
{
	unsigned segment = random_below(&body->random, body->plan->data_count);
	uint32_t size = body->plan->data[segment].size, from = random_below(&body->random, size + 1);

	if (body->plan->data[segment].mode == SEGMENT_ACTIVE)
		size = from = 0; /* dropped by instantiation */
	bulk_address(body, memory, depth);
	body_i32(body, (int32_t)from);
	length(body, size - from, depth);
	body_op_index(body, WASM_OP_MEMORY_INIT, segment);
	bytes_unsigned(&body->code, memory);
}

/* Now and then with a constant length, which compilers treat specially. */
static void memory_copy(struct body *body, unsigned to, unsigned depth)
{
	unsigned from = random_below(&body->random, body->plan->memory_count);
	char index = body->plan->memories[to].index;

	if (body->plan->memories[from].index == 'i')
		index = 'i';
	bulk_address(body, to, depth);
	bulk_address(body, from, depth);
	if (random_once_in(&body->random, 3))
		body_index_constant(body, index, 1u << random_below(&body->random, 8));
	else
		index_length(body, index, 4000, depth);
	body_op_index(body, WASM_OP_MEMORY_COPY, to);
	bytes_unsigned(&body->code, from);
}

static void bulk_memory(struct body *body, unsigned depth)
{
	unsigned memory = random_below(&body->random, body->plan->memory_count);
	char index = body->plan->memories[memory].index;

	switch (random_below(&body->random, 8)) {
	case 0:
		memory_init(body, memory, depth);
		break;
	case 1:
		if (random_once_in(&body->random, 4))
			body_op_index(body, WASM_OP_DATA_DROP,
				      random_below(&body->random, body->plan->data_count));
		break;
	case 2:
	case 3:
	case 4:
		memory_copy(body, memory, depth);
		break;
	case 5:
		body_index_constant(body, index, random_below(&body->random, 2));
		body_op_index(body, WASM_OP_MEMORY_GROW, memory);
		body_discard(body, index);
		break;
	default:
		bulk_address(body, memory, depth);
		body_value(body, 'i', depth);
		index_length(body, index, 4000, depth);
		body_op_index(body, WASM_OP_MEMORY_FILL, memory);
		break;
	}
}

static void table_copy(struct body *body, unsigned depth)
{
	unsigned from = random_below(&body->random, body->plan->table_count), to = from;
	const struct plan_table *tables = body->plan->tables;
	uint32_t room;
	char index;

	for (unsigned i = 0; i < body->plan->table_count; i++)
		if (tables[i].type == tables[from].type && random_once_in(&body->random, 2))
			to = i;
	room = tables[from].min < tables[to].min ? tables[from].min : tables[to].min;
	index = tables[from].index == 'i' ? 'i' : tables[to].index;
	body_index_constant(body, tables[to].index, random_below(&body->random, room / 2));
	body_index_constant(body, tables[from].index, random_below(&body->random, room / 2));
	index_length(body, index, room / 2, depth);
	body_op_index(body, WASM_OP_TABLE_COPY, to);
	bytes_unsigned(&body->code, from);
}

static void table_init(struct body *body, unsigned depth)
{
	unsigned segment = random_below(&body->random, body->plan->element_count);
	const struct plan_segment *elements = &body->plan->elements[segment];

	if (elements->mode != SEGMENT_PASSIVE || random_once_in(&body->random, 12)) {
		if (random_once_in(&body->random, 4))
			body_op_index(body, WASM_OP_ELEM_DROP, segment);
		return;
	}
	body_index_constant(body, body->plan->tables[elements->object].index, 0);
	body_i32(body, (int32_t)random_below(&body->random, elements->size));
	length(body, 1, depth);
	body_op_index(body, WASM_OP_TABLE_INIT, segment);
	bytes_unsigned(&body->code, elements->object);
}

static void bulk_table(struct body *body, unsigned depth)
{
	unsigned table = random_below(&body->random, body->plan->table_count);
	char type = body->plan->tables[table].type, index = body->plan->tables[table].index;

	switch (random_below(&body->random, 5)) {
	case 0:
		table_copy(body, depth);
		break;
	case 1:
		table_init(body, depth);
		break;
	case 2:
		body_value(body, type, depth);
		body_index_constant(body, index, random_below(&body->random, 3));
		body_op_index(body, WASM_OP_TABLE_GROW, table);
		body_discard(body, index);
		break;
	case 3:
		body_table_index(body, table, depth);
		body_value(body, type, depth);
		body_op_index(body, WASM_OP_TABLE_SET, table);
		break;
	default:
		body_index_constant(body, index,
				    random_below(&body->random, body->plan->tables[table].min / 2));
		body_value(body, type, depth);
		index_length(body, index, body->plan->tables[table].min / 2, depth);
		body_op_index(body, WASM_OP_TABLE_FILL, table);
		break;
	}
}

/* --- Variables ---------------------------------------------------------------------- */

static void set_local(struct body *body, unsigned depth)
{
	unsigned local = random_below(&body->random, body->local_count);

	body_value(body, body->locals[local], depth);
	body_set(body, local);
}

static void set_global(struct body *body, unsigned depth)
{
	unsigned global = random_below(&body->random, body->plan->global_count);

	if (global == FUEL_GLOBAL || !body->plan->globals[global].is_mutable)
		return;
	body_value(body, body->plan->globals[global].type, depth);
	body_op_index(body, WASM_OP_GLOBAL_SET, global);
}

/* A load that nobody needs may trap all the same. */
static void value_for_nothing(struct body *body, unsigned depth)
{
	static const char types[] = "iIfF";

	body_value(body, types[random_below(&body->random, 4)], depth);
	body_op(body, WASM_OP_DROP);
}

static void trap(struct body *body)
{
	if (random_once_in(&body->random, plan_risk(body->plan)))
		body_op(body, WASM_OP_UNREACHABLE);
	else
		body_op(body, WASM_OP_NOP);
}

static void some_statement(struct body *body, unsigned depth)
{
	struct random *random = &body->random;
	unsigned dice = random_below(random, 32);

	if (body->plan->kind == KIND_LOOPS && body->plan->memory_count && random_once_in(random, 3)) {
		body_shaped_loop(body);
		return;
	}
	if (dice < 7)
		set_local(body, depth);
	else if (dice < 11)
		set_global(body, depth);
	else if (dice < 17)
		body_instruction(body, '\0', depth);
	else if (dice < 19 && (body->plan->features & FEATURE_AGGREGATES))
		body_change_aggregate(body, depth);
	else if (dice < 20 && body->label_count < LABELS_MAX)
		body_control(body, "", depth);
	else if (dice < 21 && body->plan->tag_count && random_once_in(random, 2))
		body_throw(body, depth);
	else if (dice < 22)
		body_branch(body, depth);
	else if (dice < 24)
		body_call(body, '\0', depth);
	else if (dice < 27 && body->plan->memory_count)
		bulk_memory(body, depth);
	else if (dice < 29)
		bulk_table(body, depth);
	else if (dice < 30 && body->plan->memory_count)
		body_shaped_loop(body);
	else if (dice < 31 && body->plan->tag_count && !random_once_in(random, 4))
		body_throw(body, depth);
	else if (dice < 31)
		value_for_nothing(body, depth);
	else
		trap(body);
}

void body_statement(struct body *body, unsigned depth)
{
	uint32_t number = body->skipper->count++;
	size_t start = body->code.size;

	if (!depth || body->budget < 0)
		return;
	some_statement(body, depth - 1);
	if (is_skipped(body->skipper, number))
		body->code.size = start;
}

void body_statements(struct body *body, unsigned count, unsigned depth)
{
	for (unsigned i = 0; i < count; i++)
		body_statement(body, depth);
}
