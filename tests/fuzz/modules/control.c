/* Structured control, branches and calls. */
#include "body.h"

#include <stdio.h>
#include <string.h>

void body_push_label(struct body *body, const char *types)
{
	strcpy(body->labels[body->label_count++].types, types);
}

void body_discard_all(struct body *body, const char *types)
{
	for (size_t i = strlen(types); i-- > 0;)
		body_discard(body, types[i]);
}

/* Takes values of these types off the stack into locals, the last on top. */
static void keep_all(struct body *body, const char *types)
{
	for (size_t i = strlen(types); i-- > 0;)
		body_set(body, body_any_local(body, types[i]));
}

/* An arm's contents: statements, then what it leaves. Now and then it ends by a branch
 * away instead, behind which the stack is polymorphic. */
static void arm(struct body *body, const char *results, unsigned depth)
{
	struct random *random = &body->random;
	unsigned label;

	body_statements(body, random_below(random, 4), depth);
	if (!random_once_in(random, 12) || body->label_count < 2) {
		body_values(body, results, depth);
		return;
	}
	label = random_between(random, 1, body->label_count - 1);
	body_values(body, body->labels[body->label_count - 1 - label].types, depth);
	body_op_index(body, WASM_OP_BR, label);
	if (random_once_in(random, 2))
		body_values(body, results, 0);
}

static void block(struct body *body, const char *params, const char *results, unsigned depth)
{
	body_values(body, params, depth);
	body_op(body, WASM_OP_BLOCK);
	body_block_type(body, params, results);
	body_push_label(body, results);
	keep_all(body, params);
	arm(body, results, depth);
	body->label_count--;
	body_op(body, WASM_OP_END);
}

/* Each round takes fuel, so that it ends. */
static void loop(struct body *body, const char *params, const char *results, unsigned depth)
{
	body_values(body, params, depth);
	body_op(body, WASM_OP_LOOP);
	body_block_type(body, params, results);
	body_push_label(body, params);
	keep_all(body, params);
	body_burn(body, 1);
	body_statements(body, random_between(&body->random, 1, 3), depth);
	body_values(body, params, depth);
	body_value(body, 'i', depth);
	if (random_once_in(&body->random, 2)) { /* mostly leaves soon */
		body_i32(body, 7);
		body_op(body, WASM_OP_I32_AND);
	}
	body_op_index(body, WASM_OP_BR_IF, 0);
	body_discard_all(body, params);
	arm(body, results, depth);
	body->label_count--;
	body_op(body, WASM_OP_END);
}

static void if_else(struct body *body, const char *params, const char *results, unsigned depth)
{
	body_values(body, params, depth);
	body_value(body, 'i', depth);
	body_op(body, WASM_OP_IF);
	body_block_type(body, params, results);
	body_push_label(body, results);
	keep_all(body, params);
	arm(body, results, depth);
	if (strcmp(params, results) || random_once_in(&body->random, 2)) {
		body_op(body, WASM_OP_ELSE);
		keep_all(body, params);
		arm(body, results, depth);
	}
	body->label_count--;
	body_op(body, WASM_OP_END);
}

/* Parameters for a block with these results: some type of the module has them. */
static const char *choose_params(struct body *body, const char *results)
{
	unsigned first = random_below(&body->random, body->plan->type_count);

	if (random_once_in(&body->random, 2) && strlen(results) <= 1)
		return "";
	for (unsigned i = 0; i < body->plan->type_count; i++) {
		const struct plan_type *type = &body->plan->types[(first + i) % body->plan->type_count];

		if (!strcmp(type->results, results))
			return type->params;
	}
	return "";
}

void body_control(struct body *body, const char *results, unsigned depth)
{
	const char *params = choose_params(body, results);

	if (!*results && random_once_in(&body->random, 5)) {
		/* One with several results, which are discarded. */
		const struct plan_type *type =
			&body->plan->types[random_below(&body->random, body->plan->type_count)];

		if (*type->results) {
			block(body, type->params, type->results, depth);
			body_discard_all(body, type->results);
			return;
		}
	}
	if (body->plan->tag_count && random_once_in(&body->random, 3) &&
	    body->label_count + 3 <= LABELS_MAX) {
		body_try(body, results, depth);
		return;
	}
	switch (random_below(&body->random, 3)) {
	case 0:
		block(body, params, results, depth);
		break;
	case 1:
		loop(body, params, results, depth);
		break;
	default:
		if_else(body, params, results, depth);
		break;
	}
}

/* --- Branches ---------------------------------------------------------------------- */

/* br_table within blocks of its own: each entry ends a different one. */
static void branch_table(struct body *body, unsigned depth)
{
	unsigned blocks = random_between(&body->random, 1, 4);
	unsigned entries = random_below(&body->random, 6);

	if (body->label_count + blocks > LABELS_MAX)
		return;
	for (unsigned i = 0; i < blocks; i++) {
		body_op(body, WASM_OP_BLOCK);
		bytes_u8(&body->code, 0x40);
		body_push_label(body, "");
	}
	body_value(body, 'i', depth);
	if (!random_once_in(&body->random, 4)) {
		body_i32(body, 7);
		body_op(body, WASM_OP_I32_AND);
	}
	body_op_index(body, WASM_OP_BR_TABLE, entries);
	for (unsigned i = 0; i <= entries; i++)
		bytes_unsigned(&body->code, random_below(&body->random, blocks));
	for (unsigned i = 0; i < blocks; i++) {
		body->label_count--;
		body_op(body, WASM_OP_END);
		body_statements(body, random_below(&body->random, 2), depth);
	}
}

/* To any label; back to a loop's beginning as long as the fuel lasts. */
static void branch_if(struct body *body, unsigned depth)
{
	unsigned label = random_below(&body->random, body->label_count);
	const char *types = body->labels[body->label_count - 1 - label].types;

	body_values(body, types, depth);
	body_value(body, 'i', depth);
	if (!random_once_in(&body->random, 3)) { /* rarely taken */
		body_i32(body, (int32_t)random_below(&body->random, 16));
		body_op(body, WASM_OP_I32_EQ);
	}
	body_op_index(body, WASM_OP_BR_IF, label);
	body_discard_all(body, types);
}

static void return_early(struct body *body, unsigned depth)
{
	body_value(body, 'i', depth);
	body_i32(body, 12345);
	body_op(body, random_once_in(&body->random, 3) ? WASM_OP_I32_LT_S : WASM_OP_I32_EQ);
	body_op(body, WASM_OP_IF);
	bytes_u8(&body->code, 0x40);
	body_push_label(body, "");
	if (!body_tail_call(body, 1)) {
		body_values(body, body->labels[0].types, 1);
		body_op(body, WASM_OP_RETURN);
	}
	body->label_count--;
	body_op(body, WASM_OP_END);
}

void body_branch(struct body *body, unsigned depth)
{
	switch (random_below(&body->random, 5)) {
	case 0:
		branch_table(body, depth);
		break;
	case 1:
		if (body->label_count < LABELS_MAX)
			return_early(body, depth);
		break;
	default:
		branch_if(body, depth);
		break;
	}
}

/* --- Calls --------------------------------------------------------------------------- */

/* Through a table, with a type that may be wrong only where traps are wanted: the
 * callee is put into its place just before. */
static void call_through_table(struct body *body, unsigned func, enum wasm_op op, unsigned depth)
{
	uint32_t index = random_below(&body->random, body->plan->tables[0].min);

	if (!random_once_in(&body->random, plan_risk(body->plan))) {
		body_index_constant(body, body->plan->tables[0].index, index);
		body_op_index(body, WASM_OP_REF_FUNC, func);
		body_op_index(body, WASM_OP_TABLE_SET, 0);
	}
	body_values(body, body->plan->types[body->plan->funcs[func]].params, depth);
	if (random_once_in(&body->random, plan_risk(body->plan)))
		body_table_index(body, 0, depth);
	else
		body_index_constant(body, body->plan->tables[0].index, index);
	body_op_index(body, op, body->plan->funcs[func]);
	bytes_u8(&body->code, 0);
}

/* Through a reference of its own type, or through null. */
static void call_reference(struct body *body, unsigned func, enum wasm_op op, unsigned depth)
{
	unsigned type = body->plan->funcs[func];

	body_values(body, body->plan->types[type].params, depth);
	if (random_once_in(&body->random, plan_risk(body->plan))) {
		body_op(body, WASM_OP_REF_NULL);
		bytes_signed(&body->code, type);
	} else {
		body_op_index(body, WASM_OP_REF_FUNC, func);
	}
	if (random_once_in(&body->random, 3))
		body_op(body, WASM_OP_REF_AS_NON_NULL);
	body_op_index(body, op, type);
}

static void call(struct body *body, unsigned func, bool is_tail, unsigned depth)
{
	if ((body->plan->features & FEATURE_AGGREGATES) && random_once_in(&body->random, 3)) {
		call_reference(body, func, is_tail ? WASM_OP_RETURN_CALL_REF : WASM_OP_CALL_REF, depth);
		return;
	}
	if (random_once_in(&body->random, 3)) {
		call_through_table(body, func,
				   is_tail ? WASM_OP_RETURN_CALL_INDIRECT : WASM_OP_CALL_INDIRECT, depth);
		return;
	}
	body_values(body, body->plan->types[body->plan->funcs[func]].params, depth);
	body_op_index(body, is_tail ? WASM_OP_RETURN_CALL : WASM_OP_CALL, func);
}

bool body_tail_call(struct body *body, unsigned depth)
{
	unsigned first = random_below(&body->random, body->plan->func_count);

	if (!(body->plan->features & FEATURE_TAIL_CALLS) || random_once_in(&body->random, 4))
		return false;
	for (unsigned i = 0; i < body->plan->func_count; i++) {
		unsigned func = (first + i) % body->plan->func_count;

		if (strcmp(body->plan->types[body->plan->funcs[func]].results, body->labels[0].types))
			continue;
		call(body, func, true, depth);
		return true;
	}
	return false;
}

static bool find_callee(struct body *body, char type, unsigned *func)
{
	unsigned first = random_below(&body->random, body->plan->func_count);

	for (unsigned i = 0; i < body->plan->func_count; i++) {
		*func = (first + i) % body->plan->func_count;
		if (!type || strchr(body->plan->types[body->plan->funcs[*func]].results, type))
			return true;
	}
	return false;
}

bool body_call(struct body *body, char type, unsigned depth)
{
	const char *results;
	unsigned func, keep;

	if (!find_callee(body, type, &func))
		return false;
	results = body->plan->types[body->plan->funcs[func]].results;
	call(body, func, false, depth);
	if (!type) {
		body_discard_all(body, results);
		return true;
	}
	keep = body_new_local(body, type);
	for (size_t i = strlen(results); i-- > 0;) {
		if (results[i] == type)
			body_set(body, keep);
		else
			body_discard(body, results[i]);
	}
	body_get(body, keep);
	return true;
}
