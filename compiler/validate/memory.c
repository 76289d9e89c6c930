/* Immediates of memory instructions: core spec 3.0, section 3.4.8. */
#include "validate/instr.h"

int check_memory(struct body *body, uint32_t index)
{
	return check_index(body, "memory", index, body->module->memory_count);
}

int check_data(struct body *body, uint32_t index)
{
	if (!body->module->has_data_count)
		return body_malformed(body, body->instr.offset, "data count section required");
	return check_index(body, "data segment", index, body->module->data_count);
}

int check_memarg(struct body *body)
{
	const struct wasm_memarg *memarg = &body->instr.memarg;

	if (check_memory(body, memarg->memory))
		return -1;
	if (memarg->offset > UINT32_MAX &&
	    body->module->memories[memarg->memory].type.limits.address == WASM_I32)
		return body_invalid(body, "offset out of range");
	if (wasm_op_is_atomic(body->instr.op)) {
		if (memarg->align != wasm_op_access_log2(body->instr.op))
			return body_invalid(body, "atomic alignment must be natural: %s",
					    wasm_op_name(body->instr.op));
		return 0;
	}
	if (memarg->align > wasm_op_access_log2(body->instr.op))
		return body_invalid(body, "alignment must not be larger than natural: %s",
				    wasm_op_name(body->instr.op));
	return 0;
}

int apply_copy(struct body *body, wasm_valtype dst, wasm_valtype src)
{
	wasm_valtype size = dst == WASM_I64 && src == WASM_I64 ? WASM_I64 : WASM_I32;

	if (pop_type(body, size, NULL) || pop_type(body, src, NULL))
		return -1;
	return pop_type(body, dst, NULL);
}

int check_memory_copy(struct body *body)
{
	const struct wasm_memory *memories = body->module->memories;
	uint32_t dst = body->instr.copy.dst, src = body->instr.copy.src;

	if (check_memory(body, dst) || check_memory(body, src))
		return -1;
	return apply_copy(body, memories[dst].type.limits.address,
			  memories[src].type.limits.address);
}
