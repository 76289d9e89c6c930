/* Small steps of making a body; see body.h. */
#include "body.h"

#include <string.h>

void body_op(struct body *body, enum wasm_op op)
{
	bytes_opcode(&body->code, op);
	body->budget--;
}

void body_op_index(struct body *body, enum wasm_op op, uint32_t index)
{
	body_op(body, op);
	bytes_unsigned(&body->code, index);
}

void body_i32(struct body *body, int32_t value)
{
	body_op(body, WASM_OP_I32_CONST);
	bytes_signed(&body->code, value);
}

void body_i64(struct body *body, int64_t value)
{
	body_op(body, WASM_OP_I64_CONST);
	bytes_signed(&body->code, value);
}

void body_f32(struct body *body, uint32_t bits)
{
	body_op(body, WASM_OP_F32_CONST);
	bytes_add(&body->code, &bits, sizeof(bits));
}

void body_f64(struct body *body, uint64_t bits)
{
	body_op(body, WASM_OP_F64_CONST);
	bytes_add(&body->code, &bits, sizeof(bits));
}

unsigned body_new_local(struct body *body, char type)
{
	if (body->local_count < LOCALS_MAX) {
		body->locals[body->local_count] = type;
		return body->local_count++;
	}
	for (unsigned i = body->local_count; i-- > 0;)
		if (body->locals[i] == type)
			return i;
	return 0; /* not reached: each type has a local long before there are so many */
}

unsigned body_any_local(struct body *body, char type)
{
	unsigned first = body->local_count ? random_below(&body->random, body->local_count) : 0;

	for (unsigned i = 0; i < body->local_count; i++) {
		unsigned local = (first + i) % body->local_count;

		if (body->locals[local] == type)
			return local;
	}
	return body_new_local(body, type);
}

void body_get(struct body *body, unsigned local)
{
	body_op_index(body, WASM_OP_LOCAL_GET, local);
}

void body_set(struct body *body, unsigned local)
{
	body_op_index(body, WASM_OP_LOCAL_SET, local);
}

void body_tee(struct body *body, unsigned local)
{
	body_op_index(body, WASM_OP_LOCAL_TEE, local);
}

void body_discard(struct body *body, char type)
{
	if (random_once_in(&body->random, 2))
		body_op(body, WASM_OP_DROP);
	else
		body_set(body, body_any_local(body, type));
}

static uint8_t type_byte(char type)
{
	switch (type) {
	case 'i': return WASM_I32;
	case 'I': return WASM_I64;
	case 'f': return WASM_F32;
	case 'F': return WASM_F64;
	case 'V': return WASM_V128;
	case 'x': return (uint8_t)WASM_HEAP_EXN;
	case 'y': return (uint8_t)WASM_HEAP_ANY;
	case 'r': return (uint8_t)WASM_HEAP_FUNC;
	default: return (uint8_t)WASM_HEAP_EXTERN;
	}
}

/* Which of the aggregate types a letter refers to; -1: none. */
static int aggregate_of(char type)
{
	const char *at = strchr(AGGREGATES, type);

	return type && at ? (int)(at - AGGREGATES) : -1;
}

void add_heap_type(struct bytes *bytes, const struct plan *plan, char type)
{
	int aggregate = aggregate_of(type);

	if (aggregate < 0)
		bytes_u8(bytes, type_byte(type));
	else
		bytes_signed(bytes, plan->type_count + (unsigned)aggregate);
}

void add_value_type(struct bytes *bytes, const struct plan *plan, char type)
{
	if (aggregate_of(type) >= 0)
		bytes_u8(bytes, 0x63); /* ref null */
	add_heap_type(bytes, plan, type);
}

/* A type index only where the short forms cannot say it, or now and then. */
void body_block_type(struct body *body, const char *params, const char *results)
{
	unsigned index = plan_find_type(body->plan, params, results);

	if (!*params && strlen(results) <= 1 &&
	    (index == PLAN_NO_TYPE || !random_once_in(&body->random, 4)))
		*results ? add_value_type(&body->code, body->plan, *results)
			 : bytes_u8(&body->code, 0x40);
	else
		bytes_signed(&body->code, index);
}

void body_burn(struct body *body, int32_t amount)
{
	body_op_index(body, WASM_OP_GLOBAL_GET, FUEL_GLOBAL);
	body_i32(body, amount);
	body_op(body, WASM_OP_I32_SUB);
	body_op_index(body, WASM_OP_GLOBAL_SET, FUEL_GLOBAL);
	body_op_index(body, WASM_OP_GLOBAL_GET, FUEL_GLOBAL);
	body_i32(body, 0);
	body_op(body, WASM_OP_I32_LT_S);
	body_op(body, WASM_OP_IF);
	bytes_u8(&body->code, 0x40);
	if (random_once_in(&body->random, 20)) {
		body_op(body, WASM_OP_UNREACHABLE);
	} else {
		for (const char *result = body->labels[0].types; *result; result++)
			body_constant(body, *result);
		body_op(body, WASM_OP_RETURN);
	}
	body_op(body, WASM_OP_END);
}
