/* Calls. Direct ones go to the function itself, indirect ones through the code
 * pointer of struct walnut_func after Wasm's three checks. */
#include "translate.h"

#include <stdlib.h>

#include "app_object.h"

static void build_call(struct func_translator *ft, LLVMValueRef code, LLVMTypeRef llvm_type,
		       const struct wasm_functype *type)
{
	LLVMValueRef *args = ft->stack + ft->stack_size - type->param_count;
	LLVMValueRef result;

	debug_location(ft, ft->offset);
	result = LLVMBuildCall2(ft->builder, llvm_type, code, args, type->param_count, "");
	debug_location(ft, 0);
	ft->stack_size -= type->param_count;
	for (uint32_t i = 0; i < type->result_count; i++)
		push(ft, extract_result(ft->mt, ft->builder, type, result, i));
}

/* A field of struct walnut_func, which never changes. */
static LLVMValueRef load_func_field(struct func_translator *ft, LLVMValueRef func, unsigned field)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef address = LLVMBuildStructGEP2(ft->builder, mt->func_struct, func, field, "");
	LLVMValueRef load = LLVMBuildLoad2(ft->builder, mt->ptr, address, "");

	set_invariant(load, mt);
	return load;
}

/* The code behind an element of a table, after Wasm's three checks. */
static LLVMValueRef indirect_code(struct func_translator *ft, uint32_t table, uint32_t type_index)
{
	struct module_translator *mt = ft->mt;
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef index = widen_index(ft, pop(ft)), size, address, func, type, differs;

	if (mt->constant_tables[table].constant)
		return constant_table_code(ft, table, index, type_index);
	size = load_table_field(ft, table, TABLE_SIZE);
	trap_if(ft, LLVMBuildICmp(b, LLVMIntUGE, index, size, ""), WALNUT_TRAP_UNDEFINED_ELEMENT);
	address = LLVMBuildInBoundsGEP2(b, mt->i64, load_table_field(ft, table, TABLE_ELEMENTS),
					&index, 1, "");
	func = LLVMBuildLoad2(b, mt->ptr, address, "");
	set_tbaa(func, mt->tbaa_host, mt);
	trap_if(ft, LLVMBuildIsNull(b, func, ""), WALNUT_TRAP_UNINITIALIZED_ELEMENT);
	type = load_func_field(ft, func, 1);
	differs = LLVMBuildICmp(b, LLVMIntNE, type, type_descriptor(mt, type_index), "");
	trap_if(ft, differs, WALNUT_TRAP_INDIRECT_CALL_TYPE);
	return load_func_field(ft, func, 0);
}

static void call_indirect(struct func_translator *ft, uint32_t table, uint32_t type_index)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef code = indirect_code(ft, table, type_index);

	build_call(ft, code, mt->types[type_index].llvm, &mt->wasm->types[type_index].func);
}

bool translate_call(struct func_translator *ft, const struct wasm_instr *instr)
{
	struct module_translator *mt = ft->mt;

	switch (instr->op) {
	case WASM_OP_CALL:
		build_call(ft, func_code(mt, instr->index), mt->funcs[instr->index].type,
			   wasm_func_type(mt->wasm, instr->index));
		return true;
	case WASM_OP_CALL_INDIRECT:
		call_indirect(ft, instr->call_indirect.table, instr->call_indirect.type);
		return true;
	default:
		return false;
	}
}
