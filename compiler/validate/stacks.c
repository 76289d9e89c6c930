/* Growth is bounded by limits.h, so that hostile bodies cost memory in proportion. */
#include "validate/stacks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "wasm/limits.h"

int body_invalid(struct body *body, const char *format, ...)
{
	char message[sizeof(body->error->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return wasm_reader_fail(&body->reader, body->error, WALNUT_ERROR_INVALID,
				body->instr.offset, "%s", message);
}

int body_malformed(struct body *body, uint64_t offset, const char *message)
{
	return wasm_reader_fail(&body->reader, body->error, WALNUT_ERROR_MALFORMED, offset, "%s",
				message);
}

int check_index(struct body *body, const char *what, uint32_t index, uint32_t count)
{
	return index < count ? 0 : body_invalid(body, "unknown %s %u", what, index);
}

/* Doubles an array up to its limit. */
static void *grow(struct body *body, void *old, uint32_t *capacity, uint32_t limit,
		  size_t element_size, const char *what)
{
	uint32_t wanted = *capacity ? *capacity * 2 : 64;
	void *memory;

	if (*capacity >= limit) {
		wasm_reader_fail(&body->reader, body->error, WALNUT_ERROR_LIMIT,
				 body->instr.offset, "%s: more than the limit of %u", what, limit);
		return NULL;
	}
	if (wanted > limit)
		wanted = limit;
	memory = reallocarray(old, wanted, element_size);
	if (memory)
		*capacity = wanted;
	else
		walnut_error_set(body->error, WALNUT_ERROR_SYSTEM, NULL, WALNUT_NO_FUNCTION, 0,
				 "out of memory while validating");
	return memory;
}

int push_type(struct body *body, wasm_valtype type)
{
	if (body->operand_count == body->operand_capacity) {
		wasm_valtype *operands = grow(body, body->operands, &body->operand_capacity,
					 WASM_MAX_OPERANDS, sizeof(*operands),
					 "operands on the stack");

		if (!operands)
			return -1;
		body->operands = operands;
	}
	body->operands[body->operand_count++] = type;
	return 0;
}

int push_types(struct body *body, struct type_list list)
{
	for (uint32_t i = 0; i < list.count; i++) {
		if (push_type(body, type_at(list, i)))
			return -1;
	}
	return 0;
}

static int mismatch(struct body *body, wasm_valtype expected, const char *found)
{
	return body_invalid(body, "type mismatch: %s expects %s, found %s",
			    wasm_op_name(body->instr.op),
			    expected == TYPE_UNKNOWN ? "a value" : wasm_valtype_name(expected).text,
			    found);
}

int pop_type(struct body *body, wasm_valtype expected, wasm_valtype *found)
{
	const struct frame *frame = top_frame(body);
	wasm_valtype type = TYPE_UNKNOWN;

	if (body->operand_count > frame->height)
		type = body->operands[--body->operand_count];
	else if (!frame->unreachable)
		return mismatch(body, expected, "nothing on the stack");
	if (!operand_matches(body, type, expected))
		return mismatch(body, expected, wasm_valtype_name(type).text);
	if (found)
		*found = type;
	return 0;
}

int pop_reference(struct body *body, wasm_valtype *found)
{
	if (pop_type(body, TYPE_UNKNOWN, found))
		return -1;
	if (*found == TYPE_UNKNOWN)
		*found = WASM_REF_TO(WASM_HEAP_BOTTOM);
	if (!wasm_is_ref(*found))
		return body_invalid(body, "type mismatch: %s expects a reference, found %s",
				    wasm_op_name(body->instr.op), wasm_valtype_name(*found).text);
	return 0;
}

int pop_types(struct body *body, struct type_list list)
{
	for (uint32_t i = list.count; i > 0; i--) {
		if (pop_type(body, type_at(list, i - 1), NULL))
			return -1;
	}
	return 0;
}

int check_types(struct body *body, struct type_list list)
{
	const struct frame *frame = top_frame(body);
	uint32_t available = body->operand_count - frame->height;

	for (uint32_t depth = 0; depth < list.count; depth++) {
		wasm_valtype expected = type_at(list, list.count - 1 - depth);
		wasm_valtype type;

		if (depth >= available) {
			if (!frame->unreachable)
				return mismatch(body, expected, "nothing on the stack");
			break; /* below lies whatever is wanted */
		}
		type = body->operands[body->operand_count - 1 - depth];
		if (!operand_matches(body, type, expected))
			return mismatch(body, expected, wasm_valtype_name(type).text);
	}
	return 0;
}

int push_frame(struct body *body, enum wasm_op op, struct type_list params,
	       struct type_list results)
{
	if (body->frame_count == body->frame_capacity) {
		struct frame *frames = grow(body, body->frames, &body->frame_capacity,
					    WASM_MAX_NESTING, sizeof(*frames), "nested blocks");

		if (!frames)
			return -1;
		body->frames = frames;
	}
	body->frames[body->frame_count++] = (struct frame){
		.op = op,
		.height = body->operand_count,
		.set_height = body->set_count,
		.params = params,
		.results = results,
	};
	return push_types(body, params);
}

int begin_body(struct body *body, struct type_list results)
{
	body->operand_count = 0;
	body->frame_count = 0;
	body->set_count = 0;
	return push_frame(body, WASM_OP_BLOCK, (struct type_list){ 0 }, results);
}

void free_body(struct body *body)
{
	free(body->frames);
	free(body->operands);
	free(body->locals);
	free(body->local_ready);
	free(body->set_locals);
}

int pop_frame(struct body *body, struct frame *frame)
{
	*frame = *top_frame(body);
	if (pop_types(body, frame->results))
		return -1;
	if (body->operand_count != frame->height)
		return body_invalid(body, "type mismatch: %u values left on the stack at %s",
				    body->operand_count - frame->height,
				    wasm_op_name(body->instr.op));
	while (body->set_count > frame->set_height)
		body->local_ready[body->set_locals[--body->set_count]] = false;
	body->frame_count--;
	return 0;
}

int set_local_ready(struct body *body, uint32_t index)
{
	if (body->local_ready[index])
		return 0;
	if (body->set_count == body->set_capacity) {
		uint32_t *locals = grow(body, body->set_locals, &body->set_capacity,
					WASM_MAX_LOCALS, sizeof(*locals), "locals");

		if (!locals)
			return -1;
		body->set_locals = locals;
	}
	body->set_locals[body->set_count++] = index;
	body->local_ready[index] = true;
	return 0;
}

void set_unreachable(struct body *body)
{
	struct frame *frame = top_frame(body);

	body->operand_count = frame->height;
	frame->unreachable = true;
}
