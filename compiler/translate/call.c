/* Calls. Direct ones go to the function itself, indirect ones through the code
 * pointer of struct walnut_func after Wasm's three checks. */
#include "heap.h"

#include <stdlib.h>

#include "app_object.h"

static void build_call_with(struct func_translator *ft, LLVMValueRef code, LLVMTypeRef llvm_type,
			    const struct wasm_functype *type, LLVMValueRef *args, unsigned count,
			    LLVMBasicBlockRef unwind)
{
	LLVMValueRef result = build_call_unwinding(ft, llvm_type, code, args, count, unwind);

	for (uint32_t i = 0; i < type->result_count; i++)
		push(ft, extract_result(ft->mt, ft->builder, type, result, i));
}

void build_call(struct func_translator *ft, LLVMValueRef code, LLVMTypeRef llvm_type,
		const struct wasm_functype *type, bool may_throw)
{
	LLVMBasicBlockRef unwind = may_throw ? unwind_target(ft) : NULL;

	ft->stack_size -= type->param_count;
	build_call_with(ft, code, llvm_type, type, ft->stack + ft->stack_size, type->param_count,
			unwind);
}

LLVMValueRef load_func_field(struct func_translator *ft, LLVMValueRef func, unsigned field)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef address = LLVMBuildStructGEP2(ft->builder, mt->func_struct, func, field, "");
	LLVMValueRef load = LLVMBuildLoad2(ft->builder, mt->ptr, address, "");

	set_invariant(load, mt);
	return load;
}

LLVMValueRef checked_element(struct func_translator *ft, uint32_t table, uint32_t type_index)
{
	struct module_translator *mt = ft->mt;
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef index = widen_index(ft, pop(ft)), address, func, type, matches;
	LLVMValueRef size = load_table_field(ft, table, TABLE_SIZE);

	trap_if(ft, LLVMBuildICmp(b, LLVMIntUGE, index, size, ""), WALNUT_TRAP_UNDEFINED_ELEMENT);
	address = LLVMBuildInBoundsGEP2(b, mt->i64, load_table_field(ft, table, TABLE_ELEMENTS),
					&index, 1, "");
	func = LLVMBuildLoad2(b, mt->ptr, address, "");
	set_tbaa(func, mt->tbaa_host, mt);
	trap_if(ft, LLVMBuildIsNull(b, func, ""), WALNUT_TRAP_UNINITIALIZED_ELEMENT);
	type = load_func_field(ft, func, FUNC_TYPE);
	matches = is_subtype_at_run_time(ft, type, type_index);
	trap_if(ft, LLVMBuildNot(b, matches, ""), WALNUT_TRAP_INDIRECT_CALL_TYPE);
	return func;
}

static void call_indirect(struct func_translator *ft, uint32_t table, uint32_t type_index)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef code;

	if (mt->constant_tables[table].constant)
		code = constant_table_code(ft, table, pop(ft), type_index);
	else
		code = load_func_field(ft, checked_element(ft, table, type_index), FUNC_CODE);
	build_call(ft, code, mt->types[type_index].llvm, &mt->wasm->types[type_index].func,
		   mt->plan->exceptions);
}

/* A function of the uniform type is called by that type, where that can be: then LLVM
 * may inline it. */
static void call(struct func_translator *ft, uint32_t func_index)
{
	struct module_translator *mt = ft->mt;
	const struct type_entry *entry = &mt->types[mt->wasm->funcs[func_index].type];
	const struct wasm_functype *type = wasm_func_type(mt->wasm, func_index);
	LLVMValueRef packed[UNIFORM_PARAMS], *args;
	bool may_throw = mt->plan->may_throw[func_index];
	LLVMBasicBlockRef unwind;

	if (!mt->plan->usage.uniform[func_index] || entry->signature.stack_arguments ||
	    entry->signature.results_in_memory) {
		build_call(ft, func_code(mt, func_index), mt->funcs[func_index].type, type, may_throw);
		return;
	}
	unwind = may_throw ? unwind_target(ft) : NULL;
	ft->stack_size -= type->param_count;
	args = ft->stack + ft->stack_size;
	pack_arguments(mt, type, NULL, args, packed);
	build_call_with(ft, func_code(mt, func_index), uniform_type(mt, entry), type, packed,
			UNIFORM_PARAMS, unwind);
}

bool translate_call(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_CALL:
		call(ft, instr->index);
		return true;
	case WASM_OP_CALL_INDIRECT:
		call_indirect(ft, instr->call_indirect.table, instr->call_indirect.type);
		return true;
	default:
		return false;
	}
}
