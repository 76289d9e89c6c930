/* The typing rule of an instruction: core spec 3.0, section 3.4. Most have a signature in
 * opcodes.def; the others are handed to their families. */
#include "validate/instr.h"

#include <assert.h>

/* What the immediates of an instruction with a signature refer to. */
static int check_immediate(struct body *body, enum wasm_immediate immediate)
{
	wasm_valtype element;

	switch (immediate) {
	case WASM_IMM_MEMARG_8:
	case WASM_IMM_MEMARG_16:
	case WASM_IMM_MEMARG_32:
	case WASM_IMM_MEMARG_64:
	case WASM_IMM_MEMARG_128:
	case WASM_IMM_MEMARG_LANE_8:
	case WASM_IMM_MEMARG_LANE_16:
	case WASM_IMM_MEMARG_LANE_32:
	case WASM_IMM_MEMARG_LANE_64:
		return check_memarg(body);
	case WASM_IMM_MEMORY:
		return check_memory(body, body->instr.index);
	case WASM_IMM_MEMORY_INIT:
		return check_memory(body, body->instr.init.object)
			       ? -1
			       : check_data(body, body->instr.init.segment);
	case WASM_IMM_TABLE_INIT:
		return check_table_init(body);
	case WASM_IMM_TABLE:
		return check_table(body, body->instr.index, &element);
	case WASM_IMM_DATA:
		return check_data(body, body->instr.index);
	case WASM_IMM_ELEM:
		return check_elem(body, body->instr.index);
	default:
		return 0;
	}
}

/* Of addresses and sizes in the memory or table that the instruction names. */
static wasm_valtype address_type(const struct body *body)
{
	const struct wasm_module *module = body->module;

	switch (wasm_op_info(body->instr.op)->immediate) {
	case WASM_IMM_MEMORY:
		return module->memories[body->instr.index].type.limits.address;
	case WASM_IMM_MEMORY_INIT:
		return module->memories[body->instr.init.object].type.limits.address;
	case WASM_IMM_TABLE:
		return module->tables[body->instr.index].type.limits.address;
	case WASM_IMM_TABLE_INIT:
		return module->tables[body->instr.init.object].type.limits.address;
	default:
		return module->memories[body->instr.memarg.memory].type.limits.address;
	}
}

static wasm_valtype letter_type(const struct body *body, char letter)
{
	return letter == 'a' ? address_type(body) : wasm_signature_type(letter);
}

/* "ii:i": takes parameters from the last to the first, then pushes results. */
static int apply_signature(struct body *body, const char *signature)
{
	const char *colon = signature;

	while (*colon != ':')
		colon++;
	for (const char *param = colon; param > signature; param--) {
		if (pop_type(body, letter_type(body, param[-1]), NULL))
			return -1;
	}
	for (const char *result = colon + 1; *result; result++) {
		if (push_type(body, letter_type(body, *result)))
			return -1;
	}
	return 0;
}

/* The family of an instruction without a signature, or NULL. */
static int (*family_of(enum wasm_op op))(struct body *body)
{
	switch (op) {
	case WASM_OP_UNREACHABLE:
	case WASM_OP_BLOCK:
	case WASM_OP_LOOP:
	case WASM_OP_IF:
	case WASM_OP_ELSE:
	case WASM_OP_END:
	case WASM_OP_BR:
	case WASM_OP_BR_IF:
	case WASM_OP_BR_TABLE:
	case WASM_OP_RETURN:
		return check_control;
	case WASM_OP_CALL:
	case WASM_OP_CALL_INDIRECT:
	case WASM_OP_CALL_REF:
	case WASM_OP_RETURN_CALL:
	case WASM_OP_RETURN_CALL_INDIRECT:
	case WASM_OP_RETURN_CALL_REF:
		return check_call;
	case WASM_OP_TRY_TABLE:
	case WASM_OP_THROW:
	case WASM_OP_THROW_REF:
		return check_exception;
	case WASM_OP_DROP:
	case WASM_OP_SELECT:
	case WASM_OP_SELECT_T:
	case WASM_OP_LOCAL_GET:
	case WASM_OP_LOCAL_SET:
	case WASM_OP_LOCAL_TEE:
	case WASM_OP_GLOBAL_GET:
	case WASM_OP_GLOBAL_SET:
		return check_variable;
	case WASM_OP_TABLE_GET:
	case WASM_OP_TABLE_SET:
	case WASM_OP_TABLE_GROW:
	case WASM_OP_TABLE_FILL:
	case WASM_OP_TABLE_COPY:
		return check_table_access;
	case WASM_OP_MEMORY_COPY:
		return check_memory_copy;
	case WASM_OP_REF_NULL:
	case WASM_OP_REF_IS_NULL:
	case WASM_OP_REF_FUNC:
	case WASM_OP_REF_EQ:
	case WASM_OP_REF_AS_NON_NULL:
	case WASM_OP_BR_ON_NULL:
	case WASM_OP_BR_ON_NON_NULL:
	case WASM_OP_ANY_CONVERT_EXTERN:
	case WASM_OP_EXTERN_CONVERT_ANY:
	case WASM_OP_REF_I31:
	case WASM_OP_I31_GET_S:
	case WASM_OP_I31_GET_U:
		return check_reference;
	case WASM_OP_REF_TEST:
	case WASM_OP_REF_TEST_NULL:
	case WASM_OP_REF_CAST:
	case WASM_OP_REF_CAST_NULL:
	case WASM_OP_BR_ON_CAST:
	case WASM_OP_BR_ON_CAST_FAIL:
		return check_cast;
	case WASM_OP_STRUCT_NEW:
	case WASM_OP_STRUCT_NEW_DEFAULT:
	case WASM_OP_STRUCT_GET:
	case WASM_OP_STRUCT_GET_S:
	case WASM_OP_STRUCT_GET_U:
	case WASM_OP_STRUCT_SET:
		return check_struct;
	case WASM_OP_ARRAY_NEW:
	case WASM_OP_ARRAY_NEW_DEFAULT:
	case WASM_OP_ARRAY_NEW_FIXED:
	case WASM_OP_ARRAY_NEW_DATA:
	case WASM_OP_ARRAY_NEW_ELEM:
	case WASM_OP_ARRAY_GET:
	case WASM_OP_ARRAY_GET_S:
	case WASM_OP_ARRAY_GET_U:
	case WASM_OP_ARRAY_SET:
	case WASM_OP_ARRAY_LEN:
	case WASM_OP_ARRAY_FILL:
	case WASM_OP_ARRAY_COPY:
	case WASM_OP_ARRAY_INIT_DATA:
	case WASM_OP_ARRAY_INIT_ELEM:
		return check_array;
	default:
		return NULL;
	}
}

int check_instr(struct body *body)
{
	const struct wasm_op_info *info = wasm_op_info(body->instr.op);
	int (*check)(struct body *body);

	if (info->signature[0])
		return check_immediate(body, info->immediate)
			       ? -1
			       : apply_signature(body, info->signature);
	check = family_of(body->instr.op);
	/* A row of opcodes.def without a signature belongs to a family. */
	assert(check);
	return check(body);
}
