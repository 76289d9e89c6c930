/* Tables: element access, size and growth. */
#include "translate.h"

#include "app_object.h"

LLVMValueRef load_table_field(struct func_translator *ft, uint32_t table, unsigned field)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef address = LLVMBuildStructGEP2(ft->builder, mt->table_struct,
						   mt->tables[table], field, "");
	const struct wasm_limits *limits = &mt->wasm->tables[table].type.limits;
	LLVMValueRef load;

	/* As in constant tables, which have no other. */
	if (field == TABLE_SIZE && ((limits->has_max && limits->max == limits->min) ||
				    mt->constant_tables[table].constant))
		return const_u64(mt, limits->min);
	load = LLVMBuildLoad2(ft->builder, field == TABLE_ELEMENTS ? mt->ptr : mt->i64, address, "");
	set_tbaa(load, mt->tbaa_host, mt);
	return load;
}

static LLVMValueRef element_address(struct func_translator *ft, uint32_t table, LLVMValueRef index)
{
	LLVMValueRef wide = widen_index(ft, index);
	LLVMValueRef size = load_table_field(ft, table, TABLE_SIZE);

	trap_if(ft, LLVMBuildICmp(ft->builder, LLVMIntUGE, wide, size, ""),
		WALNUT_TRAP_TABLE_OUT_OF_BOUNDS);
	return LLVMBuildInBoundsGEP2(ft->builder, ft->mt->i64,
				     load_table_field(ft, table, TABLE_ELEMENTS), &wide, 1, "");
}

static void table_get(struct func_translator *ft, uint32_t table)
{
	LLVMTypeRef type = llvm_value_type(ft->mt, ft->mt->wasm->tables[table].type.element);
	LLVMValueRef load = LLVMBuildLoad2(ft->builder, type, element_address(ft, table, pop(ft)), "");

	set_tbaa(load, ft->mt->tbaa_host, ft->mt);
	mark_non_null(ft->mt, load, ft->mt->wasm->tables[table].type.element);
	push(ft, load);
}

static void table_set(struct func_translator *ft, uint32_t table)
{
	LLVMValueRef value = pop(ft);
	LLVMValueRef store = LLVMBuildStore(ft->builder, value, element_address(ft, table, pop(ft)));

	set_tbaa(store, ft->mt->tbaa_host, ft->mt);
}

static LLVMTypeRef address_type(struct module_translator *mt, uint32_t table)
{
	return llvm_value_type(mt, mt->wasm->tables[table].type.limits.address);
}

static void table_size(struct func_translator *ft, uint32_t table)
{
	LLVMValueRef size = load_table_field(ft, table, TABLE_SIZE);

	push(ft, LLVMBuildTrunc(ft->builder, size, address_type(ft->mt, table), ""));
}

static void table_grow(struct func_translator *ft, uint32_t table)
{
	struct module_translator *mt = ft->mt;
	LLVMTypeRef params[] = { mt->ptr, mt->i64, mt->i64 };
	LLVMTypeRef type = LLVMFunctionType(mt->i64, params, 3, false);
	LLVMValueRef delta = widen_index(ft, pop(ft));
	LLVMValueRef value = pop(ft);
	LLVMValueRef args[] = { mt->tables[table], delta, value };
	LLVMValueRef old;

	if (LLVMTypeOf(value) == mt->ptr)
		args[2] = LLVMBuildPtrToInt(ft->builder, value, mt->i64, "");
	debug_location(ft, ft->offset);
	old = LLVMBuildCall2(ft->builder, type, external_function(mt, "walnut_table_grow", type),
			     args, 3, "");
	debug_location(ft, 0);
	push(ft, LLVMBuildTrunc(ft->builder, old, address_type(mt, table), ""));
}

bool translate_table(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_TABLE_GET:
		table_get(ft, instr->index);
		return true;
	case WASM_OP_TABLE_SET:
		table_set(ft, instr->index);
		return true;
	case WASM_OP_TABLE_SIZE:
		table_size(ft, instr->index);
		return true;
	case WASM_OP_TABLE_GROW:
		table_grow(ft, instr->index);
		return true;
	default:
		return false;
	}
}
