/* Typing of structures: core spec 3.0, section 3.4.4. */
#include "validate/instr.h"

static int create(struct body *body)
{
	const struct wasm_structtype *type;

	if (struct_type(body, body->instr.index, &type))
		return -1;
	for (uint32_t i = type->field_count; i > 0; i--) {
		wasm_valtype field = type->fields[i - 1].type;

		if (body->instr.op == WASM_OP_STRUCT_NEW) {
			if (pop_type(body, wasm_unpacked(field), NULL))
				return -1;
		} else if (!wasm_has_default(field)) {
			return body_invalid(body, "field type is not defaultable: field %u of type "
						  "%u", i - 1, body->instr.index);
		}
	}
	return push_type(body, WASM_REF_TO(body->instr.index));
}

static int access(struct body *body)
{
	uint32_t index = body->instr.field.field;
	const struct wasm_structtype *type;
	const struct wasm_field *field;

	if (struct_type(body, body->instr.field.type, &type) ||
	    check_index(body, "field", index, type->field_count))
		return -1;
	field = &type->fields[index];
	if (body->instr.op == WASM_OP_STRUCT_SET) {
		if (!field->mutable_)
			return body_invalid(body, "immutable field %u of type %u", index,
					    body->instr.field.type);
		return pop_type(body, wasm_unpacked(field->type), NULL)
			       ? -1
			       : pop_type(body, WASM_REF_NULL(body->instr.field.type), NULL);
	}
	if (wasm_is_packed(field->type) == (body->instr.op == WASM_OP_STRUCT_GET))
		return body_invalid(body, "field is %s: %s",
				    wasm_is_packed(field->type) ? "packed" : "unpacked",
				    wasm_op_name(body->instr.op));
	if (pop_type(body, WASM_REF_NULL(body->instr.field.type), NULL))
		return -1;
	return push_type(body, wasm_unpacked(field->type));
}

int check_struct(struct body *body)
{
	switch (body->instr.op) {
	case WASM_OP_STRUCT_NEW:
	case WASM_OP_STRUCT_NEW_DEFAULT:
		return create(body);
	default:
		return access(body);
	}
}
