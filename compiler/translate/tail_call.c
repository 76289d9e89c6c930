/* Tail calls: return_call and its indirect kinds. LLVM makes a jump of each, at every
 * level of optimisation: `musttail`. See convention.c for what they ask of functions. */
#include "translate.h"

#include <stdlib.h>

static bool is_uniform(const struct func_translator *ft)
{
	return ft->mt->plan->usage.uniform[ft->index];
}

/* A jump to `code`, which takes what the translated function takes: both of the same
 * natural type, or both of the uniform one. */
static void build_jump(struct func_translator *ft, LLVMValueRef code, LLVMValueRef *args, unsigned count)
{
	LLVMTypeRef type = LLVMGlobalGetValueType(ft->function);
	LLVMValueRef call;

	debug_location(ft, ft->offset);
	call = LLVMBuildCall2(ft->builder, type, code, args, count, "");
	LLVMSetTailCallKind(call, LLVMTailCallKindMustTail);
	if (LLVMGetReturnType(type) == ft->mt->void_)
		LLVMBuildRetVoid(ft->builder);
	else
		LLVMBuildRet(ft->builder, call);
	debug_location(ft, 0);
	ft->reachable = false;
}

static void tail_call(struct func_translator *ft, LLVMValueRef code, const struct wasm_functype *type)
{
	LLVMValueRef *args = ft->stack + ft->stack_size - type->param_count;
	LLVMValueRef packed[UNIFORM_PARAMS];

	if (is_uniform(ft)) {
		pack_arguments(ft->mt, type, ft->results, args, packed);
		build_jump(ft, code, packed, UNIFORM_PARAMS);
	} else {
		build_jump(ft, code, args, type->param_count);
	}
	ft->stack_size -= type->param_count;
}

/* The entry that the reference has for tail calls. */
static LLVMValueRef tail_code(struct func_translator *ft, LLVMValueRef func, uint32_t type_index)
{
	bool apart = ft->mt->types[type_index].signature.stack_arguments;

	return load_func_field(ft, func, apart ? FUNC_TAIL : FUNC_CODE);
}

bool translate_tail_call(struct func_translator *ft, const struct wasm_instr *instr)
{
	struct module_translator *mt = ft->mt;
	LLVMValueRef code;
	uint32_t type;

	switch (instr->op) {
	case WASM_OP_RETURN_CALL:
		type = mt->wasm->funcs[instr->index].type;
		code = func_tail(mt, instr->index);
		break;
	case WASM_OP_RETURN_CALL_INDIRECT:
		type = instr->call_indirect.type;
		if (mt->constant_tables[instr->call_indirect.table].constant)
			code = constant_table_code(ft, instr->call_indirect.table, pop(ft), type);
		else
			code = tail_code(ft, checked_element(ft, instr->call_indirect.table, type), type);
		break;
	case WASM_OP_RETURN_CALL_REF:
		type = instr->index;
		code = tail_code(ft, pop_func(ft), type);
		break;
	default:
		return false;
	}
	tail_call(ft, code, &mt->wasm->types[type].func);
	return true;
}
