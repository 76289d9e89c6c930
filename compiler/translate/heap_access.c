/* Allocating, reading and writing objects of the garbage-collected heap. */
#include "heap.h"

#include <string.h>

#include "app_object.h"
#include "gc.h"

LLVMValueRef heap_allocate(struct func_translator *ft, uint32_t type_index, LLVMValueRef size)
{
	struct module_translator *mt = ft->mt;
	LLVMTypeRef params[] = { mt->ptr, mt->i64 };
	LLVMTypeRef type = LLVMFunctionType(mt->ptr, params, 2, false);
	LLVMValueRef args[] = { heap_type_descriptor(mt, type_index), size }, object;
	static const char *const promises[] = { "nonnull", "noalias" };

	debug_location(ft, ft->offset);
	object = LLVMBuildCall2(ft->builder, type, external_function(mt, "walnut_gc_new", type), args,
				2, "");
	debug_location(ft, 0);
	for (unsigned i = 0; i < 2; i++) {
		unsigned kind = LLVMGetEnumAttributeKindForName(promises[i], strlen(promises[i]));

		LLVMAddCallSiteAttribute(object, LLVMAttributeReturnIndex,
					 LLVMCreateEnumAttribute(mt->context, kind, 0));
	}
	return object;
}

static LLVMTypeRef storage_type(struct module_translator *mt, wasm_valtype type)
{
	if (type == WASM_I8)
		return mt->i8;
	return type == WASM_I16 ? mt->i16 : llvm_value_type(mt, type);
}

static bool is_packed(wasm_valtype type)
{
	return type == WASM_I8 || type == WASM_I16;
}

static LLVMValueRef address(struct func_translator *ft, LLVMValueRef base, LLVMValueRef offset)
{
	return LLVMBuildInBoundsGEP2(ft->builder, ft->mt->i8, base, &offset, 1, "");
}

LLVMValueRef heap_load(struct func_translator *ft, wasm_valtype storage, LLVMValueRef base,
		       LLVMValueRef offset, bool sign)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef load = LLVMBuildLoad2(ft->builder, storage_type(mt, storage),
					   address(ft, base, offset), "");

	LLVMSetAlignment(load, heap_storage_size(storage));
	set_tbaa(load, mt->tbaa_object, mt);
	if (!is_packed(storage))
		return load;
	return sign ? LLVMBuildSExt(ft->builder, load, mt->i32, "")
		    : LLVMBuildZExt(ft->builder, load, mt->i32, "");
}

void heap_store(struct func_translator *ft, wasm_valtype storage, LLVMValueRef base,
		LLVMValueRef offset, LLVMValueRef value)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef store;

	if (is_packed(storage))
		value = LLVMBuildTrunc(ft->builder, value, storage_type(mt, storage), "");
	store = LLVMBuildStore(ft->builder, value, address(ft, base, offset));
	LLVMSetAlignment(store, heap_storage_size(storage));
	set_tbaa(store, mt->tbaa_object, mt);
}

void trap_if_null(struct func_translator *ft, LLVMValueRef reference)
{
	trap_if(ft, LLVMBuildIsNull(ft->builder, reference, ""), WALNUT_TRAP_NULL_REFERENCE);
}
