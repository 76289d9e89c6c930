/* Structs, arrays, i31 and casts. Four types: struct s, its subtype t with one field more,
 * an array a of i32, an array b of i8. References are nullable; most uses go through a
 * step that replaces null, so that few trap. */
#include "body.h"

#include <string.h>

enum { FIELD_I32, FIELD_I64, FIELD_I8, FIELD_F64, FIELD_SELF, FIELD_MORE };
#define LENGTH 8 /* arrays are at least that long, so that a masked index is inside */

bool is_aggregate(char type)
{
	return type == 'y' || (type && strchr(AGGREGATES, type));
}

static unsigned index_of(const struct body *body, char type)
{
	return body->plan->type_count + (unsigned)(strchr(AGGREGATES, type) - AGGREGATES);
}

static void add_field(struct bytes *section, const struct plan *plan, char type)
{
	if (type == '8')
		bytes_u8(section, WASM_I8);
	else
		add_value_type(section, plan, type);
	bytes_u8(section, 1); /* mutable */
}

void add_aggregate_types(struct bytes *section, const struct plan *plan)
{
	static const char fields[] = "iI8FsI";

	bytes_u8(section, 0x50); /* open, no supertype */
	bytes_u8(section, 0);
	bytes_u8(section, 0x5f);
	bytes_u8(section, FIELD_MORE);
	for (unsigned i = 0; i < FIELD_MORE; i++)
		add_field(section, plan, fields[i]);
	bytes_u8(section, 0x4f); /* final, of one supertype */
	bytes_u8(section, 1);
	bytes_unsigned(section, plan->type_count);
	bytes_u8(section, 0x5f);
	bytes_u8(section, FIELD_MORE + 1);
	for (unsigned i = 0; i <= FIELD_MORE; i++)
		add_field(section, plan, fields[i]);
	bytes_u8(section, 0x5e);
	add_field(section, plan, 'i');
	bytes_u8(section, 0x5e);
	add_field(section, plan, '8');
}

/* --- Making ---------------------------------------------------------------------------- */

static void new_struct(struct body *body, char type, unsigned depth)
{
	if (!depth || random_once_in(&body->random, 3)) {
		body_op_index(body, WASM_OP_STRUCT_NEW_DEFAULT, index_of(body, type));
		return;
	}
	body_values(body, type == 't' ? "iIiFsI" : "iIiFs", depth - 1);
	body_op_index(body, WASM_OP_STRUCT_NEW, index_of(body, type));
}

static void new_array(struct body *body, char type, unsigned depth)
{
	switch (random_below(&body->random, 3)) {
	case 0:
		body_i32(body, (int32_t)random_between(&body->random, LENGTH, 20));
		body_op_index(body, WASM_OP_ARRAY_NEW_DEFAULT, index_of(body, type));
		break;
	case 1:
		body_value(body, 'i', depth);
		body_i32(body, (int32_t)random_between(&body->random, LENGTH, 20));
		body_op_index(body, WASM_OP_ARRAY_NEW, index_of(body, type));
		break;
	default:
		for (unsigned i = 0; i < LENGTH; i++)
			body_value(body, 'i', i ? 0 : depth);
		body_op_index(body, WASM_OP_ARRAY_NEW_FIXED, index_of(body, type));
		bytes_unsigned(&body->code, LENGTH);
		break;
	}
}

static void make(struct body *body, char type, unsigned depth)
{
	if (type == 's' || type == 't')
		new_struct(body, type, depth);
	else
		new_array(body, type, depth);
}

/* Down from anyref, behind a test, so that the cast mostly holds. */
static void cast(struct body *body, char type, unsigned depth)
{
	unsigned any = body_new_local(body, 'y');

	body_value(body, 'y', depth);
	body_tee(body, any);
	body_op(body, WASM_OP_REF_TEST_NULL);
	add_heap_type(&body->code, body->plan, type);
	if (random_once_in(&body->random, plan_risk(body->plan))) {
		body_op(body, WASM_OP_DROP);
		body_i32(body, 1);
	}
	body_op(body, WASM_OP_IF);
	add_value_type(&body->code, body->plan, type);
	body_get(body, any);
	body_op(body, WASM_OP_REF_CAST_NULL);
	add_heap_type(&body->code, body->plan, type);
	body_op(body, WASM_OP_ELSE);
	make(body, type, 0);
	body_op(body, WASM_OP_END);
}

/* The same by br_on_cast: the block leaves the reference where the cast holds. */
static void branch_on_cast(struct body *body, char type, unsigned depth)
{
	if (body->label_count == LABELS_MAX) {
		make(body, type, 0);
		return;
	}
	body_op(body, WASM_OP_BLOCK);
	add_value_type(&body->code, body->plan, type);
	body_push_label(body, (char[]){ type, '\0' });
	body_value(body, 'y', depth);
	body_op(body, WASM_OP_BR_ON_CAST);
	bytes_u8(&body->code, 3); /* from and to are nullable */
	bytes_u8(&body->code, 0);
	add_heap_type(&body->code, body->plan, 'y');
	add_heap_type(&body->code, body->plan, type);
	body_op(body, WASM_OP_DROP);
	make(body, type, 0);
	body->label_count--;
	body_op(body, WASM_OP_END);
}

static void anything(struct body *body, unsigned depth)
{
	unsigned choice = random_below(&body->random, 6);

	if (choice < 4) {
		body_value(body, AGGREGATES[choice], depth);
	} else {
		body_value(body, 'i', depth);
		body_op(body, WASM_OP_REF_I31);
	}
}

static void struct_reference(struct body *body, char type, unsigned depth);

void body_aggregate(struct body *body, char type, unsigned depth)
{
	if (type == 'y') {
		anything(body, depth);
		return;
	}
	switch (random_below(&body->random, 6)) {
	case 0:
		if (depth)
			cast(body, type, depth - 1);
		else
			make(body, type, 0);
		break;
	case 1:
		if (depth)
			branch_on_cast(body, type, depth - 1);
		else
			make(body, type, 0);
		break;
	case 2:
		if (type == 's' && depth) {
			struct_reference(body, 's', depth - 1);
			body_op_index(body, WASM_OP_STRUCT_GET, index_of(body, 's'));
			bytes_unsigned(&body->code, FIELD_SELF);
		} else if (type == 's') {
			make(body, 't', 0); /* a subtype will do */
		} else {
			body_get(body, body_any_local(body, type));
		}
		break;
	default:
		make(body, type, depth);
		break;
	}
}

/* --- Using ------------------------------------------------------------------------------ */

/* A reference that is rarely null. */
static void struct_reference(struct body *body, char type, unsigned depth)
{
	unsigned kept = body_new_local(body, type);

	body_value(body, type, depth);
	if (random_once_in(&body->random, plan_risk(body->plan)))
		return;
	body_tee(body, kept);
	body_op(body, WASM_OP_REF_IS_NULL);
	body_op(body, WASM_OP_IF);
	add_value_type(&body->code, body->plan, type);
	make(body, type, 0);
	body_op(body, WASM_OP_ELSE);
	body_get(body, kept);
	if (random_once_in(&body->random, 3))
		body_op(body, WASM_OP_REF_AS_NON_NULL);
	body_op(body, WASM_OP_END);
}

static void array_index(struct body *body, unsigned depth)
{
	body_value(body, 'i', depth);
	if (random_once_in(&body->random, plan_risk(body->plan)))
		return;
	body_i32(body, LENGTH - 1);
	body_op(body, WASM_OP_I32_AND);
}

static void get_field(struct body *body, unsigned depth)
{
	char type = random_once_in(&body->random, 2) ? 's' : 't';
	enum wasm_op packed = random_once_in(&body->random, 2) ? WASM_OP_STRUCT_GET_S
								: WASM_OP_STRUCT_GET_U;
	unsigned field = random_below(&body->random, type == 't' ? FIELD_MORE + 1 : FIELD_MORE);

	struct_reference(body, type, depth);
	body_op_index(body, field == FIELD_I8 ? packed : WASM_OP_STRUCT_GET, index_of(body, type));
	bytes_unsigned(&body->code, field);
	if (field == FIELD_I64 || field == FIELD_MORE)
		body_op(body, WASM_OP_I32_WRAP_I64);
	else if (field == FIELD_F64)
		body_op(body, WASM_OP_I32_TRUNC_SAT_F64_S);
	else if (field == FIELD_SELF)
		body_op(body, WASM_OP_REF_IS_NULL);
}

static void get_element(struct body *body, unsigned depth)
{
	static const enum wasm_op ops[] = { WASM_OP_ARRAY_GET, WASM_OP_ARRAY_GET_S, WASM_OP_ARRAY_GET_U };
	unsigned choice = random_below(&body->random, 3);
	char type = choice ? 'b' : 'a';

	struct_reference(body, type, depth);
	array_index(body, depth);
	body_op_index(body, ops[choice], index_of(body, type));
}

static void test(struct body *body, unsigned depth)
{
	body_value(body, 'y', depth);
	body_op(body, random_once_in(&body->random, 2) ? WASM_OP_REF_TEST : WASM_OP_REF_TEST_NULL);
	if (random_once_in(&body->random, 3))
		bytes_u8(&body->code, (uint8_t)WASM_HEAP_I31);
	else
		add_heap_type(&body->code, body->plan, AGGREGATES[random_below(&body->random, 4)]);
}

static void small_integer(struct body *body, unsigned depth)
{
	body_value(body, 'i', depth);
	body_op(body, WASM_OP_REF_I31);
	body_op(body, random_once_in(&body->random, 2) ? WASM_OP_I31_GET_S : WASM_OP_I31_GET_U);
}

void body_from_aggregate(struct body *body, unsigned depth)
{
	switch (random_below(&body->random, 6)) {
	case 0:
		struct_reference(body, random_once_in(&body->random, 2) ? 'a' : 'b', depth);
		body_op(body, WASM_OP_ARRAY_LEN);
		break;
	case 1:
		body_value(body, random_once_in(&body->random, 2) ? 's' : 'a', depth);
		body_value(body, 't', depth);
		body_op(body, WASM_OP_REF_EQ);
		break;
	case 2:
		test(body, depth);
		break;
	case 3:
		small_integer(body, depth);
		break;
	case 4:
		get_element(body, depth);
		break;
	default:
		get_field(body, depth);
		break;
	}
}

/* --- Changing ----------------------------------------------------------------------------- */

static void copy_array(struct body *body, unsigned depth)
{
	char type = random_once_in(&body->random, 2) ? 'a' : 'b';

	struct_reference(body, type, depth);
	body_i32(body, (int32_t)random_below(&body->random, LENGTH / 2));
	struct_reference(body, type, depth);
	body_i32(body, (int32_t)random_below(&body->random, LENGTH / 2));
	body_i32(body, (int32_t)random_below(&body->random, LENGTH / 2 + 1));
	body_op_index(body, WASM_OP_ARRAY_COPY, index_of(body, type));
	bytes_unsigned(&body->code, index_of(body, type));
}

/* Some megabytes that nobody needs any more, so that the collector has to run. */
static void litter(struct body *body)
{
	unsigned left = body_new_local(body, 'i'), any = body_any_local(body, 'y');

	body_burn(body, 100);
	body_i32(body, (int32_t)random_between(&body->random, 1, 30));
	body_set(body, left);
	body_op(body, WASM_OP_LOOP);
	bytes_u8(&body->code, 0x40);
	body_i32(body, 1 << random_between(&body->random, 4, 16));
	body_op_index(body, WASM_OP_ARRAY_NEW_DEFAULT, index_of(body, 'a'));
	body_set(body, any);
	body_get(body, left);
	body_i32(body, 1);
	body_op(body, WASM_OP_I32_SUB);
	body_tee(body, left);
	body_op_index(body, WASM_OP_BR_IF, 0);
	body_op(body, WASM_OP_END);
}

void body_change_aggregate(struct body *body, unsigned depth)
{
	static const char fields[] = "iIiFsI";
	char type = random_once_in(&body->random, 2) ? 's' : 't', array = type == 's' ? 'a' : 'b';
	unsigned field = random_below(&body->random, type == 't' ? FIELD_MORE + 1 : FIELD_MORE);

	switch (random_below(&body->random, 8)) {
	case 3:
		litter(body);
		break;
	case 0:
		copy_array(body, depth);
		break;
	case 1:
		struct_reference(body, array, depth);
		body_i32(body, (int32_t)random_below(&body->random, LENGTH / 2));
		body_value(body, 'i', depth);
		body_i32(body, (int32_t)random_below(&body->random, LENGTH / 2 + 1));
		body_op_index(body, WASM_OP_ARRAY_FILL, index_of(body, array));
		break;
	case 2:
		struct_reference(body, array, depth);
		array_index(body, depth);
		body_value(body, 'i', depth);
		body_op_index(body, WASM_OP_ARRAY_SET, index_of(body, array));
		break;
	default:
		struct_reference(body, type, depth);
		body_value(body, fields[field], depth);
		body_op_index(body, WASM_OP_STRUCT_SET, index_of(body, type));
		bytes_unsigned(&body->code, field);
		break;
	}
}
