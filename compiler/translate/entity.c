/* Functions, memories, tables and globals as LLVM globals. What the module defines
 * is internal (an export adds an alias), or hidden where several parts share it; what it
 * imports is an undefined symbol. */
#include "translate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_object.h"

static void add_string_attribute(struct module_translator *mt, LLVMValueRef function,
				 const char *name, const char *value)
{
	LLVMAttributeRef attribute = LLVMCreateStringAttribute(
		mt->context, name, (unsigned)strlen(name), value, (unsigned)strlen(value));

	LLVMAddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, attribute);
}

void add_enum_attribute(struct module_translator *mt, LLVMValueRef function, const char *name)
{
	unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));

	LLVMAddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
				LLVMCreateEnumAttribute(mt->context, kind, 0));
}

void function_attributes(struct module_translator *mt, LLVMValueRef function, bool may_throw)
{
	LLVMSetSection(function, WALNUT_SECTION_TEXT);
	/* Without it the function gets unwind tables. */
	if (!may_throw)
		add_enum_attribute(mt, function, "nounwind");
	/* Backtraces walk the frame pointers. */
	add_string_attribute(mt, function, "frame-pointer", "all");
	/* Unbounded recursion has to end in a stack overflow, as Wasm says, and must
	 * not skip the guard page. */
	add_string_attribute(mt, function, "disable-tail-calls", "true");
	add_string_attribute(mt, function, "probe-stack", "inline-asm");
	/* Hosts provide memcpy, memmove and memset, and not the other two; but a loop
	 * that became one of the three would fault outside of the app's code when it
	 * runs past the memory, which no host could tell from a fault of its own. */
	add_string_attribute(mt, function, "no-builtin-memcpy", "");
	add_string_attribute(mt, function, "no-builtin-memmove", "");
	add_string_attribute(mt, function, "no-builtin-memset", "");
	add_string_attribute(mt, function, "no-builtin-memcmp", "");
	add_string_attribute(mt, function, "no-builtin-bcmp", "");
	/* A call by another type is meant as it is: see convention.c. */
	if (mt->plan->usage.tail_calls)
		add_string_attribute(mt, function, "thunk", "");
}

static void declare_imports(struct module_translator *mt)
{
	const struct wasm_module *wasm = mt->wasm;

	for (uint32_t i = 0; i < wasm->import_count; i++) {
		const struct wasm_import *import = &wasm->imports[i];
		char *name = symbol_name(import->module, import->field, walnut_import_suffix(wasm, i));
		LLVMValueRef symbol;

		if (!name)
			translator_fail(mt, WALNUT_ERROR_SYSTEM, "out of memory");
		switch (import->kind) {
		case WASM_EXTERN_FUNC:
			symbol = external_function(mt, name, mt->funcs[import->index].type);
			mt->funcs[import->index].code = symbol;
			if (mt->plan->exceptions && !mt->plan->may_throw[import->index])
				add_enum_attribute(mt, symbol, "nounwind");
			break;
		case WASM_EXTERN_TABLE:
			symbol = external_object(mt, name, mt->table_struct);
			mt->tables[import->index] = symbol;
			break;
		case WASM_EXTERN_MEMORY:
			symbol = external_object(mt, name, mt->memory_struct);
			mt->memories[import->index] = symbol;
			break;
		case WASM_EXTERN_GLOBAL:
			symbol = external_object(mt, name, mt->globals[import->index].type);
			mt->globals[import->index].address = symbol;
			break;
		case WASM_EXTERN_TAG:
			mt->tags[import->index] = import_tag(mt, name);
			break;
		}
		free(name);
	}
}

/* Two imports may be one variable under two names, but to LLVM two symbols are two
 * variables. So it sees the symbol of the first one only. */
static void hide_equal_imports(struct module_translator *mt)
{
	bool seen = false;

	for (uint32_t i = 0; i < mt->wasm->imported_global_count; i++) {
		struct global_entry *global = &mt->globals[i];

		if (!mt->wasm->globals[i].type.mutable_)
			continue;
		if (seen) {
			global->place = const_object(mt, "walnut.place", global->address, true);
			LLVMSetExternallyInitialized(global->place, true);
		}
		seen = true;
	}
}

LLVMValueRef func_body(struct module_translator *mt, uint32_t func_index)
{
	struct func_entry *func = &mt->funcs[func_index];
	bool own = func_index >= mt->part->first && func_index < mt->part->end;
	bool uniform = mt->plan->usage.uniform[func_index];
	char name[32];

	if (func->body)
		return func->body;
	snprintf(name, sizeof(name), "walnut.func.%u", func_index);
	func->body = LLVMAddFunction(mt->module, name,
				     uniform ? uniform_type(mt, &mt->types[mt->wasm->funcs[func_index].type])
					     : func->type);
	if (own && !mt->plan->shared[func_index])
		LLVMSetLinkage(func->body, LLVMInternalLinkage);
	else if (mt->plan->count > 1)
		LLVMSetVisibility(func->body, LLVMHiddenVisibility);
	function_attributes(mt, func->body, mt->plan->may_throw[func_index]);
	return func->body;
}

LLVMValueRef func_code(struct module_translator *mt, uint32_t func_index)
{
	struct func_entry *func = &mt->funcs[func_index];
	bool apart = mt->types[mt->wasm->funcs[func_index].type].signature.stack_arguments;

	if (!func->code)
		func->code = apart && mt->plan->usage.uniform[func_index]
			? build_call_entry(mt, func_index) : func_body(mt, func_index);
	return func->code;
}

/* The part's own ones come first, in their order; others when they are mentioned. */
static void declare_functions(struct module_translator *mt)
{
	for (uint32_t i = 0; i < mt->wasm->func_count; i++)
		mt->funcs[i].type = mt->types[mt->wasm->funcs[i].type].llvm;
	for (uint32_t i = mt->part->first; i < mt->part->end; i++)
		func_body(mt, i);
}

static void define_memories(struct module_translator *mt)
{
	for (uint32_t i = mt->wasm->imported_memory_count; i < mt->wasm->memory_count; i++) {
		const struct wasm_limits *limits = &mt->wasm->memories[i].type.limits;
		LLVMValueRef fields[] = {
			const_null_ptr(mt),
			const_u64(mt, limits->min),
			const_u64(mt, limits->min * WALNUT_PAGE_SIZE),
			const_u64(mt, limits->has_max ? limits->max : WALNUT_NO_MAXIMUM),
			const_u64(mt, memory_flags(mt, i)),
			const_u64(mt, 0),
		};

		mt->memories[i] = entity_object(mt, "memory", i, mt->memory_struct, true);
		if (mt->part->root)
			LLVMSetInitializer(mt->memories[i],
					   const_struct(mt, mt->memory_struct, fields, 6));
	}
}

static void define_tables(struct module_translator *mt)
{
	for (uint32_t i = mt->wasm->imported_table_count; i < mt->wasm->table_count; i++) {
		const struct wasm_tabletype *type = &mt->wasm->tables[i].type;
		LLVMValueRef fields[] = {
			const_null_ptr(mt),
			const_u64(mt, type->limits.min),
			const_u64(mt, type->limits.has_max ? type->limits.max : WALNUT_NO_MAXIMUM),
			const_u64(mt, (uint64_t)value_type_letter(mt, type->element)),
		};

		mt->tables[i] = entity_object(mt, "table", i, mt->table_struct, true);
		if (mt->part->root)
			LLVMSetInitializer(mt->tables[i],
					   const_struct(mt, mt->table_struct, fields, 4));
	}
}

static void define_globals(struct module_translator *mt)
{
	for (uint32_t i = mt->wasm->imported_global_count; i < mt->wasm->global_count; i++) {
		const struct wasm_global *wasm = &mt->wasm->globals[i];
		struct global_entry *global = &mt->globals[i];
		LLVMValueRef value = const_expr_value(mt, &wasm->init);
		bool constant = value && !wasm->type.mutable_;

		global->address = entity_object(mt, "global", i, global->type, !constant);
		if (mt->part->root)
			LLVMSetInitializer(global->address,
					   value ? value : LLVMConstNull(global->type));
		LLVMSetAlignment(global->address, 16);
		if (constant)
			global->constant = value;
	}
}

void declare_entities(struct module_translator *mt)
{
	const struct wasm_module *wasm = mt->wasm;

	for (uint32_t i = 0; i < wasm->type_count; i++) {
		if (wasm->types[i].kind != WASM_COMP_FUNC)
			continue;
		mt->types[i].llvm = llvm_function_type(mt, &wasm->types[i].func);
		mt->types[i].signature = signature_of(&wasm->types[i].func);
	}
	for (uint32_t i = 0; i < wasm->global_count; i++)
		mt->globals[i].type = llvm_value_type(mt, wasm->globals[i].type.type);
	declare_functions(mt);
	declare_imports(mt);
	hide_equal_imports(mt);
	define_memories(mt);
	define_tables(mt);
	define_globals(mt);
	define_tags(mt);
	if (mt->options->memory_model == WALNUT_MEMORY_ZERO) {
		mt->linear_base = external_object(mt, "walnut.linear", LLVMArrayType2(mt->i8, 0));
		LLVMSetAlignment(mt->linear_base, WALNUT_PAGE_SIZE);
	}
}

LLVMValueRef func_reference(struct module_translator *mt, uint32_t func_index)
{
	struct func_entry *func = &mt->funcs[func_index];

	if (!func->reference) {
		LLVMValueRef fields[] = {
			func_code(mt, func_index),
			type_descriptor(mt, mt->wasm->funcs[func_index].type),
			func_tail(mt, func_index),
		};

		func->reference = const_object(mt, "walnut.ref",
					       const_struct(mt, mt->func_struct, fields, 3), false);
	}
	return func->reference;
}
