/* The function behind walnut_module.instantiate: core spec 3.0, section 4.7.2. */
#include "translate.h"

#include "app_object.h"

static void call_host(struct func_translator *ft, const char *name, LLVMValueRef object)
{
	struct module_translator *mt = ft->mt;
	LLVMTypeRef type = LLVMFunctionType(mt->void_, &mt->ptr, 1, false);

	LLVMBuildCall2(ft->builder, type, external_function(mt, name, type), &object, 1, "");
}

static void allocate(struct func_translator *ft)
{
	struct module_translator *mt = ft->mt;

	for (uint32_t i = mt->wasm->imported_memory_count; i < mt->wasm->memory_count; i++)
		call_host(ft, "walnut_memory_init", mt->memories[i]);
	for (uint32_t i = mt->wasm->imported_table_count; i < mt->wasm->table_count; i++)
		if (!mt->constant_tables[i].constant)
			call_host(ft, "walnut_table_init", mt->tables[i]);
}

/* Only those whose value depends on an imported global; in order, for a later one may
 * depend on an earlier one. */
static void initialise_globals(struct func_translator *ft)
{
	struct module_translator *mt = ft->mt;

	for (uint32_t i = mt->wasm->imported_global_count; i < mt->wasm->global_count; i++) {
		const struct wasm_expr *init = &mt->wasm->globals[i].init;

		if (!const_expr_value(mt, init))
			LLVMBuildStore(ft->builder, build_const_expr(ft, init),
				       mt->globals[i].address);
	}
}

/* Null is what walnut_table_init() leaves. */
static void fill_tables(struct func_translator *ft)
{
	struct module_translator *mt = ft->mt;

	for (uint32_t i = mt->wasm->imported_table_count; i < mt->wasm->table_count; i++) {
		const struct wasm_table *table = &mt->wasm->tables[i];
		LLVMValueRef value;

		if (!table->has_init || mt->constant_tables[i].constant)
			continue;
		value = build_const_expr(ft, &table->init);
		if (!LLVMIsNull(value))
			build_table_fill(ft, i, const_u64(mt, 0), value,
					 const_u64(mt, table->type.limits.min));
	}
}

static void complete_elem(struct func_translator *ft, uint32_t index)
{
	const struct wasm_elem *elem = &ft->mt->wasm->elems[index];

	if (elem->functions || !ft->mt->elems[index].content)
		return;
	for (uint32_t i = 0; i < elem->count; i++) {
		LLVMValueRef slot = const_u64(ft->mt, i);
		LLVMValueRef address;

		if (const_expr_value(ft->mt, &elem->exprs[i]))
			continue;
		address = LLVMBuildInBoundsGEP2(ft->builder, ft->mt->i64, ft->mt->elems[index].content,
						&slot, 1, "");
		LLVMBuildStore(ft->builder, build_const_expr(ft, &elem->exprs[i]),
			       address);
	}
}

static void apply_elems(struct func_translator *ft)
{
	struct module_translator *mt = ft->mt;

	for (uint32_t i = 0; i < mt->wasm->elem_count; i++)
		complete_elem(ft, i);
	for (uint32_t i = 0; i < mt->wasm->elem_count; i++) {
		const struct wasm_elem *elem = &mt->wasm->elems[i];

		if (elem->mode == WASM_SEGMENT_PASSIVE || segment_is_in_constant_table(mt, elem))
			continue;
		ft->offset = elem->offset;
		debug_location(ft, ft->offset);
		if (elem->mode == WASM_SEGMENT_ACTIVE)
			build_table_init(ft, elem->table, i,
					 build_const_expr(ft, &elem->offset_expr),
					 const_u32(mt, 0), const_u32(mt, elem->count));
		build_segment_drop(ft, &mt->elems[i]);
	}
}

static void apply_datas(struct func_translator *ft)
{
	struct module_translator *mt = ft->mt;

	for (uint32_t i = 0; i < mt->wasm->data_count; i++) {
		const struct wasm_data *data = &mt->wasm->datas[i];

		if (data->mode != WASM_SEGMENT_ACTIVE)
			continue;
		ft->offset = data->offset;
		debug_location(ft, ft->offset);
		build_memory_init(ft, data->memory, i,
				  build_const_expr(ft, &data->offset_expr),
				  const_u32(mt, 0), const_u32(mt, (uint32_t)data->bytes.size));
		build_segment_drop(ft, &mt->datas[i]);
	}
}

static void run_start(struct func_translator *ft)
{
	struct module_translator *mt = ft->mt;
	const struct func_entry *start = &mt->funcs[mt->wasm->start_func];

	debug_location(ft, mt->wasm->start_offset ? mt->wasm->start_offset : 1);
	LLVMBuildCall2(mt->builder, start->type, func_code(mt, mt->wasm->start_func), NULL, 0, "");
}

/* A function without parameters and results, to be filled. */
static struct func_translator begin(struct module_translator *mt, const char *name)
{
	bool may_throw = mt->wasm->has_start && mt->plan->may_throw[mt->wasm->start_func];
	struct func_translator ft = {
		.mt = mt,
		.builder = mt->builder,
		.function = LLVMAddFunction(mt->module, name, LLVMFunctionType(mt->void_, NULL, 0, false)),
		.index = WALNUT_NO_FUNCTION,
	};

	LLVMSetLinkage(ft.function, LLVMInternalLinkage);
	function_attributes(mt, ft.function, may_throw);
	ft.di_scope = debug_function(mt, ft.function, NULL, 0);
	LLVMPositionBuilderAtEnd(mt->builder, new_block(&ft, "entry"));
	debug_location(&ft, 0);
	return ft;
}

static void finish(struct func_translator *ft)
{
	LLVMBuildRetVoid(ft->builder);
	LLVMSetCurrentDebugLocation2(ft->builder, NULL);
	func_translator_release(ft);
}

/* All that comes once memories have their base: a function of its own, since LLVM may
 * load what is invariant as early as it likes, but not before the call. */
static LLVMValueRef build_initialise(struct module_translator *mt)
{
	struct func_translator ft = begin(mt, "walnut.initialise");
	unsigned kind = LLVMGetEnumAttributeKindForName("noinline", 8);

	LLVMAddAttributeAtIndex(ft.function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
				LLVMCreateEnumAttribute(mt->context, kind, 0));
	initialise_globals(&ft);
	fill_tables(&ft);
	apply_elems(&ft);
	apply_datas(&ft);
	if (mt->wasm->has_start)
		run_start(&ft);
	finish(&ft);
	return ft.function;
}

void build_instantiate(struct module_translator *mt)
{
	LLVMValueRef initialise = build_initialise(mt);
	struct func_translator ft = begin(mt, "walnut.instantiate");

	mt->instantiate = ft.function;
	allocate(&ft);
	/* LLVM wants a location, line 0 is none. */
	LLVMSetCurrentDebugLocation2(mt->builder, LLVMDIBuilderCreateDebugLocation(
					     mt->context, 0, 0, ft.di_scope, NULL));
	LLVMBuildCall2(mt->builder, LLVMGlobalGetValueType(initialise), initialise, NULL, 0, "");
	finish(&ft);
}
