/* How several results travel: as a struct, which LLVM returns in registers as far as
 * they last. Two XMM registers are for that; a third float would come back on the x87
 * stack, which quiets signalling NaNs, so from there on floats travel as integers. */
#include "translate.h"

#include <stdlib.h>

#define XMM_RESULTS 2

static bool is_float(wasm_valtype type)
{
	return type == WASM_F32 || type == WASM_F64;
}

/* Whether result `index` is a float that no XMM register is left for. */
static bool travels_as_integer(const struct wasm_functype *type, uint32_t index)
{
	uint32_t taken = 0;

	if (!is_float(type->results[index]))
		return false;
	for (uint32_t i = 0; i < index && taken < XMM_RESULTS; i++)
		taken += is_float(type->results[i]) || type->results[i] == WASM_V128;
	return taken == XMM_RESULTS;
}

LLVMTypeRef result_field_type(struct module_translator *mt, const struct wasm_functype *type,
			      uint32_t index)
{
	if (!travels_as_integer(type, index))
		return llvm_value_type(mt, type->results[index]);
	return type->results[index] == WASM_F32 ? mt->i32 : mt->i64;
}

static LLVMTypeRef results_struct(struct module_translator *mt, const struct wasm_functype *type)
{
	LLVMTypeRef *types = translator_alloc(mt, type->result_count, sizeof(*types)), fields;

	for (uint32_t i = 0; i < type->result_count; i++)
		types[i] = result_field_type(mt, type, i);
	fields = LLVMStructTypeInContext(mt->context, types, type->result_count, false);
	free(types);
	return fields;
}

static void make_fields(struct module_translator *mt, LLVMBuilderRef builder,
			const struct wasm_functype *type, LLVMValueRef *values)
{
	for (uint32_t i = 0; i < type->result_count; i++)
		if (travels_as_integer(type, i))
			values[i] = LLVMBuildBitCast(builder, values[i], result_field_type(mt, type, i), "");
}

void build_return(struct module_translator *mt, LLVMBuilderRef builder,
		  const struct wasm_functype *type, LLVMValueRef *values)
{
	if (type->result_count == 0) {
		LLVMBuildRetVoid(builder);
		return;
	}
	if (type->result_count == 1) {
		LLVMBuildRet(builder, values[0]);
		return;
	}
	make_fields(mt, builder, type, values);
	LLVMBuildAggregateRet(builder, values, type->result_count);
}

void store_results(struct module_translator *mt, LLVMBuilderRef builder,
		   const struct wasm_functype *type, LLVMValueRef *values, LLVMValueRef address)
{
	LLVMTypeRef fields = results_struct(mt, type);

	make_fields(mt, builder, type, values);
	for (uint32_t i = 0; i < type->result_count; i++)
		LLVMBuildStore(builder, values[i], LLVMBuildStructGEP2(builder, fields, address, i, ""));
	LLVMBuildRetVoid(builder);
}

LLVMValueRef extract_result(struct module_translator *mt, LLVMBuilderRef builder,
			    const struct wasm_functype *type, LLVMValueRef returned, uint32_t index)
{
	LLVMValueRef value;

	if (type->result_count == 1)
		return returned;
	value = LLVMBuildExtractValue(builder, returned, index, "");
	if (travels_as_integer(type, index))
		value = LLVMBuildBitCast(builder, value, llvm_value_type(mt, type->results[index]), "");
	return value;
}
