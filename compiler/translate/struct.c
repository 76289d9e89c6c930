/* Struct instructions: core spec 3.0, section 4.6.7. */
#include "heap.h"

static const struct wasm_structtype *struct_type(struct func_translator *ft, uint32_t type_index)
{
	return &ft->mt->wasm->types[type_index].structure;
}

static LLVMValueRef field_offset(struct func_translator *ft, const struct wasm_structtype *type,
				 uint32_t field)
{
	return const_u64(ft->mt, heap_field_offset(type, field));
}

static void struct_new(struct func_translator *ft, uint32_t type_index, bool from_operands)
{
	const struct wasm_structtype *type = struct_type(ft, type_index);
	LLVMValueRef object = heap_allocate(ft, type_index, const_u64(ft->mt, heap_struct_size(type)));

	if (from_operands) {
		for (uint32_t i = type->field_count; i-- > 0;)
			heap_store(ft, type->fields[i].type, object, field_offset(ft, type, i), pop(ft));
	}
	push(ft, object);
}

static void struct_get(struct func_translator *ft, const struct wasm_instr *instr)
{
	const struct wasm_structtype *type = struct_type(ft, instr->field.type);
	uint32_t field = instr->field.field;
	LLVMValueRef object = pop(ft);

	trap_if_null(ft, object);
	push(ft, heap_load(ft, type->fields[field].type, object, field_offset(ft, type, field),
			   instr->op == WASM_OP_STRUCT_GET_S));
}

static void struct_set(struct func_translator *ft, const struct wasm_instr *instr)
{
	const struct wasm_structtype *type = struct_type(ft, instr->field.type);
	uint32_t field = instr->field.field;
	LLVMValueRef value = pop(ft), object = pop(ft);

	trap_if_null(ft, object);
	heap_store(ft, type->fields[field].type, object, field_offset(ft, type, field), value);
}

bool translate_struct(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_STRUCT_NEW:
	case WASM_OP_STRUCT_NEW_DEFAULT:
		struct_new(ft, instr->index, instr->op == WASM_OP_STRUCT_NEW);
		return true;
	case WASM_OP_STRUCT_GET:
	case WASM_OP_STRUCT_GET_S:
	case WASM_OP_STRUCT_GET_U:
		struct_get(ft, instr);
		return true;
	case WASM_OP_STRUCT_SET:
		struct_set(ft, instr);
		return true;
	default:
		return false;
	}
}
