/* Exceptions: tags, throw, throw_ref and try_table, whose handlers are blocks that end
 * right behind it. */
#include "body.h"

#include <string.h>

static const char *tag_params(const struct body *body, unsigned tag)
{
	return body->plan->types[body->plan->tags[tag]].params;
}

/* Under a condition, like most that programs throw. */
void body_throw(struct body *body, unsigned depth)
{
	unsigned tag = random_below(&body->random, body->plan->tag_count);

	if (body->label_count == LABELS_MAX)
		return;
	body_value(body, 'i', depth);
	body_i32(body, 3);
	body_op(body, random_once_in(&body->random, 2) ? WASM_OP_I32_EQ : WASM_OP_I32_AND);
	body_op(body, WASM_OP_IF);
	bytes_u8(&body->code, 0x40);
	body_push_label(body, "");
	if (random_once_in(&body->random, 10)) {
		body_get(body, body_any_local(body, 'x'));
		body_op(body, WASM_OP_THROW_REF);
	} else {
		body_values(body, tag_params(body, tag), depth);
		body_op_index(body, WASM_OP_THROW, tag);
	}
	body->label_count--;
	body_op(body, WASM_OP_END);
}

/* The clauses; the first one's label is the innermost block, made for it. Others go to
 * any label that takes what they carry. Returns what the first carries. */
static void clauses(struct body *body, uint8_t kind, unsigned tag)
{
	unsigned also = random_below(&body->random, 3), count = 1, labels[2];

	for (unsigned label = 1; label < body->label_count && count - 1 < also; label++)
		if (!*body->labels[body->label_count - 1 - label].types && random_once_in(&body->random, 2))
			labels[count++ - 1] = label;
	bytes_unsigned(&body->code, count);
	/* A catch_all before others makes them useless, and that is valid too. */
	bytes_u8(&body->code, kind);
	if (kind < WASM_CATCH_ALL)
		bytes_unsigned(&body->code, tag);
	bytes_unsigned(&body->code, 0);
	for (unsigned i = 0; i + 1 < count; i++) {
		bytes_u8(&body->code, WASM_CATCH_ALL);
		bytes_unsigned(&body->code, labels[i]);
	}
}

/* What is on the stack in a handler: an exception is kept, dropped or thrown again. */
static void handle(struct body *body, const char *caught, bool has_exception)
{
	if (has_exception) {
		body_discard(body, 'x');
		if (random_once_in(&body->random, 6)) {
			body_get(body, body_any_local(body, 'x'));
			body_op(body, WASM_OP_THROW_REF);
		}
	}
	body_discard_all(body, caught);
}

void body_try(struct body *body, const char *results, unsigned depth)
{
	unsigned tag = random_below(&body->random, body->plan->tag_count);
	uint8_t kind = (uint8_t)random_below(&body->random, 4);
	bool has_exception = kind == WASM_CATCH_REF || kind == WASM_CATCH_ALL_REF;
	char caught[ARITY_MAX + 1] = "", carried[ARITY_MAX + 1];

	if (kind < WASM_CATCH_ALL)
		strcpy(caught, tag_params(body, tag));
	strcpy(carried, caught);
	if (has_exception)
		strcat(carried, "x");
	body_op(body, WASM_OP_BLOCK);
	body_block_type(body, "", results);
	body_push_label(body, results);
	body_op(body, WASM_OP_BLOCK);
	body_block_type(body, "", carried);
	body_push_label(body, carried);
	body_op(body, WASM_OP_TRY_TABLE);
	body_block_type(body, "", results);
	clauses(body, kind, tag);
	body_push_label(body, results);
	body_statements(body, random_between(&body->random, 1, 4), depth);
	body_values(body, results, depth);
	body->label_count--;
	body_op(body, WASM_OP_END);
	body_op_index(body, WASM_OP_BR, 1);
	body->label_count--;
	body_op(body, WASM_OP_END);
	handle(body, caught, has_exception);
	body_values(body, results, depth);
	body->label_count--;
	body_op(body, WASM_OP_END);
}
