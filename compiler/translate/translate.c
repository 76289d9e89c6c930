/* From a part of a validated module to an LLVM module: the order of things. */
#include "translate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_object.h"
#include "backend.h"

void translator_fail(struct module_translator *mt, int kind, const char *format, ...)
{
	char message[sizeof(mt->error->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	walnut_error_set(mt->error, kind, "", WALNUT_NO_FUNCTION, 0, "%s", message);
	longjmp(mt->fail, 1);
}

void *translator_alloc(struct module_translator *mt, size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		translator_fail(mt, WALNUT_ERROR_SYSTEM, "out of memory");
	return memory;
}

void *translator_grow(struct module_translator *mt, void *array, uint32_t count,
		      uint32_t *capacity, size_t size)
{
	uint32_t larger = *capacity ? *capacity : 16;
	void *memory;

	if (count < *capacity)
		return array;
	while (larger <= count && larger <= UINT32_MAX / 2)
		larger *= 2;
	memory = larger > count ? reallocarray(array, larger, size) : NULL;
	if (!memory)
		translator_fail(mt, WALNUT_ERROR_SYSTEM, "out of memory");
	*capacity = larger;
	return memory;
}

void translator_keep(struct module_translator *mt, LLVMValueRef global)
{
	mt->kept = translator_grow(mt, mt->kept, mt->kept_count, &mt->kept_capacity,
				   sizeof(*mt->kept));
	mt->kept[mt->kept_count++] = global;
}

static void create_types(struct module_translator *mt)
{
	LLVMContextRef context = mt->context;

	mt->void_ = LLVMVoidTypeInContext(context);
	mt->i1 = LLVMInt1TypeInContext(context);
	mt->i8 = LLVMInt8TypeInContext(context);
	mt->i16 = LLVMInt16TypeInContext(context);
	mt->i32 = LLVMInt32TypeInContext(context);
	mt->i64 = LLVMInt64TypeInContext(context);
	mt->f32 = LLVMFloatTypeInContext(context);
	mt->f64 = LLVMDoubleTypeInContext(context);
	mt->ptr = LLVMPointerTypeInContext(context, 0);
	mt->v128 = LLVMVectorType(mt->i64, 2);

	LLVMTypeRef pointers[] = { mt->ptr, mt->ptr, mt->ptr };
	LLVMTypeRef table[] = { mt->ptr, mt->i64, mt->i64, mt->i64 };
	LLVMTypeRef memory[] = { mt->ptr, mt->i64, mt->i64, mt->i64, mt->i64, mt->i64 };
	LLVMTypeRef externtype[] = { mt->i32, mt->i32, mt->i8,  mt->i8,  mt->i8,
				     mt->i8,  mt->i32, mt->ptr, mt->i64, mt->i64 };

	LLVMTypeRef subtyping[] = { mt->i64, mt->ptr };

	mt->subtyping_struct = LLVMStructCreateNamed(context, "walnut_subtyping");
	LLVMStructSetBody(mt->subtyping_struct, subtyping, 2, false);

	LLVMTypeRef functype[] = { mt->ptr, mt->ptr, mt->subtyping_struct };
	LLVMTypeRef heaptype[] = { mt->i32, mt->i32, mt->ptr, mt->subtyping_struct };

	mt->functype_struct = LLVMStructCreateNamed(context, "walnut_functype");
	LLVMStructSetBody(mt->functype_struct, functype, 3, false);
	mt->heaptype_struct = LLVMStructCreateNamed(context, "walnut_heaptype");
	LLVMStructSetBody(mt->heaptype_struct, heaptype, 4, false);
	mt->func_struct = LLVMStructCreateNamed(context, "walnut_func");
	LLVMStructSetBody(mt->func_struct, pointers, 3, false);
	mt->memory_struct = LLVMStructCreateNamed(context, "walnut_memory");
	LLVMStructSetBody(mt->memory_struct, memory, 6, false);
	mt->table_struct = LLVMStructCreateNamed(context, "walnut_table");
	LLVMStructSetBody(mt->table_struct, table, 4, false);
	mt->externtype_struct = LLVMStructCreateNamed(context, "walnut_externtype");
	LLVMStructSetBody(mt->externtype_struct, externtype, 10, false);
}

static LLVMMetadataRef metadata_string(struct module_translator *mt, const char *string)
{
	return LLVMMDStringInContext2(mt->context, string, strlen(string));
}

/* Type-based alias tags: accesses with different tags touch different memory, but that
 * a tag's parent may be any of its children. */
static LLVMMetadataRef create_tbaa_type(struct module_translator *mt, LLVMMetadataRef parent,
					const char *name)
{
	LLVMMetadataRef zero = LLVMValueAsMetadata(const_u64(mt, 0));
	LLVMMetadataRef fields[] = { metadata_string(mt, name), parent, zero };

	return LLVMMDNodeInContext2(mt->context, fields, 3);
}

static LLVMMetadataRef create_tbaa(struct module_translator *mt, LLVMMetadataRef type)
{
	LLVMMetadataRef fields[] = { type, type, LLVMValueAsMetadata(const_u64(mt, 0)) };

	return LLVMMDNodeInContext2(mt->context, fields, 3);
}

/* Imports may be one memory under two indices. What the module defines is no import. */
static void create_memory_tbaa(struct module_translator *mt, LLVMMetadataRef any_memory)
{
	char name[32];

	for (uint32_t i = 0; i < mt->wasm->memory_count; i++) {
		if (mt->wasm->memories[i].imported)
			snprintf(name, sizeof(name), "imported memory");
		else
			snprintf(name, sizeof(name), "memory %u", i);
		mt->tbaa_memories[i] = create_tbaa(mt, create_tbaa_type(mt, any_memory, name));
	}
}

static void create_metadata(struct module_translator *mt)
{
	LLVMMetadataRef name = metadata_string(mt, "walnut");
	LLVMMetadataRef root = LLVMMDNodeInContext2(mt->context, &name, 1);
	LLVMMetadataRef any_memory = create_tbaa_type(mt, root, "linear memory");

	mt->tbaa_linear = create_tbaa(mt, any_memory);
	create_memory_tbaa(mt, any_memory);
	mt->tbaa_host = create_tbaa(mt, create_tbaa_type(mt, root, "host"));
	mt->tbaa_global = create_tbaa(mt, create_tbaa_type(mt, root, "global"));
	mt->tbaa_object = create_tbaa(mt, create_tbaa_type(mt, root, "object"));
	mt->tbaa_kind = LLVMGetMDKindIDInContext(mt->context, "tbaa", 4);
}

LLVMMetadataRef linear_tbaa(struct module_translator *mt, uint32_t memory)
{
	return mt->tbaa_memories[memory];
}

void set_invariant(LLVMValueRef load, struct module_translator *mt)
{
	unsigned kind = LLVMGetMDKindIDInContext(mt->context, "invariant.load", 14);

	LLVMSetMetadata(load, kind, LLVMMDNodeInContext(mt->context, NULL, 0));
}

void set_tbaa(LLVMValueRef instruction, LLVMMetadataRef tag, struct module_translator *mt)
{
	LLVMSetMetadata(instruction, mt->tbaa_kind, LLVMMetadataAsValue(mt->context, tag));
}

/* llvm.used: neither the optimiser nor the linker may drop these. */
static void emit_used(struct module_translator *mt)
{
	LLVMValueRef array = LLVMConstArray2(mt->ptr, mt->kept, mt->kept_count);
	LLVMValueRef used = LLVMAddGlobal(mt->module, LLVMTypeOf(array), "llvm.used");

	LLVMSetInitializer(used, array);
	LLVMSetLinkage(used, LLVMAppendingLinkage);
	LLVMSetSection(used, "llvm.metadata");
}

static void translate_functions(struct module_translator *mt)
{
	const struct part *part = mt->part;

	for (uint32_t i = part->first; i < part->end; i++)
		translate_function(mt, i);
	for (uint32_t i = 0; i < part->copy_count; i++) {
		translate_function(mt, part->copies[i]);
		LLVMSetLinkage(func_body(mt, part->copies[i]), LLVMAvailableExternallyLinkage);
	}
}

static void translate(struct module_translator *mt, const char *target_cpu)
{
	const struct wasm_module *wasm = mt->wasm;

	mt->types = translator_alloc(mt, wasm->type_count, sizeof(*mt->types));
	mt->funcs = translator_alloc(mt, wasm->func_count, sizeof(*mt->funcs));
	mt->globals = translator_alloc(mt, wasm->global_count, sizeof(*mt->globals));
	mt->tables = translator_alloc(mt, wasm->table_count, sizeof(*mt->tables));
	mt->constant_tables = translator_alloc(mt, wasm->table_count, sizeof(*mt->constant_tables));
	mt->memories = translator_alloc(mt, wasm->memory_count, sizeof(*mt->memories));
	mt->tbaa_memories = translator_alloc(mt, wasm->memory_count, sizeof(*mt->tbaa_memories));
	mt->tags = translator_alloc(mt, wasm->tag_count, sizeof(*mt->tags));
	mt->elems = translator_alloc(mt, wasm->elem_count, sizeof(*mt->elems));
	mt->datas = translator_alloc(mt, wasm->data_count, sizeof(*mt->datas));

	create_types(mt);
	create_metadata(mt);
	debug_begin(mt);
	declare_entities(mt);
	find_constant_tables(mt);
	define_constant_tables(mt);
	declare_segments(mt);
	translate_functions(mt);
	define_export_symbols(mt);
	if (mt->part->root) {
		build_instantiate(mt);
		build_imports_and_exports(mt);
		build_app_note(mt, target_cpu);
		emit_used(mt);
	}
	LLVMDIBuilderFinalize(mt->di);
}

static void release(struct module_translator *mt)
{
	free(mt->types);
	free(mt->group_hashes);
	free(mt->funcs);
	free(mt->globals);
	free(mt->tables);
	free(mt->constant_tables);
	free(mt->memories);
	free(mt->tags);
	free(mt->tbaa_memories);
	free(mt->elems);
	free(mt->datas);
	free(mt->kept);
	if (mt->di)
		LLVMDisposeDIBuilder(mt->di);
	if (mt->builder)
		LLVMDisposeBuilder(mt->builder);
}

LLVMModuleRef translate_part(const struct wasm_module *wasm, const struct part_plan *plan,
			     uint32_t index, LLVMContextRef context, LLVMTargetDataRef layout,
			     const struct target *target, const struct walnut_compile_options *options,
			     struct walnut_error *error)
{
	struct module_translator *mt = calloc(1, sizeof(*mt));
	LLVMModuleRef module = NULL;

	if (!mt) {
		walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0, "out of memory");
		return NULL;
	}
	mt->wasm = wasm;
	mt->plan = plan;
	mt->part = &plan->parts[index];
	mt->options = options;
	mt->error = error;
	mt->has_fma = target->has_fma;
	mt->context = context;
	mt->module = LLVMModuleCreateWithNameInContext("module.wasm", context);
	mt->builder = LLVMCreateBuilderInContext(context);
	LLVMSetTarget(mt->module, BACKEND_TRIPLE);
	LLVMSetModuleDataLayout(mt->module, layout);
	if (setjmp(mt->fail) == 0) {
		translate(mt, target->cpu);
		module = mt->module;
	}
	release(mt);
	if (!module)
		LLVMDisposeModule(mt->module);
	free(mt);
	return module;
}
