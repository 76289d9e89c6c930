/* Typing of arrays: core spec 3.0, section 3.4.4. */
#include "validate/instr.h"
#include "wasm/limits.h"

static int pop_i32s(struct body *body, unsigned count)
{
	while (count--) {
		if (pop_type(body, WASM_I32, NULL))
			return -1;
	}
	return 0;
}

static int check_mutable(struct body *body, uint32_t type, const struct wasm_field *element)
{
	return element->mutable_ ? 0 : body_invalid(body, "immutable array type %u", type);
}

/* Segments of bytes make arrays of numbers and vectors. */
static int check_data_source(struct body *body, const struct wasm_field *element)
{
	if (wasm_is_ref(element->type))
		return body_invalid(body, "array type is not numeric or vector: type %u",
				    body->instr.array.type);
	return check_data(body, body->instr.array.arg);
}

static int check_elem_source(struct body *body, const struct wasm_field *element)
{
	wasm_valtype segment;

	if (check_elem(body, body->instr.array.arg))
		return -1;
	segment = body->module->elems[body->instr.array.arg].type;
	if (!wasm_is_subtype(body->module, segment, element->type))
		return body_invalid(body, "type mismatch: a segment of %s for an array of %s",
				    wasm_valtype_name(segment).text,
				    wasm_valtype_name(element->type).text);
	return 0;
}

/* array.new and array.new_default */
static int create(struct body *body)
{
	const struct wasm_field *element;

	if (array_type(body, body->instr.index, &element) || pop_i32s(body, 1))
		return -1;
	if (body->instr.op == WASM_OP_ARRAY_NEW) {
		if (pop_type(body, wasm_unpacked(element->type), NULL))
			return -1;
	} else if (!wasm_has_default(element->type)) {
		return body_invalid(body, "array type is not defaultable: type %u",
				    body->instr.index);
	}
	return push_type(body, WASM_REF_TO(body->instr.index));
}

static int create_fixed(struct body *body)
{
	const struct wasm_field *element;

	if (array_type(body, body->instr.array.type, &element))
		return -1;
	if (body->instr.array.arg > WASM_MAX_ARRAY_NEW_FIXED)
		return wasm_reader_fail(&body->reader, body->error, WALNUT_ERROR_LIMIT,
					body->instr.offset,
					"array.new_fixed of %u elements: more than the limit of %u",
					body->instr.array.arg, WASM_MAX_ARRAY_NEW_FIXED);
	for (uint32_t i = 0; i < body->instr.array.arg; i++) {
		if (pop_type(body, wasm_unpacked(element->type), NULL))
			return -1;
	}
	return push_type(body, WASM_REF_TO(body->instr.array.type));
}

/* array.new_data and array.new_elem: offset and size in the segment. */
static int create_from_segment(struct body *body)
{
	const struct wasm_field *element;

	if (array_type(body, body->instr.array.type, &element))
		return -1;
	if (body->instr.op == WASM_OP_ARRAY_NEW_DATA ? check_data_source(body, element)
						     : check_elem_source(body, element))
		return -1;
	return pop_i32s(body, 2) ? -1 : push_type(body, WASM_REF_TO(body->instr.array.type));
}

/* array.init_data and array.init_elem: place, then offset and size in the segment. */
static int init_from_segment(struct body *body)
{
	const struct wasm_field *element;

	if (array_type(body, body->instr.array.type, &element) ||
	    check_mutable(body, body->instr.array.type, element))
		return -1;
	if (body->instr.op == WASM_OP_ARRAY_INIT_DATA ? check_data_source(body, element)
						      : check_elem_source(body, element))
		return -1;
	return pop_i32s(body, 3) ? -1 : pop_type(body, WASM_REF_NULL(body->instr.array.type), NULL);
}

static int get(struct body *body)
{
	const struct wasm_field *element;

	if (array_type(body, body->instr.index, &element))
		return -1;
	if (wasm_is_packed(element->type) == (body->instr.op == WASM_OP_ARRAY_GET))
		return body_invalid(body, "array is %s: %s",
				    wasm_is_packed(element->type) ? "packed" : "unpacked",
				    wasm_op_name(body->instr.op));
	if (pop_i32s(body, 1) || pop_type(body, WASM_REF_NULL(body->instr.index), NULL))
		return -1;
	return push_type(body, wasm_unpacked(element->type));
}

/* array.set, and array.fill with a size on top */
static int set(struct body *body)
{
	const struct wasm_field *element;

	if (array_type(body, body->instr.index, &element) ||
	    check_mutable(body, body->instr.index, element))
		return -1;
	if (body->instr.op == WASM_OP_ARRAY_FILL && pop_i32s(body, 1))
		return -1;
	if (pop_type(body, wasm_unpacked(element->type), NULL) || pop_i32s(body, 1))
		return -1;
	return pop_type(body, WASM_REF_NULL(body->instr.index), NULL);
}

static int copy(struct body *body)
{
	uint32_t dst = body->instr.copy.dst, src = body->instr.copy.src;
	const struct wasm_field *to, *from;

	if (array_type(body, dst, &to) || array_type(body, src, &from) ||
	    check_mutable(body, dst, to))
		return -1;
	if (!wasm_is_subtype(body->module, from->type, to->type))
		return body_invalid(body, "array types do not match: %s and %s",
				    wasm_valtype_name(to->type).text,
				    wasm_valtype_name(from->type).text);
	/* size, source's index and array, destination's */
	if (pop_i32s(body, 2) || pop_type(body, WASM_REF_NULL(src), NULL) || pop_i32s(body, 1))
		return -1;
	return pop_type(body, WASM_REF_NULL(dst), NULL);
}

static int length(struct body *body)
{
	if (pop_type(body, WASM_REF_NULL(WASM_HEAP_ARRAY), NULL))
		return -1;
	return push_type(body, WASM_I32);
}

int check_array(struct body *body)
{
	switch (body->instr.op) {
	case WASM_OP_ARRAY_NEW:
	case WASM_OP_ARRAY_NEW_DEFAULT:
		return create(body);
	case WASM_OP_ARRAY_NEW_FIXED:
		return create_fixed(body);
	case WASM_OP_ARRAY_NEW_DATA:
	case WASM_OP_ARRAY_NEW_ELEM:
		return create_from_segment(body);
	case WASM_OP_ARRAY_INIT_DATA:
	case WASM_OP_ARRAY_INIT_ELEM:
		return init_from_segment(body);
	case WASM_OP_ARRAY_GET:
	case WASM_OP_ARRAY_GET_S:
	case WASM_OP_ARRAY_GET_U:
		return get(body);
	case WASM_OP_ARRAY_SET:
	case WASM_OP_ARRAY_FILL:
		return set(body);
	case WASM_OP_ARRAY_COPY:
		return copy(body);
	default: /* array.len */
		return length(body);
	}
}
