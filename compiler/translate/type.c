/* Wasm types as LLVM types, and their descriptors for the object's tables. */
#include "translate.h"

#include <llvm-c/Comdat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_object.h"

LLVMTypeRef llvm_value_type(struct module_translator *mt, wasm_valtype type)
{
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

char value_type_letter(wasm_valtype type)
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
	case WASM_FUNCREF:
		return WALNUT_FUNCREF;
	default:
		return WALNUT_EXTERNREF;
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

/* Equal types of all objects share one symbol, hence one address: a COMDAT group
 * of which the linker keeps one. */
LLVMValueRef type_descriptor(struct module_translator *mt, uint32_t type_index)
{
	const struct wasm_functype *type = &mt->wasm->types[type_index].func;
	struct type_entry *entry = &mt->types[type_index];
	size_t params = type->param_count, results = type->result_count;
	static const char prefix[] = "walnut.type.";
	size_t prefix_size = sizeof(prefix) - 1;
	LLVMValueRef fields[2], value;
	LLVMComdatRef comdat;
	char *name, *at;

	if (entry->descriptor)
		return entry->descriptor;
	name = translator_alloc(mt, prefix_size + params + 1 + results + 1, 1);
	memcpy(name, prefix, prefix_size);
	at = name + prefix_size;
	for (size_t i = 0; i < params; i++)
		*at++ = value_type_letter(type->params[i]);
	*at++ = '_';
	for (size_t i = 0; i < results; i++)
		*at++ = value_type_letter(type->results[i]);
	*at = '\0';

	entry->descriptor = LLVMGetNamedGlobal(mt->module, name);
	if (!entry->descriptor) {
		fields[0] = const_string(mt, (struct wasm_bytes){
			(const uint8_t *)name + prefix_size, params });
		fields[1] = const_string(mt, (struct wasm_bytes){
			(const uint8_t *)name + prefix_size + params + 1, results });
		value = const_struct(mt, mt->functype_struct, fields, 2);
		entry->descriptor = LLVMAddGlobal(mt->module, mt->functype_struct, name);
		LLVMSetInitializer(entry->descriptor, value);
		LLVMSetGlobalConstant(entry->descriptor, true);
		LLVMSetLinkage(entry->descriptor, LLVMLinkOnceODRLinkage);
		LLVMSetVisibility(entry->descriptor, LLVMHiddenVisibility);
		comdat = LLVMGetOrInsertComdat(mt->module, name);
		LLVMSetComdatSelectionKind(comdat, LLVMAnyComdatSelectionKind);
		LLVMSetComdat(entry->descriptor, comdat);
	}
	free(name);
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

/* struct walnut_externtype */
LLVMValueRef extern_type(struct module_translator *mt, enum wasm_extern_kind kind, uint32_t index)
{
	const struct wasm_module *wasm = mt->wasm;
	const struct wasm_limits *limits = NULL;
	LLVMValueRef func = const_null_ptr(mt);
	uint32_t value_type = 0, mutable_ = 0, flags = 0, abi_kind;
	LLVMValueRef fields[7];

	switch (kind) {
	case WASM_EXTERN_FUNC:
		abi_kind = WALNUT_EXTERN_FUNC;
		func = type_descriptor(mt, wasm->funcs[index].type);
		break;
	case WASM_EXTERN_TABLE:
		abi_kind = WALNUT_EXTERN_TABLE;
		value_type = (uint32_t)value_type_letter(wasm->tables[index].type.element);
		limits = &wasm->tables[index].type.limits;
		flags = limits->address == WASM_I64 ? WALNUT_TABLE_64 : 0;
		break;
	case WASM_EXTERN_MEMORY:
		abi_kind = WALNUT_EXTERN_MEMORY;
		limits = &wasm->memories[index].type.limits;
		flags = memory_flags(mt, index);
		break;
	default:
		abi_kind = WALNUT_EXTERN_GLOBAL;
		value_type = (uint32_t)value_type_letter(wasm->globals[index].type.type);
		mutable_ = wasm->globals[index].type.mutable_;
		break;
	}
	fields[0] = const_u32(mt, abi_kind);
	fields[1] = const_u32(mt, value_type);
	fields[2] = const_u32(mt, mutable_);
	fields[3] = const_u32(mt, flags);
	fields[4] = func;
	fields[5] = const_u64(mt, limits ? limits->min : 0);
	fields[6] = const_u64(mt, limits && limits->has_max ? limits->max : WALNUT_NO_MAXIMUM);
	return const_struct(mt, mt->externtype_struct, fields, 7);
}
