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
	SIMD,
	RELAXED_SIMD,
	EXTENDED_CONST,
	TAIL_CALL,
	MULTI_MEMORY,
	MEMORY64,
	THREADS,
	FUNCTION_REFERENCES,
	GC,
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
	[SIMD] = "simd",
	[RELAXED_SIMD] = "relaxed-simd",
	[EXTENDED_CONST] = "extended-const",
	[TAIL_CALL] = "tail-call",
	[MULTI_MEMORY] = "multi-memory",
	[MEMORY64] = "memory64",
	[THREADS] = "threads",
	[FUNCTION_REFERENCES] = "function-references",
	[GC] = "gc",
};
_Static_assert(FEATURE_COUNT <= FEATURES_MAX, "callers have room for all");

/* What came with a prefix byte of its own. */
static void in_prefix(enum wasm_op op, bool *found)
{
	switch (op >> 12) {
	case 0xfb:
		found[GC] = true;
		break;
	case 0xfd:
		found[(op & 0xfff) >= 0x100 ? RELAXED_SIMD : SIMD] = true;
		break;
	case 0xfe:
		found[THREADS] = true;
		break;
	}
}

static void in_type(wasm_valtype type, bool *found)
{
	uint32_t heap = wasm_heap_of(type);

	if (type == WASM_V128)
		found[SIMD] = true;
	if (!wasm_is_ref(type))
		return;
	if (heap == WASM_HEAP_EXN || heap == WASM_HEAP_NOEXN)
		found[EXCEPTIONS] = true;
	else if (wasm_heap_is_index(heap) || !wasm_is_nullable(type))
		found[FUNCTION_REFERENCES] = true;
	else if (heap != WASM_HEAP_FUNC && heap != WASM_HEAP_EXTERN)
		found[GC] = true;
}

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
	case WASM_OP_RETURN_CALL: case WASM_OP_RETURN_CALL_INDIRECT:
		found[TAIL_CALL] = true;
		return;
	case WASM_OP_RETURN_CALL_REF:
		found[TAIL_CALL] = found[FUNCTION_REFERENCES] = true;
		return;
	case WASM_OP_CALL_REF: case WASM_OP_REF_AS_NON_NULL: case WASM_OP_BR_ON_NULL:
	case WASM_OP_BR_ON_NON_NULL:
		found[FUNCTION_REFERENCES] = true;
		return;
	case WASM_OP_REF_EQ:
		found[GC] = true;
		return;
	default:
		in_prefix(instr->op, found);
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

static void in_expr(const struct wasm_expr *expr, bool *found)
{
	struct wasm_code_reader reader = wasm_expr_reader(expr, "");
	struct walnut_error error = { 0 };
	struct wasm_instr instr;

	while (wasm_next_instr(&reader, &instr, &error) > 0) {
		switch (instr.op) {
		case WASM_OP_I32_ADD: case WASM_OP_I32_SUB: case WASM_OP_I32_MUL:
		case WASM_OP_I64_ADD: case WASM_OP_I64_SUB: case WASM_OP_I64_MUL:
			found[EXTENDED_CONST] = true;
			break;
		default:
			in_prefix(instr.op, found);
			break;
		}
	}
}

static void in_functype(const struct wasm_functype *type, bool *found)
{
	found[MULTI_VALUE] |= type->result_count > 1;
	for (uint32_t i = 0; i < type->param_count; i++)
		in_type(type->params[i], found);
	for (uint32_t i = 0; i < type->result_count; i++)
		in_type(type->results[i], found);
}

static void in_types(const struct wasm_module *module, bool *found)
{
	for (uint32_t i = 0; i < module->type_count; i++) {
		const struct wasm_comptype *type = &module->types[i];

		if (type->kind == WASM_COMP_FUNC)
			in_functype(&type->func, found);
		found[GC] |= type->kind != WASM_COMP_FUNC || !type->final ||
			     type->supertype != WASM_NO_TYPE || type->group_size > 1;
	}
}

static void in_memories_and_tables(const struct wasm_module *module, bool *found)
{
	found[MULTI_MEMORY] |= module->memory_count > 1;
	for (uint32_t i = 0; i < module->memory_count; i++) {
		const struct wasm_limits *limits = &module->memories[i].type.limits;

		found[MEMORY64] |= limits->address == WASM_I64;
		found[THREADS] |= limits->shared;
	}
	found[REFERENCE_TYPES] |= module->table_count > 1;
	for (uint32_t i = 0; i < module->table_count; i++) {
		const struct wasm_table *table = &module->tables[i];

		found[MEMORY64] |= table->type.limits.address == WASM_I64;
		found[REFERENCE_TYPES] |= table->type.element != WASM_FUNCREF;
		found[FUNCTION_REFERENCES] |= table->has_init;
		in_type(table->type.element, found);
		if (table->has_init)
			in_expr(&table->init, found);
	}
}

static bool is_mutable_global(const struct wasm_module *module, enum wasm_extern_kind kind, uint32_t index)
{
	return kind == WASM_EXTERN_GLOBAL && module->globals[index].type.mutable_;
}

static void in_declarations(const struct wasm_module *module, bool *found)
{
	in_types(module, found);
	in_memories_and_tables(module, found);
	for (uint32_t i = 0; i < module->global_count; i++) {
		in_type(module->globals[i].type.type, found);
		if (!module->globals[i].imported)
			in_expr(&module->globals[i].init, found);
	}
	/* 1.0 has mutable globals, but let modules neither import nor export them. */
	for (uint32_t i = 0; i < module->import_count; i++)
		found[MUTABLE_GLOBALS] |= is_mutable_global(module, module->imports[i].kind,
							    module->imports[i].index);
	for (uint32_t i = 0; i < module->export_count; i++)
		found[MUTABLE_GLOBALS] |= is_mutable_global(module, module->exports[i].kind,
							    module->exports[i].index);
	found[EXCEPTIONS] |= module->tag_count > 0;
	found[BULK_MEMORY] |= module->has_data_count;
	for (uint32_t i = 0; i < module->data_count; i++) {
		found[BULK_MEMORY] |= module->datas[i].mode == WASM_SEGMENT_PASSIVE;
		if (module->datas[i].mode == WASM_SEGMENT_ACTIVE)
			in_expr(&module->datas[i].offset_expr, found);
	}
	for (uint32_t i = 0; i < module->elem_count; i++) {
		found[BULK_MEMORY] |= module->elems[i].mode == WASM_SEGMENT_PASSIVE;
		found[REFERENCE_TYPES] |= module->elems[i].mode == WASM_SEGMENT_DECLARATIVE;
		if (module->elems[i].mode == WASM_SEGMENT_ACTIVE)
			in_expr(&module->elems[i].offset_expr, found);
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
