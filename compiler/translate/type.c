/* Wasm types as LLVM types, and their descriptors for the object's tables. */
#include "heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_object.h"

LLVMTypeRef llvm_value_type(struct module_translator *mt, wasm_valtype type)
{
	if (wasm_is_ref(type))
		return mt->ptr;
	switch (type) {
	case WASM_I32:
		return mt->i32;
	case WASM_I64:
		return mt->i64;
	case WASM_F32:
		return mt->f32;
	case WASM_F64:
		return mt->f64;
	case WASM_V128:
		return mt->v128;
	default:
		if (wasm_is_ref(type))
			return is_func_ref(mt->wasm, type) ? mt->ptr : mt->i64;
		translator_fail(mt, WALNUT_ERROR_UNSUPPORTED, "value type 0x%x is not supported",
				type);
	}
}

static char reference_letter(struct module_translator *mt, uint32_t heap)
{
	if (wasm_heap_is_index(heap))
		return mt->wasm->types[heap].kind == WASM_COMP_FUNC ? WALNUT_FUNCREF : WALNUT_ANYREF;
	switch (heap) {
	case WASM_HEAP_FUNC:
	case WASM_HEAP_NOFUNC:
		return WALNUT_FUNCREF;
	case WASM_HEAP_EXTERN:
	case WASM_HEAP_NOEXTERN:
		return WALNUT_EXTERNREF;
	case WASM_HEAP_EXN:
	case WASM_HEAP_NOEXN:
		return WALNUT_EXNREF;
	default:
		return WALNUT_ANYREF;
	}
}

char value_type_letter(struct module_translator *mt, wasm_valtype type)
{
	switch (type) {
	case WASM_I32:
		return WALNUT_I32;
	case WASM_I64:
		return WALNUT_I64;
	case WASM_F32:
		return WALNUT_F32;
	case WASM_F64:
		return WALNUT_F64;
	case WASM_V128:
		return WALNUT_V128;
	default:
		return reference_letter(mt, wasm_heap_of(type));
	}
}

LLVMValueRef llvm_zero(struct module_translator *mt, wasm_valtype type)
{
	return LLVMConstNull(llvm_value_type(mt, type));
}

/* Two results or more come back as a struct. */
LLVMTypeRef llvm_function_type(struct module_translator *mt, const struct wasm_functype *type)
{
	uint32_t larger = type->param_count > type->result_count ? type->param_count
								 : type->result_count;
	LLVMTypeRef *types = translator_alloc(mt, larger, sizeof(*types));
	LLVMTypeRef result, function;

	for (uint32_t i = 0; i < type->result_count; i++)
		types[i] = result_field_type(mt, type, i);
	if (type->result_count == 0)
		result = mt->void_;
	else if (type->result_count == 1)
		result = types[0];
	else
		result = LLVMStructTypeInContext(mt->context, types, type->result_count, false);
	for (uint32_t i = 0; i < type->param_count; i++)
		types[i] = llvm_value_type(mt, type->params[i]);
	function = LLVMFunctionType(result, types, type->param_count, false);
	free(types);
	return function;
}

static LLVMValueRef letters(struct module_translator *mt, const wasm_valtype *types, uint32_t count)
{
	uint8_t *text = translator_alloc(mt, count, 1);
	LLVMValueRef string;

	for (uint32_t i = 0; i < count; i++)
		text[i] = (uint8_t)value_type_letter(mt, types[i]);
	string = const_string(mt, (struct wasm_bytes){ text, count });
	free(text);
	return string;
}

LLVMValueRef type_descriptor(struct module_translator *mt, uint32_t type_index)
{
	const struct wasm_functype *type = &mt->wasm->types[type_index].func;
	struct type_entry *entry = &mt->types[type_index];

	if (!entry->descriptor) {
		LLVMValueRef fields[] = {
			letters(mt, type->params, type->param_count),
			letters(mt, type->results, type->result_count),
			subtyping_constant(mt, type_index),
		};
		char *name = type_symbol(mt, type_index);

		entry->descriptor = shared_constant(
			mt, name, const_struct(mt, mt->functype_struct, fields, 3));
		free(name);
	}
	return entry->descriptor;
}

/* WALNUT_MEMORY_*: what compiled code makes of a memory. */
uint32_t memory_flags(const struct module_translator *mt, uint32_t memory)
{
	static const uint32_t by_addressing[] = {
		[MEMORY_AT_ZERO] = WALNUT_MEMORY_AT_ZERO,
		[MEMORY_GUARDED] = WALNUT_MEMORY_GUARDED,
		[MEMORY_CHECKED] = 0,
	};
	const struct wasm_limits *limits = &mt->wasm->memories[memory].type.limits;

	return by_addressing[memory_addressing(mt, memory)] |
	       (limits->address == WASM_I64 ? WALNUT_MEMORY_64 : 0) |
	       (limits->shared ? WALNUT_MEMORY_SHARED : 0);
}

/* The fields of struct walnut_externtype that tell a value type, from value_type on. */
struct value_fields {
	uint32_t letter;
	uint8_t nullable, heap;
	LLVMValueRef heap_type;
};

static struct value_fields value_fields(struct module_translator *mt, wasm_valtype type)
{
	struct value_fields fields = { .letter = (uint8_t)value_type_letter(mt, type),
				       .heap_type = const_null_ptr(mt) };
	uint32_t heap = wasm_heap_of(type);

	if (!wasm_is_ref(type))
		return fields;
	fields.nullable = wasm_is_nullable(type);
	if (!wasm_heap_is_index(heap))
		fields.heap = (uint8_t)heap;
	else if (mt->wasm->types[heap].kind == WASM_COMP_FUNC)
		fields.heap_type = type_descriptor(mt, heap);
	else
		fields.heap_type = heap_type_descriptor(mt, heap);
	return fields;
}

/* struct walnut_externtype */
LLVMValueRef extern_type(struct module_translator *mt, enum wasm_extern_kind kind, uint32_t index)
{
	const struct wasm_module *wasm = mt->wasm;
	const struct wasm_limits *limits = NULL;
	LLVMValueRef func = const_null_ptr(mt);
	struct value_fields value = { .heap_type = NULL };
	uint32_t mutable_ = 0, flags = 0, abi_kind;
	LLVMValueRef fields[10];

	switch (kind) {
	case WASM_EXTERN_FUNC:
		abi_kind = WALNUT_EXTERN_FUNC;
		func = type_descriptor(mt, wasm->funcs[index].type);
		break;
	case WASM_EXTERN_TABLE:
		abi_kind = WALNUT_EXTERN_TABLE;
		value = value_fields(mt, wasm->tables[index].type.element);
		limits = &wasm->tables[index].type.limits;
		flags = limits->address == WASM_I64 ? WALNUT_TABLE_64 : 0;
		break;
	case WASM_EXTERN_MEMORY:
		abi_kind = WALNUT_EXTERN_MEMORY;
		limits = &wasm->memories[index].type.limits;
		flags = memory_flags(mt, index);
		break;
	case WASM_EXTERN_TAG:
		abi_kind = WALNUT_EXTERN_TAG;
		func = type_descriptor(mt, wasm->tags[index].type);
		break;
	default:
		abi_kind = WALNUT_EXTERN_GLOBAL;
		value = value_fields(mt, wasm->globals[index].type.type);
		mutable_ = wasm->globals[index].type.mutable_;
		break;
	}
	fields[0] = const_u32(mt, abi_kind);
	fields[1] = const_u32(mt, value.letter);
	fields[2] = LLVMConstInt(mt->i8, mutable_, false);
	fields[3] = LLVMConstInt(mt->i8, value.nullable, false);
	fields[4] = LLVMConstInt(mt->i8, value.heap, false);
	fields[5] = LLVMConstInt(mt->i8, 0, false);
	fields[6] = const_u32(mt, flags);
	fields[7] = value.heap_type ? value.heap_type : func;
	fields[8] = const_u64(mt, limits ? limits->min : 0);
	fields[9] = const_u64(mt, limits && limits->has_max ? limits->max : WALNUT_NO_MAXIMUM);
	return const_struct(mt, mt->externtype_struct, fields, 10);
}
