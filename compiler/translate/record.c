/* The tables by which a host finds its way in an object: imports, exports, invoke
 * thunks and, after optimisation, functions and the module record itself. */
#include "translate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_note.h"
#include "app_object.h"

static LLVMValueRef array_object(struct module_translator *mt, const char *name, LLVMValueRef *items,
				 uint32_t count)
{
	LLVMValueRef array;

	if (count == 0)
		return const_null_ptr(mt);
	array = const_object(mt, name, LLVMConstArray2(LLVMTypeOf(items[0]), items, count), false);
	LLVMSetAlignment(array, 8);
	return array;
}

static LLVMValueRef entity_address(struct module_translator *mt, enum wasm_extern_kind kind,
				   uint32_t index)
{
	switch (kind) {
	case WASM_EXTERN_FUNC:
		return func_code(mt, index);
	case WASM_EXTERN_TABLE:
		return mt->tables[index];
	case WASM_EXTERN_MEMORY:
		return mt->memories[index];
	case WASM_EXTERN_TAG:
		return mt->tags[index];
	default:
		return mt->globals[index].address;
	}
}

static LLVMValueRef build_imports(struct module_translator *mt)
{
	const struct wasm_module *wasm = mt->wasm;
	LLVMValueRef *items = translator_alloc(mt, wasm->import_count, sizeof(*items)), array;

	for (uint32_t i = 0; i < wasm->import_count; i++) {
		const struct wasm_import *import = &wasm->imports[i];
		LLVMValueRef fields[] = {
			const_string(mt, import->module),
			const_string(mt, import->field),
			const_u64(mt, import->module.size),
			const_u64(mt, import->field.size),
			extern_type(mt, import->kind, import->index),
			entity_address(mt, import->kind, import->index),
		};

		items[i] = const_struct(mt, NULL, fields, 6);
	}
	array = array_object(mt, "walnut.imports", items, wasm->import_count);
	free(items);
	return array;
}

#define SLOT_ALIGNMENT _Alignof(union walnut_value) /* less than a vector's */

static LLVMValueRef slot_address(struct module_translator *mt, LLVMValueRef slots, uint32_t index)
{
	LLVMValueRef offset = const_u64(mt, (uint64_t)index * sizeof(union walnut_value));

	return LLVMBuildInBoundsGEP2(mt->builder, mt->i8, slots, &offset, 1, "");
}

/* walnut_invoke_fn: unpacks the arguments, calls, packs the results. */
static LLVMValueRef build_invoke(struct module_translator *mt, uint32_t func_index)
{
	const struct func_entry *func = &mt->funcs[func_index];
	const struct wasm_functype *type = wasm_func_type(mt->wasm, func_index);
	LLVMTypeRef params[] = { mt->ptr, mt->ptr };
	LLVMTypeRef invoke_type = LLVMFunctionType(mt->void_, params, 2, false);
	LLVMValueRef *args = translator_alloc(mt, type->param_count, sizeof(*args));
	unsigned noinline_kind = LLVMGetEnumAttributeKindForName("noinline", 8);
	struct func_translator ft = { .mt = mt, .builder = mt->builder };
	LLVMValueRef result;
	char name[32];

	snprintf(name, sizeof(name), "walnut.invoke.%u", func_index);
	ft.function = LLVMGetNamedFunction(mt->module, name);
	if (ft.function) {
		free(args);
		return ft.function;
	}
	ft.function = LLVMAddFunction(mt->module, name, invoke_type);
	LLVMSetLinkage(ft.function, LLVMInternalLinkage);
	/* No exception goes further: the search for its handler ends here. */
	function_attributes(mt, ft.function, false);
	/* Not the app's code: backtraces end before it. */
	LLVMSetSection(ft.function, ".text.walnut_invoke");
	LLVMPositionBuilderAtEnd(mt->builder, new_block(&ft, "entry"));
	LLVMSetCurrentDebugLocation2(mt->builder, NULL);
	for (uint32_t i = 0; i < type->param_count; i++) {
		args[i] = LLVMBuildLoad2(mt->builder, llvm_value_type(mt, type->params[i]),
					 slot_address(mt, LLVMGetParam(ft.function, 0), i), "");
		LLVMSetAlignment(args[i], SLOT_ALIGNMENT);
	}
	result = LLVMBuildCall2(mt->builder, func->type, func_code(mt, func_index), args,
				type->param_count, "");
	/* The function exists once already. */
	LLVMAddCallSiteAttribute(result, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
				 LLVMCreateEnumAttribute(mt->context, noinline_kind, 0));
	for (uint32_t i = 0; i < type->result_count; i++) {
		LLVMValueRef store = LLVMBuildStore(mt->builder,
						    extract_result(mt, mt->builder, type, result, i),
						    slot_address(mt, LLVMGetParam(ft.function, 1), i));

		LLVMSetAlignment(store, SLOT_ALIGNMENT);
	}
	LLVMBuildRetVoid(mt->builder);
	free(args);
	return ft.function;
}

/* A symbol for what the module defines. A re-exported import keeps the symbol it
 * came with: ELF has no aliases of undefined symbols. */
static void define_export_symbol(struct module_translator *mt, const struct wasm_export *export,
				 LLVMValueRef target)
{
	const char *module = mt->options->module_name ? mt->options->module_name : "main";
	char *name;

	if (LLVMIsDeclaration(target))
		return;
	name = symbol_name(bytes_of_string(module), export->field, "");
	if (!name)
		translator_fail(mt, WALNUT_ERROR_SYSTEM, "out of memory");
	if (LLVMGetNamedFunction(mt->module, name) || LLVMGetNamedGlobal(mt->module, name)) {
		char printable[64];

		snprintf(printable, sizeof(printable), "%s", name + 1);
		free(name);
		translator_fail(mt, WALNUT_ERROR_LIMIT,
				"the module both imports and exports %s", printable);
	}
	LLVMAddAlias2(mt->module, LLVMGlobalGetValueType(target), 0, target, name);
	if (export->kind == WASM_EXTERN_FUNC)
		export_tail_entry(mt, export->index, name);
	free(name);
}

void define_export_symbols(struct module_translator *mt)
{
	for (uint32_t i = 0; i < mt->wasm->export_count; i++) {
		const struct wasm_export *export = &mt->wasm->exports[i];
		bool own = mt->part->root;

		if (export->kind == WASM_EXTERN_FUNC)
			own = export->index >= mt->part->first && export->index < mt->part->end;
		if (own)
			define_export_symbol(mt, export, entity_address(mt, export->kind, export->index));
	}
}

static LLVMValueRef build_exports(struct module_translator *mt)
{
	const struct wasm_module *wasm = mt->wasm;
	LLVMValueRef *items = translator_alloc(mt, wasm->export_count, sizeof(*items)), array;

	for (uint32_t i = 0; i < wasm->export_count; i++) {
		const struct wasm_export *export = &wasm->exports[i];
		LLVMValueRef address = entity_address(mt, export->kind, export->index);
		LLVMValueRef invoke = const_null_ptr(mt);

		if (export->kind == WASM_EXTERN_FUNC) {
			address = func_reference(mt, export->index);
			invoke = build_invoke(mt, export->index);
		}
		LLVMValueRef fields[] = {
			const_string(mt, export->field),
			const_u64(mt, export->field.size),
			extern_type(mt, export->kind, export->index),
			address,
			invoke,
		};
		items[i] = const_struct(mt, NULL, fields, 5);
	}
	array = array_object(mt, "walnut.exports", items, wasm->export_count);
	free(items);
	return array;
}

/* The record but for the function table, which translate_finish() knows. */
void build_imports_and_exports(struct module_translator *mt)
{
	const char *module = mt->options->module_name ? mt->options->module_name : "main";
	LLVMTypeRef functions_type = LLVMArrayType2(mt->i64, 0);
	LLVMValueRef record, pointer;
	LLVMValueRef fields[] = {
		const_u32(mt, WALNUT_ABI_VERSION),
		const_u32(mt, 0),
		const_string(mt, bytes_of_string(module)),
		mt->instantiate,
		build_imports(mt),
		const_u64(mt, mt->wasm->import_count),
		build_exports(mt),
		const_u64(mt, mt->wasm->export_count),
		external_object(mt, "walnut.functions", functions_type),
		LLVMConstPtrToInt(external_object(mt, "walnut.function_count", functions_type), mt->i64),
	};

	record = const_object(mt, "walnut.module", const_struct(mt, NULL, fields, 10), false);
	LLVMSetAlignment(record, 8);
	pointer = const_object(mt, "walnut.module_pointer", record, false);
	LLVMSetAlignment(pointer, 8);
	LLVMSetSection(pointer, WALNUT_SECTION_MODULES);
	translator_keep(mt, pointer);
}

/* Sums of initial sizes, saturating. */
static uint64_t memory_pages(const struct wasm_module *wasm)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < wasm->memory_count; i++)
		if (__builtin_add_overflow(sum, wasm->memories[i].type.limits.min, &sum))
			return UINT64_MAX;
	return sum;
}

static uint64_t table_elements(const struct wasm_module *wasm)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < wasm->table_count; i++)
		if (__builtin_add_overflow(sum, wasm->tables[i].type.limits.min, &sum))
			return UINT64_MAX;
	return sum;
}

void build_app_note(struct module_translator *mt, const char *target_cpu)
{
	const struct wasm_limits *memory = mt->wasm->memory_count ? &mt->wasm->memories[0].type.limits : NULL;
	struct __attribute__((packed)) {
		uint32_t name_size, content_size, type;
		char owner[8];
		struct walnut_app_note content;
	} note = {
		.name_size = sizeof(WALNUT_NOTE_OWNER),
		.content_size = sizeof(struct walnut_app_note),
		.type = WALNUT_NOTE_APP,
		.owner = WALNUT_NOTE_OWNER,
		.content = {
			.abi_version = WALNUT_ABI_VERSION,
			.memory_pages = memory_pages(mt->wasm),
			.memory_max = memory && memory->has_max ? memory->max : UINT64_MAX,
			.wasm_size = mt->wasm->bytes.size,
			.table_elements = table_elements(mt->wasm),
		},
	};
	LLVMValueRef bytes, global;

	snprintf(note.content.target_cpu, sizeof(note.content.target_cpu), "%s", target_cpu);
	bytes = LLVMConstStringInContext2(mt->context, (const char *)&note, sizeof(note), true);
	global = const_object(mt, "walnut.note", bytes, false);
	LLVMSetAlignment(global, 4);
	LLVMSetSection(global, ".note.walnut");
	translator_keep(mt, global);
}
