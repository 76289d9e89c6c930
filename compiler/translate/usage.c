/* See usage.h. */
#include "usage.h"

#include <stdlib.h>
#include <string.h>

#include "signature.h"
#include "wasm/instr.h"

static bool needs_uniform(const struct wasm_module *wasm, uint32_t func_index, uint32_t callee_type)
{
	uint32_t type = wasm->funcs[func_index].type;
	struct signature signature = signature_of(&wasm->types[type].func);

	return signature.stack_arguments || signature.results_in_memory ||
	       !same_signature(wasm, type, callee_type);
}

static void note_tail_call(struct module_usage *usage, const struct wasm_module *wasm,
			   uint32_t func_index, uint32_t callee_type)
{
	if (usage->uniform[func_index] || !needs_uniform(wasm, func_index, callee_type))
		return;
	usage->uniform[func_index] = true;
	usage->tail_calls = true;
}

static void note_instr(struct module_usage *usage, const struct wasm_module *wasm,
		       uint32_t func_index, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_TABLE_GET:
	case WASM_OP_TABLE_SET:
	case WASM_OP_TABLE_GROW:
	case WASM_OP_TABLE_FILL:
		usage->accessed_tables[instr->index] = true;
		break;
	case WASM_OP_TABLE_INIT:
		usage->accessed_tables[instr->init.object] = true;
		break;
	case WASM_OP_TABLE_COPY:
		usage->accessed_tables[instr->copy.dst] = true;
		usage->accessed_tables[instr->copy.src] = true;
		break;
	case WASM_OP_RETURN_CALL:
		note_tail_call(usage, wasm, func_index, wasm->funcs[instr->index].type);
		break;
	case WASM_OP_RETURN_CALL_REF:
		note_tail_call(usage, wasm, func_index, instr->index);
		break;
	case WASM_OP_RETURN_CALL_INDIRECT:
		note_tail_call(usage, wasm, func_index, instr->call_indirect.type);
		/* The second entry is in the reference only. */
		if (signature_of(&wasm->types[instr->call_indirect.type].func).stack_arguments)
			usage->accessed_tables[instr->call_indirect.table] = true;
		break;
	default:
		break;
	}
}

static int read_function(struct module_usage *usage, const struct wasm_module *wasm, uint32_t index,
			 struct walnut_error *error)
{
	struct wasm_code_reader reader = wasm_body_reader(wasm, index);
	struct wasm_instr instr;
	uint32_t locals;
	int more;

	if (wasm_read_locals(&reader, &locals, NULL, error))
		return -1;
	while ((more = wasm_next_instr(&reader, &instr, error)) == 1)
		note_instr(usage, wasm, index, &instr);
	return more;
}

int usage_find(struct module_usage *usage, const struct wasm_module *wasm, struct walnut_error *error)
{
	usage->tail_calls = false;
	usage->accessed_tables = calloc((size_t)wasm->table_count + 1, sizeof(*usage->accessed_tables));
	usage->uniform = calloc((size_t)wasm->func_count + 1, sizeof(*usage->uniform));
	if (!usage->accessed_tables || !usage->uniform)
		return walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0,
					"out of memory");
	for (uint32_t i = wasm->imported_func_count; i < wasm->func_count; i++)
		if (read_function(usage, wasm, i, error))
			return -1;
	return 0;
}

void usage_release(struct module_usage *usage)
{
	free(usage->accessed_tables);
	free(usage->uniform);
}
