/* References: null and not, and calls of typed ones. Any reference is a pointer to LLVM,
 * one to a function points to struct walnut_func. What cannot be null by its type is marked
 * for LLVM where it comes from, which then drops the tests. */
#include "translate.h"

#include "app_object.h"

static bool is_non_null(wasm_valtype type)
{
	return wasm_is_ref(type) && !wasm_is_nullable(type);
}

void mark_non_null(struct module_translator *mt, LLVMValueRef load, wasm_valtype type)
{
	unsigned kind = LLVMGetMDKindIDInContext(mt->context, "nonnull", 7);

	if (is_non_null(type))
		LLVMSetMetadata(load, kind, LLVMMDNodeInContext(mt->context, NULL, 0));
}

void mark_non_null_params(struct module_translator *mt, LLVMValueRef function,
			  const struct wasm_functype *type)
{
	unsigned kind = LLVMGetEnumAttributeKindForName("nonnull", 7);

	for (uint32_t i = 0; i < type->param_count; i++)
		if (is_non_null(type->params[i]))
			LLVMAddAttributeAtIndex(function, i + 1,
						LLVMCreateEnumAttribute(mt->context, kind, 0));
}

static void ref_is_null(struct func_translator *ft)
{
	LLVMValueRef flag = LLVMBuildIsNull(ft->builder, pop(ft), "");

	push(ft, LLVMBuildZExt(ft->builder, flag, ft->mt->i32, ""));
}

static LLVMValueRef pop_non_null(struct func_translator *ft)
{
	LLVMValueRef value = pop(ft);

	trap_if(ft, LLVMBuildIsNull(ft->builder, value, ""), WALNUT_TRAP_NULL_REFERENCE);
	return value;
}

LLVMValueRef pop_func(struct func_translator *ft)
{
	return pop_non_null(ft);
}

/* Validation has compared the types: nothing else is to check. */
static void call_ref(struct func_translator *ft, uint32_t type_index)
{
	LLVMValueRef code = load_func_field(ft, pop_func(ft), FUNC_CODE);

	build_call(ft, code, ft->mt->types[type_index].llvm, &ft->mt->wasm->types[type_index].func,
		   ft->mt->plan->exceptions);
}

/* Null goes to the label, without the reference. */
static void br_on_null(struct func_translator *ft, uint32_t depth)
{
	LLVMValueRef value = pop(ft);

	branch_if(ft, LLVMBuildIsNull(ft->builder, value, ""), depth);
	push(ft, value);
}

/* All others go to the label, the reference on top. */
static void br_on_non_null(struct func_translator *ft, uint32_t depth)
{
	LLVMValueRef value = ft->stack[ft->stack_size - 1];

	branch_if(ft, LLVMBuildIsNotNull(ft->builder, value, ""), depth);
	pop(ft);
}

bool translate_reference(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_REF_NULL:
		push(ft, llvm_zero(ft->mt, WASM_REF_NULL(instr->heap_type)));
		return true;
	case WASM_OP_REF_IS_NULL:
		ref_is_null(ft);
		return true;
	case WASM_OP_REF_FUNC:
		push(ft, func_reference(ft->mt, instr->index));
		return true;
	case WASM_OP_REF_AS_NON_NULL:
		push(ft, pop_non_null(ft));
		return true;
	case WASM_OP_BR_ON_NULL:
		br_on_null(ft, instr->index);
		return true;
	case WASM_OP_BR_ON_NON_NULL:
		br_on_non_null(ft, instr->index);
		return true;
	case WASM_OP_CALL_REF:
		call_ref(ft, instr->index);
		return true;
	default:
		return false;
	}
}
