/* See signature.h. */
#include "signature.h"

#define INTEGER_RESULTS 3 /* RAX, RDX, RCX */
#define FLOAT_RESULTS 2	  /* of XMM0 … XMM3; then floats travel as integers: results.c */
#define VECTOR_RESULTS 4

bool in_vector_register(wasm_valtype type)
{
	return type == WASM_F32 || type == WASM_F64 || type == WASM_V128;
}

bool is_func_ref(const struct wasm_module *wasm, wasm_valtype type)
{
	uint32_t heap = wasm_heap_of(type);

	if (!wasm_is_ref(type))
		return false;
	if (wasm_heap_is_index(heap))
		return wasm->types[heap].kind == WASM_COMP_FUNC;
	return heap == WASM_HEAP_FUNC || heap == WASM_HEAP_NOFUNC;
}

static bool results_in_memory(const struct wasm_functype *type)
{
	uint32_t integers = 0, vectors = 0;

	for (uint32_t i = 0; i < type->result_count; i++) {
		if (type->results[i] == WASM_V128 ||
		    (in_vector_register(type->results[i]) && vectors < FLOAT_RESULTS))
			vectors++;
		else
			integers++;
	}
	return integers > INTEGER_RESULTS || vectors > VECTOR_RESULTS;
}

struct signature signature_of(const struct wasm_functype *type)
{
	struct signature signature = { .results_in_memory = results_in_memory(type) };
	uint32_t integers = signature.results_in_memory, vectors = 0;

	for (uint32_t i = 0; i < type->param_count; i++)
		++*(in_vector_register(type->params[i]) ? &vectors : &integers);
	signature.stack_arguments = integers > INTEGER_REGISTERS || vectors > VECTOR_REGISTERS;
	return signature;
}

static bool same_value(const struct wasm_module *wasm, wasm_valtype left, wasm_valtype right)
{
	if (wasm_is_ref(left) && wasm_is_ref(right))
		return is_func_ref(wasm, left) == is_func_ref(wasm, right);
	return left == right;
}

static bool same_values(const struct wasm_module *wasm, const wasm_valtype *left,
			const wasm_valtype *right, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!same_value(wasm, left[i], right[i]))
			return false;
	return true;
}

bool same_signature(const struct wasm_module *wasm, uint32_t left_type, uint32_t right_type)
{
	const struct wasm_functype *left = &wasm->types[left_type].func;
	const struct wasm_functype *right = &wasm->types[right_type].func;

	return left->param_count == right->param_count && left->result_count == right->result_count &&
	       same_values(wasm, left->params, right->params, left->param_count) &&
	       same_values(wasm, left->results, right->results, left->result_count);
}
