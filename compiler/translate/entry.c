/* Second entries: see convention.c. Functions whose arguments do not all fit in registers
 * have one for calls and one for tail calls; one of them is the function itself, the
 * other is made here when somebody needs it. */
#include "translate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_object.h"

/* A function to be filled: *outer is where the builder was. In backtraces its frame is
 * one of the function that it leads to. */
static LLVMValueRef begin(struct module_translator *mt, const char *name, LLVMTypeRef type,
			  uint32_t func_index, LLVMBasicBlockRef *outer)
{
	LLVMValueRef function = LLVMAddFunction(mt->module, name, type);
	struct func_translator ft = { .mt = mt, .builder = mt->builder, .function = function };

	*outer = LLVMGetInsertBlock(mt->builder);
	LLVMSetLinkage(function, LLVMInternalLinkage);
	function_attributes(mt, function, mt->plan->may_throw[func_index]);
	ft.di_scope = debug_function(mt, function, NULL, 0);
	LLVMPositionBuilderAtEnd(mt->builder, new_block(&ft, "entry"));
	debug_location(&ft, mt->wasm->funcs[func_index].offset ? mt->wasm->funcs[func_index].offset : 1);
	return function;
}

static void finish(struct module_translator *mt, LLVMBasicBlockRef outer, LLVMMetadataRef location)
{
	LLVMSetCurrentDebugLocation2(mt->builder, location);
	if (outer)
		LLVMPositionBuilderAtEnd(mt->builder, outer);
}

/* From C's convention to the function's own, which is the uniform one. */
LLVMValueRef build_call_entry(struct module_translator *mt, uint32_t func_index)
{
	const struct func_entry *func = &mt->funcs[func_index];
	const struct type_entry *entry = &mt->types[mt->wasm->funcs[func_index].type];
	const struct wasm_functype *type = wasm_func_type(mt->wasm, func_index);
	LLVMMetadataRef location = LLVMGetCurrentDebugLocation2(mt->builder);
	LLVMValueRef packed[UNIFORM_PARAMS], results = NULL, function, value;
	LLVMValueRef *params = translator_alloc(mt, type->param_count, sizeof(*params));
	LLVMTypeRef result_type = LLVMGetReturnType(func->type);
	LLVMBasicBlockRef outer;
	char name[32];

	snprintf(name, sizeof(name), "walnut.entry.%u", func_index);
	function = begin(mt, name, func->type, func_index, &outer);
	LLVMGetParams(function, params);
	if (entry->signature.results_in_memory)
		results = LLVMBuildAlloca(mt->builder, result_type, "");
	pack_arguments(mt, type, results, params, packed);
	value = LLVMBuildCall2(mt->builder, uniform_type(mt, entry), func_body(mt, func_index), packed,
			       UNIFORM_PARAMS, "");
	if (results)
		value = LLVMBuildLoad2(mt->builder, result_type, results, "");
	if (type->result_count)
		LLVMBuildRet(mt->builder, value);
	else
		LLVMBuildRetVoid(mt->builder);
	finish(mt, outer, location);
	free(params);
	return function;
}

/* From the uniform convention to C's. */
static LLVMValueRef build_tail_entry(struct module_translator *mt, uint32_t func_index, const char *name)
{
	const struct func_entry *func = &mt->funcs[func_index];
	const struct type_entry *entry = &mt->types[mt->wasm->funcs[func_index].type];
	const struct wasm_functype *type = wasm_func_type(mt->wasm, func_index);
	LLVMMetadataRef location = LLVMGetCurrentDebugLocation2(mt->builder);
	LLVMValueRef *values = translator_alloc(mt, type->param_count, sizeof(*values));
	LLVMValueRef results, function, value;
	LLVMBasicBlockRef outer;

	function = begin(mt, name, uniform_type(mt, entry), func_index, &outer);
	unpack_parameters(mt, type, function, entry->signature.results_in_memory ? &results : NULL, values);
	value = LLVMBuildCall2(mt->builder, func->type, func_code(mt, func_index), values, type->param_count, "");
	if (entry->signature.results_in_memory)
		LLVMBuildStore(mt->builder, value, results);
	if (type->result_count && !entry->signature.results_in_memory)
		LLVMBuildRet(mt->builder, value);
	else
		LLVMBuildRetVoid(mt->builder);
	finish(mt, outer, location);
	free(values);
	return function;
}

/* "walnut.tail." and the symbol that the function has as an import or export. */
static char *tail_symbol(struct module_translator *mt, const char *symbol)
{
	static const char prefix[] = "\x01walnut.tail.";
	size_t size = sizeof(prefix) + strlen(symbol);
	char *name = translator_alloc(mt, size, 1);

	snprintf(name, size, "%s%s", prefix, *symbol == '\x01' ? symbol + 1 : symbol);
	return name;
}

/* Weak: an object that exports the function has a better one. */
static LLVMValueRef build_import_tail_entry(struct module_translator *mt, uint32_t func_index)
{
	size_t size;
	char *name = tail_symbol(mt, LLVMGetValueName2(func_code(mt, func_index), &size));
	LLVMValueRef function = LLVMGetNamedFunction(mt->module, name);

	if (!function) {
		function = build_tail_entry(mt, func_index, name);
		LLVMSetLinkage(function, LLVMWeakAnyLinkage);
		LLVMSetVisibility(function, LLVMHiddenVisibility);
	}
	free(name);
	return function;
}

LLVMValueRef func_tail(struct module_translator *mt, uint32_t func_index)
{
	struct func_entry *func = &mt->funcs[func_index];
	char name[32];

	if (func->tail)
		return func->tail;
	if (!mt->types[mt->wasm->funcs[func_index].type].signature.stack_arguments) {
		func->tail = func_code(mt, func_index);
	} else if (mt->wasm->funcs[func_index].imported) {
		func->tail = build_import_tail_entry(mt, func_index);
	} else if (mt->plan->usage.uniform[func_index]) {
		func->tail = func_body(mt, func_index);
	} else {
		snprintf(name, sizeof(name), "walnut.tail.%u", func_index);
		func->tail = build_tail_entry(mt, func_index, name);
	}
	return func->tail;
}

void export_tail_entry(struct module_translator *mt, uint32_t func_index, const char *symbol)
{
	LLVMValueRef tail;
	char *name;

	if (!mt->types[mt->wasm->funcs[func_index].type].signature.stack_arguments)
		return;
	tail = func_tail(mt, func_index);
	name = tail_symbol(mt, symbol);
	LLVMAddAlias2(mt->module, LLVMGlobalGetValueType(tail), 0, tail, name);
	free(name);
}
