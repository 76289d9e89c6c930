/* What a module lets its host see: functions () -> i64 whose results stand for all
 * results of the generated functions, and for memory, globals and tables. Floats are
 * taken by their bits: generated code leaves no NaN whose bits are not determined. */
#include "body.h"

#include <string.h>

/* sum = rotl(sum, 7) * odd ^ the i64 on the stack. */
static void mix_in(struct body *body, unsigned sum)
{
	body_get(body, sum);
	body_i64(body, 7);
	body_op(body, WASM_OP_I64_ROTL);
	body_i64(body, INT64_C(0x100000001b3));
	body_op(body, WASM_OP_I64_MUL);
	body_op(body, WASM_OP_I64_XOR);
	body_set(body, sum);
}

/* The value on the stack, of this type, as i64s. */
static void mix_value(struct body *body, char type, unsigned sum)
{
	unsigned value;

	switch (type) {
	case 'f':
		body_op(body, WASM_OP_I32_REINTERPRET_F32);
		body_op(body, WASM_OP_I64_EXTEND_I32_U);
		break;
	case 'F':
		body_op(body, WASM_OP_I64_REINTERPRET_F64);
		break;
	case 'I':
		break;
	case 'V':
		value = body_new_local(body, 'V');
		body_tee(body, value);
		body_op_index(body, WASM_OP_I64X2_EXTRACT_LANE, 0);
		mix_in(body, sum);
		body_get(body, value);
		body_op_index(body, WASM_OP_I64X2_EXTRACT_LANE, 1);
		break;
	case 'r':
	case 'e':
	case 'x':
	case 's':
	case 't':
	case 'a':
	case 'b':
	case 'y':
		body_op(body, WASM_OP_REF_IS_NULL);
		body_op(body, WASM_OP_I64_EXTEND_I32_U);
		break;
	default:
		body_op(body, WASM_OP_I64_EXTEND_I32_U);
		break;
	}
	mix_in(body, sum);
}

void observe_function(struct body *body, unsigned number)
{
	const struct plan_type *type = &body->plan->types[body->plan->funcs[number]];
	unsigned sum = body_new_local(body, 'I');

	body_i32(body, FUEL_PER_TEST);
	body_op_index(body, WASM_OP_GLOBAL_SET, FUEL_GLOBAL);
	for (const char *param = type->params; *param; param++)
		body_constant(body, *param);
	body_op_index(body, WASM_OP_CALL, number);
	for (size_t i = strlen(type->results); i-- > 0;)
		mix_value(body, type->results[i], sum);
	body_get(body, sum);
}

/* Counts `index` up to the i32 that `limit` leaves, eight by eight or one by one. */
static void begin_walk(struct body *body, unsigned index)
{
	body_i32(body, 0);
	body_set(body, index);
	body_op(body, WASM_OP_LOOP);
	bytes_u8(&body->code, 0x40);
}

static void end_walk(struct body *body, unsigned index, int32_t step)
{
	body_get(body, index);
	body_i32(body, step);
	body_op(body, WASM_OP_I32_ADD);
	body_tee(body, index);
}

static void finish_walk(struct body *body)
{
	body_op(body, WASM_OP_I32_LT_U);
	body_op_index(body, WASM_OP_BR_IF, 0);
	body_op(body, WASM_OP_END);
}

/* The i32 `index` as what indexes of this type are. */
static void get_index(struct body *body, unsigned index, char type)
{
	body_get(body, index);
	if (type == 'I')
		body_op(body, WASM_OP_I64_EXTEND_I32_U);
}

static void narrow(struct body *body, char type)
{
	if (type == 'I')
		body_op(body, WASM_OP_I32_WRAP_I64);
}

static void walk_memory(struct body *body, unsigned memory, unsigned sum, unsigned index)
{
	char type = body->plan->memories[memory].index;

	begin_walk(body, index);
	get_index(body, index, type);
	body_op(body, WASM_OP_I64_LOAD);
	bytes_u8(&body->code, memory ? 0x43 : 3);
	if (memory)
		bytes_unsigned(&body->code, memory);
	bytes_u8(&body->code, 0);
	mix_in(body, sum);
	end_walk(body, index, 8);
	body_op_index(body, WASM_OP_MEMORY_SIZE, memory);
	narrow(body, type);
	body_i32(body, 16);
	body_op(body, WASM_OP_I32_SHL);
	finish_walk(body);
}

static void walk_table(struct body *body, unsigned table, unsigned sum, unsigned index)
{
	char type = body->plan->tables[table].index;

	begin_walk(body, index);
	get_index(body, index, type);
	body_op_index(body, WASM_OP_TABLE_GET, table);
	mix_value(body, body->plan->tables[table].type, sum);
	end_walk(body, index, 1);
	body_op_index(body, WASM_OP_TABLE_SIZE, table);
	narrow(body, type);
	finish_walk(body);
}

void observe_state(struct body *body)
{
	const struct plan *plan = body->plan;
	unsigned sum = body_new_local(body, 'I'), index = body_new_local(body, 'i');

	for (unsigned i = 0; i < plan->global_count; i++) {
		body_op_index(body, WASM_OP_GLOBAL_GET, i);
		mix_value(body, plan->globals[i].type, sum);
	}
	for (unsigned i = 0; i < plan->table_count; i++)
		walk_table(body, i, sum, index);
	for (unsigned i = 0; i < plan->memory_count; i++)
		walk_memory(body, i, sum, index);
	body_get(body, sum);
}
