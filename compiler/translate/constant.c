/* Small builders for LLVM constants and the globals that hold them. */
#include "translate.h"

#include <llvm-c/Comdat.h>
#include <stdio.h>

LLVMValueRef const_u32(struct module_translator *mt, uint32_t value)
{
	return LLVMConstInt(mt->i32, value, false);
}

LLVMValueRef const_u64(struct module_translator *mt, uint64_t value)
{
	return LLVMConstInt(mt->i64, value, false);
}

LLVMValueRef const_null_ptr(struct module_translator *mt)
{
	return LLVMConstPointerNull(mt->ptr);
}

LLVMValueRef const_object(struct module_translator *mt, const char *name, LLVMValueRef value,
			  bool writable)
{
	LLVMValueRef global = LLVMAddGlobal(mt->module, LLVMTypeOf(value), name);

	LLVMSetInitializer(global, value);
	LLVMSetLinkage(global, LLVMInternalLinkage);
	LLVMSetGlobalConstant(global, !writable);
	return global;
}

LLVMValueRef entity_object(struct module_translator *mt, const char *kind, uint32_t index,
			   LLVMTypeRef type, bool writable)
{
	LLVMValueRef global;
	char name[48];

	snprintf(name, sizeof(name), "walnut.%s.%u", kind, index);
	global = LLVMAddGlobal(mt->module, type, name);
	LLVMSetGlobalConstant(global, !writable);
	if (mt->plan->count == 1)
		LLVMSetLinkage(global, LLVMInternalLinkage);
	else
		LLVMSetVisibility(global, LLVMHiddenVisibility);
	return global;
}

/* In a COMDAT group, of which the linker keeps one. */
LLVMValueRef shared_constant(struct module_translator *mt, const char *name, LLVMValueRef value)
{
	LLVMValueRef global = LLVMGetNamedGlobal(mt->module, name);
	LLVMComdatRef comdat;

	if (global)
		return global;
	global = LLVMAddGlobal(mt->module, LLVMTypeOf(value), name);
	LLVMSetInitializer(global, value);
	LLVMSetGlobalConstant(global, true);
	LLVMSetLinkage(global, LLVMLinkOnceODRLinkage);
	LLVMSetVisibility(global, LLVMHiddenVisibility);
	comdat = LLVMGetOrInsertComdat(mt->module, name);
	LLVMSetComdatSelectionKind(comdat, LLVMAnyComdatSelectionKind);
	LLVMSetComdat(global, comdat);
	return global;
}

LLVMValueRef const_string(struct module_translator *mt, struct wasm_bytes bytes)
{
	LLVMValueRef text = LLVMConstStringInContext2(mt->context, (const char *)bytes.data,
						      bytes.size, false);
	LLVMValueRef global = const_object(mt, "walnut.string", text, false);

	LLVMSetLinkage(global, LLVMPrivateLinkage);
	LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
	LLVMSetAlignment(global, 1);
	return global;
}

LLVMValueRef const_struct(struct module_translator *mt, LLVMTypeRef type, LLVMValueRef *fields,
			  unsigned count)
{
	if (type)
		return LLVMConstNamedStruct(type, fields, count);
	return LLVMConstStructInContext(mt->context, fields, count, false);
}

/* Hidden: addressed relative to RIP, without a GOT. Whoever defines the symbol is
 * linked into the same file. */
LLVMValueRef external_object(struct module_translator *mt, const char *name, LLVMTypeRef type)
{
	LLVMValueRef global = LLVMGetNamedGlobal(mt->module, name);

	if (!global)
		global = LLVMGetNamedFunction(mt->module, name);
	if (!global) {
		global = LLVMAddGlobal(mt->module, type, name);
		LLVMSetVisibility(global, LLVMHiddenVisibility);
	}
	return global;
}

LLVMValueRef external_function(struct module_translator *mt, const char *name, LLVMTypeRef type)
{
	LLVMValueRef function = LLVMGetNamedFunction(mt->module, name);

	if (!function)
		function = LLVMGetNamedGlobal(mt->module, name);
	if (!function) {
		function = LLVMAddFunction(mt->module, name, type);
		LLVMSetVisibility(function, LLVMHiddenVisibility);
	}
	return function;
}
