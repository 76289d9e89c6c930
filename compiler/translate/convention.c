/* How functions are called.
 *
 * Everybody uses the C calling convention, which hosts share. Where a module makes tail
 * calls, that is not enough: LLVM promises one only between functions of the same type.
 * So a function that makes them to other types gets the uniform type: all registers that
 * arguments can have, whatever they mean. A call of that type and one of the natural type
 * are the same thing to the processor, so everybody else calls the function as always,
 * and it may jump to any function whose arguments are in registers. LLVM takes a call by
 * another type for one of an unknown function.
 *
 * Arguments that C passes on the stack are in the caller's frame, which a tail call has
 * no more. Functions with such parameters have a second entry for tail calls, of the
 * uniform type: it finds these arguments in `walnut.arguments`, where nobody looks but
 * who has just been jumped to. Results that do not fit in registers go where the first
 * integer register points, as in C. */
#include "translate.h"

#include <llvm-c/Comdat.h>
#include "app_object.h"
#include "wasm/limits.h"

static LLVMTypeRef vector_type(struct module_translator *mt)
{
	return LLVMVectorType(mt->f32, 4);
}

LLVMTypeRef uniform_type(struct module_translator *mt, const struct type_entry *entry)
{
	LLVMTypeRef params[UNIFORM_PARAMS];
	LLVMTypeRef result = entry->signature.results_in_memory ? mt->void_ : LLVMGetReturnType(entry->llvm);

	for (unsigned i = 0; i < UNIFORM_PARAMS; i++)
		params[i] = i < INTEGER_REGISTERS ? mt->i64 : vector_type(mt);
	return LLVMFunctionType(result, params, UNIFORM_PARAMS, false);
}

/* Where the n-th argument without a register is, on its way to a tail-called function. */
static LLVMValueRef spill_slot(struct module_translator *mt, uint32_t n)
{
	static const char name[] = "walnut.arguments";
	LLVMTypeRef type = LLVMArrayType2(mt->i8, WASM_MAX_PARAMS * sizeof(union walnut_value));
	LLVMValueRef area = LLVMGetNamedGlobal(mt->module, name);
	LLVMValueRef offset = const_u64(mt, n * sizeof(union walnut_value));
	LLVMComdatRef comdat;

	if (!area) {
		area = LLVMAddGlobal(mt->module, type, name);
		LLVMSetInitializer(area, LLVMConstNull(type));
		LLVMSetAlignment(area, 16);
		LLVMSetLinkage(area, LLVMLinkOnceODRLinkage);
		LLVMSetVisibility(area, LLVMHiddenVisibility);
		comdat = LLVMGetOrInsertComdat(mt->module, name);
		LLVMSetComdatSelectionKind(comdat, LLVMAnyComdatSelectionKind);
		LLVMSetComdat(area, comdat);
	}
	return LLVMConstInBoundsGEP2(mt->i8, area, &offset, 1);
}

static LLVMValueRef to_integer_register(struct module_translator *mt, LLVMValueRef value)
{
	if (LLVMTypeOf(value) == mt->ptr)
		return LLVMBuildPtrToInt(mt->builder, value, mt->i64, "");
	return LLVMBuildZExt(mt->builder, value, mt->i64, "");
}

static LLVMValueRef from_integer_register(struct module_translator *mt, LLVMValueRef value,
					  LLVMTypeRef type)
{
	if (type == mt->ptr)
		return LLVMBuildIntToPtr(mt->builder, value, type, "");
	return LLVMBuildTrunc(mt->builder, value, type, "");
}

/* The vector type whose first lane is the value, or of which the value is one. */
static LLVMTypeRef lanes_of(struct module_translator *mt, LLVMTypeRef type)
{
	return type == mt->f32 ? vector_type(mt) : type == mt->f64 ? LLVMVectorType(mt->f64, 2) : type;
}

static LLVMValueRef to_vector_register(struct module_translator *mt, LLVMValueRef value)
{
	LLVMTypeRef type = LLVMTypeOf(value), lanes = lanes_of(mt, type);

	if (lanes != type)
		value = LLVMBuildInsertElement(mt->builder, LLVMGetPoison(lanes), value,
					       const_u32(mt, 0), "");
	return LLVMBuildBitCast(mt->builder, value, vector_type(mt), "");
}

static LLVMValueRef from_vector_register(struct module_translator *mt, LLVMValueRef value,
					 LLVMTypeRef type)
{
	LLVMTypeRef lanes = lanes_of(mt, type);

	value = LLVMBuildBitCast(mt->builder, value, lanes, "");
	return lanes == type ? value
			     : LLVMBuildExtractElement(mt->builder, value, const_u32(mt, 0), "");
}

void pack_arguments(struct module_translator *mt, const struct wasm_functype *type,
		    LLVMValueRef results, const LLVMValueRef *arguments,
		    LLVMValueRef packed[UNIFORM_PARAMS])
{
	uint32_t integers = 0, vectors = 0, spilled = 0;

	if (results)
		packed[integers++] = to_integer_register(mt, results);
	for (uint32_t i = 0; i < type->param_count; i++) {
		bool vector = in_vector_register(type->params[i]);

		if (vector && vectors < VECTOR_REGISTERS)
			packed[INTEGER_REGISTERS + vectors++] = to_vector_register(mt, arguments[i]);
		else if (!vector && integers < INTEGER_REGISTERS)
			packed[integers++] = to_integer_register(mt, arguments[i]);
		else
			LLVMBuildStore(mt->builder, arguments[i], spill_slot(mt, spilled++));
	}
	while (integers < INTEGER_REGISTERS)
		packed[integers++] = LLVMGetPoison(mt->i64);
	for (; vectors < VECTOR_REGISTERS; vectors++)
		packed[INTEGER_REGISTERS + vectors] = LLVMGetPoison(vector_type(mt));
}

void unpack_parameters(struct module_translator *mt, const struct wasm_functype *type,
		       LLVMValueRef function, LLVMValueRef *results, LLVMValueRef *values)
{
	uint32_t integers = 0, vectors = 0, spilled = 0;

	if (results)
		*results = LLVMBuildIntToPtr(mt->builder, LLVMGetParam(function, integers++), mt->ptr, "");
	for (uint32_t i = 0; i < type->param_count; i++) {
		LLVMTypeRef llvm = llvm_value_type(mt, type->params[i]);
		bool vector = in_vector_register(type->params[i]);

		if (vector && vectors < VECTOR_REGISTERS)
			values[i] = from_vector_register(
				mt, LLVMGetParam(function, INTEGER_REGISTERS + vectors++), llvm);
		else if (!vector && integers < INTEGER_REGISTERS)
			values[i] = from_integer_register(mt, LLVMGetParam(function, integers++), llvm);
		else
			values[i] = LLVMBuildLoad2(mt->builder, llvm, spill_slot(mt, spilled++), "");
	}
}
