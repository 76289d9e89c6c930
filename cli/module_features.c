#include "module_features.h"

#include <stdbool.h>

#include "wasm/instr.h"
#include "wasm/module.h"

enum feature {
	MUTABLE_GLOBALS,
	SIGN_EXTENSION,
	SATURATING_CONVERSION,
	MULTI_VALUE,
	BULK_MEMORY,
	REFERENCE_TYPES,
	EXCEPTIONS,
	FEATURE_COUNT,
};

static const char *const feature_names[] = {
	[MUTABLE_GLOBALS] = "mutable-globals",
	[SIGN_EXTENSION] = "sign-ext",
	[SATURATING_CONVERSION] = "nontrapping-fptoint",
	[MULTI_VALUE] = "multivalue",
	[BULK_MEMORY] = "bulk-memory",
	[REFERENCE_TYPES] = "reference-types",
	[EXCEPTIONS] = "exception-handling",
};
_Static_assert(FEATURE_COUNT <= FEATURES_MAX, "callers have room for all");

static void in_instruction(const struct wasm_module *module, const struct wasm_instr *instr, bool *found)
{
	switch (instr->op) {
	case WASM_OP_I32_EXTEND8_S: case WASM_OP_I32_EXTEND16_S:
	case WASM_OP_I64_EXTEND8_S: case WASM_OP_I64_EXTEND16_S: case WASM_OP_I64_EXTEND32_S:
		found[SIGN_EXTENSION] = true;
		return;
	case WASM_OP_I32_TRUNC_SAT_F32_S: case WASM_OP_I32_TRUNC_SAT_F32_U:
	case WASM_OP_I32_TRUNC_SAT_F64_S: case WASM_OP_I32_TRUNC_SAT_F64_U:
	case WASM_OP_I64_TRUNC_SAT_F32_S: case WASM_OP_I64_TRUNC_SAT_F32_U:
	case WASM_OP_I64_TRUNC_SAT_F64_S: case WASM_OP_I64_TRUNC_SAT_F64_U:
		found[SATURATING_CONVERSION] = true;
		return;
	case WASM_OP_BLOCK: case WASM_OP_LOOP: case WASM_OP_IF:
		found[MULTI_VALUE] |= instr->block.kind == WASM_BLOCK_TYPE &&
				      module->types[instr->block.index].func.param_count;
		return;
	case WASM_OP_MEMORY_INIT: case WASM_OP_DATA_DROP: case WASM_OP_MEMORY_COPY:
	case WASM_OP_MEMORY_FILL: case WASM_OP_TABLE_INIT: case WASM_OP_ELEM_DROP:
	case WASM_OP_TABLE_COPY:
		found[BULK_MEMORY] = true;
		return;
	case WASM_OP_REF_NULL: case WASM_OP_REF_IS_NULL: case WASM_OP_REF_FUNC: case WASM_OP_SELECT_T:
	case WASM_OP_TABLE_GET: case WASM_OP_TABLE_SET: case WASM_OP_TABLE_GROW:
	case WASM_OP_TABLE_SIZE: case WASM_OP_TABLE_FILL:
		found[REFERENCE_TYPES] = true;
		return;
	case WASM_OP_TRY_TABLE: case WASM_OP_THROW: case WASM_OP_THROW_REF:
		found[EXCEPTIONS] = true;
		return;
	default:
		return;
	}
}

static void in_code(const struct wasm_module *module, bool *found)
{
	struct walnut_error error = { 0 };

	for (uint32_t i = module->imported_func_count; i < module->func_count; i++) {
		struct wasm_code_reader reader = wasm_body_reader(module, i);
		struct wasm_instr instr;
		uint32_t locals;

		if (wasm_read_locals(&reader, &locals, NULL, &error))
			return;
		while (wasm_next_instr(&reader, &instr, &error) > 0)
			in_instruction(module, &instr, found);
	}
}

static bool is_mutable_global(const struct wasm_module *module, enum wasm_extern_kind kind, uint32_t index)
{
	return kind == WASM_EXTERN_GLOBAL && module->globals[index].type.mutable_;
}

static void in_declarations(const struct wasm_module *module, bool *found)
{
	for (uint32_t i = 0; i < module->type_count; i++)
		found[MULTI_VALUE] |= module->types[i].func.result_count > 1;
	/* 1.0 has mutable globals, but let modules neither import nor export them. */
	for (uint32_t i = 0; i < module->import_count; i++)
		found[MUTABLE_GLOBALS] |= is_mutable_global(module, module->imports[i].kind,
							    module->imports[i].index);
	for (uint32_t i = 0; i < module->export_count; i++)
		found[MUTABLE_GLOBALS] |= is_mutable_global(module, module->exports[i].kind,
							    module->exports[i].index);
	found[REFERENCE_TYPES] |= module->table_count > 1;
	for (uint32_t i = 0; i < module->table_count; i++)
		found[REFERENCE_TYPES] |= module->tables[i].type.element != WASM_FUNCREF;
	found[EXCEPTIONS] |= module->tag_count > 0;
	found[BULK_MEMORY] |= module->has_data_count;
	for (uint32_t i = 0; i < module->data_count; i++)
		found[BULK_MEMORY] |= module->datas[i].mode == WASM_SEGMENT_PASSIVE;
	for (uint32_t i = 0; i < module->elem_count; i++) {
		found[BULK_MEMORY] |= module->elems[i].mode == WASM_SEGMENT_PASSIVE;
		found[REFERENCE_TYPES] |= module->elems[i].mode == WASM_SEGMENT_DECLARATIVE;
	}
}

size_t module_features(const struct wasm_module *module, const char *names[FEATURES_MAX])
{
	bool found[FEATURE_COUNT] = { false };
	size_t count = 0;

	in_declarations(module, found);
	in_code(module, found);
	for (unsigned i = 0; i < FEATURE_COUNT; i++) {
		if (found[i])
			names[count++] = feature_names[i];
	}
	return count;
}
