/* What a WebAssembly module is. It is validated first, so that its indices and code may
 * be followed. */
#include <stdio.h>
#include <string.h>

#include "compiler.h"
#include "fail.h"
#include "inspect.h"
#include "wasm/instr.h"
#include "wasm/module.h"

#define SIGNATURE_MAX 512

/* Proposals that were added after WebAssembly 1.0, as far as a module shows them. */
enum feature {
	FEATURE_SIGN_EXTENSION,
	FEATURE_SATURATING,
	FEATURE_MULTI_VALUE,
	FEATURE_BULK_MEMORY,
	FEATURE_REFERENCE_TYPES,
	FEATURE_MUTABLE_GLOBALS,
	FEATURE_COUNT,
};

static const char *const feature_names[] = {
	"sign-extension", "nontrapping-fptoint", "multi-value", "bulk-memory", "reference-types",
	"mutable-globals",
};

static size_t append(char *text, size_t at, const char *more)
{
	int size = snprintf(text + at, SIGNATURE_MAX - at, "%s", more);

	return at + (size_t)size < SIGNATURE_MAX ? at + (size_t)size : SIGNATURE_MAX - 1;
}

static size_t append_types(char *text, size_t at, const uint8_t *types, uint32_t count)
{
	at = append(text, at, "(");
	for (uint32_t i = 0; i < count && at < SIGNATURE_MAX - 1; i++) {
		at = append(text, at, i ? " " : "");
		at = append(text, at, wasm_valtype_name(types[i]));
	}
	return append(text, at, ")");
}

static void limits_text(char *text, size_t at, const struct wasm_limits *limits, const char *unit)
{
	if (limits->has_max)
		snprintf(text + at, SIGNATURE_MAX - at, "%llu to %llu %s", (unsigned long long)limits->min,
			 (unsigned long long)limits->max, unit);
	else
		snprintf(text + at, SIGNATURE_MAX - at, "%llu %s and up", (unsigned long long)limits->min, unit);
}

static void extern_text(const struct wasm_module *module, enum wasm_extern_kind kind, uint32_t index,
			char text[SIGNATURE_MAX])
{
	size_t at = 0;

	switch (kind) {
	case WASM_EXTERN_FUNC: {
		const struct wasm_functype *type = &module->types[module->funcs[index].type];

		at = append_types(text, append(text, 0, "func "), type->params, type->param_count);
		append_types(text, append(text, at, " -> "), type->results, type->result_count);
		break;
	}
	case WASM_EXTERN_TABLE:
		at = append(text, append(text, 0, "table "), wasm_valtype_name(module->tables[index].type.element));
		limits_text(text, append(text, at, " "), &module->tables[index].type.limits, "elements");
		break;
	case WASM_EXTERN_MEMORY:
		limits_text(text, append(text, 0, "memory "), &module->memories[index].type.limits, "pages");
		break;
	case WASM_EXTERN_GLOBAL:
		at = append(text, 0, module->globals[index].type.mutable_ ? "global mut " : "global ");
		append(text, at, wasm_valtype_name(module->globals[index].type.type));
		break;
	}
}

static void report_imports(struct report *report, const struct wasm_module *module)
{
	static const char *const verdicts[] = { "of another type", "unknown", "known" };
	char text[SIGNATURE_MAX];

	report_list(report, "imports");
	for (uint32_t i = 0; i < module->import_count; i++) {
		const struct wasm_import *import = &module->imports[i];

		report_item(report);
		report_bytes(report, "module", import->module.data, import->module.size);
		report_bytes(report, "field", import->field.data, import->field.size);
		extern_text(module, import->kind, import->index, text);
		report_text(report, "type", text);
		report_text(report, "runtime", verdicts[walnut_known_import(module, i) + 1]);
		report_item_end(report);
	}
	report_list_end(report);
}

static void report_exports(struct report *report, const struct wasm_module *module)
{
	char text[SIGNATURE_MAX];

	report_list(report, "exports");
	for (uint32_t i = 0; i < module->export_count; i++) {
		const struct wasm_export *export = &module->exports[i];

		report_item(report);
		report_bytes(report, "field", export->field.data, export->field.size);
		extern_text(module, export->kind, export->index, text);
		report_text(report, "type", text);
		report_item_end(report);
	}
	report_list_end(report);
}

static void report_customs(struct report *report, const struct wasm_module *module)
{
	report_list(report, "custom sections");
	for (uint32_t i = 0; i < module->custom_count; i++) {
		report_item(report);
		report_bytes(report, "name", module->customs[i].name.data, module->customs[i].name.size);
		report_number(report, "bytes", module->customs[i].payload.size);
		report_item_end(report);
	}
	report_list_end(report);
}

static void features_of_op(enum wasm_op op, bool features[FEATURE_COUNT])
{
	switch (op) {
	case WASM_OP_I32_EXTEND8_S: case WASM_OP_I32_EXTEND16_S:
	case WASM_OP_I64_EXTEND8_S: case WASM_OP_I64_EXTEND16_S: case WASM_OP_I64_EXTEND32_S:
		features[FEATURE_SIGN_EXTENSION] = true;
		return;
	case WASM_OP_I32_TRUNC_SAT_F32_S: case WASM_OP_I32_TRUNC_SAT_F32_U:
	case WASM_OP_I32_TRUNC_SAT_F64_S: case WASM_OP_I32_TRUNC_SAT_F64_U:
	case WASM_OP_I64_TRUNC_SAT_F32_S: case WASM_OP_I64_TRUNC_SAT_F32_U:
	case WASM_OP_I64_TRUNC_SAT_F64_S: case WASM_OP_I64_TRUNC_SAT_F64_U:
		features[FEATURE_SATURATING] = true;
		return;
	case WASM_OP_MEMORY_INIT: case WASM_OP_DATA_DROP: case WASM_OP_MEMORY_COPY:
	case WASM_OP_MEMORY_FILL: case WASM_OP_TABLE_INIT: case WASM_OP_ELEM_DROP:
	case WASM_OP_TABLE_COPY:
		features[FEATURE_BULK_MEMORY] = true;
		return;
	case WASM_OP_REF_NULL: case WASM_OP_REF_IS_NULL: case WASM_OP_REF_FUNC:
	case WASM_OP_TABLE_GET: case WASM_OP_TABLE_SET: case WASM_OP_TABLE_GROW:
	case WASM_OP_TABLE_SIZE: case WASM_OP_TABLE_FILL:
		features[FEATURE_REFERENCE_TYPES] = true;
		return;
	default:
		return;
	}
}

static void find_features(const struct wasm_module *module, bool features[FEATURE_COUNT])
{
	struct walnut_error error = { 0 };

	for (uint32_t i = 0; i < module->type_count; i++)
		features[FEATURE_MULTI_VALUE] |= module->types[i].result_count > 1;
	for (uint32_t i = 0; i < module->export_count; i++)
		features[FEATURE_MUTABLE_GLOBALS] |= module->exports[i].kind == WASM_EXTERN_GLOBAL &&
						     module->globals[module->exports[i].index].type.mutable_;
	features[FEATURE_REFERENCE_TYPES] |= module->table_count > 1;
	for (uint32_t i = module->imported_func_count; i < module->func_count; i++) {
		struct wasm_code_reader reader = wasm_body_reader(module, i);
		struct wasm_instr instr;
		uint32_t locals;

		if (wasm_read_locals(&reader, &locals, NULL, &error))
			continue;
		while (wasm_next_instr(&reader, &instr, &error) > 0)
			features_of_op(instr.op, features);
	}
}

static bool has_start(const struct wasm_module *module)
{
	for (uint32_t i = 0; i < module->export_count; i++) {
		const struct wasm_export *export = &module->exports[i];

		if (export->kind == WASM_EXTERN_FUNC && export->field.size == 6 &&
		    memcmp(export->field.data, "_start", 6) == 0)
			return true;
	}
	return false;
}

/* Why `walnut run` would not take it, or "yes". */
static const char *runnable(const struct wasm_module *module)
{
	for (uint32_t i = 0; i < module->import_count; i++) {
		if (walnut_known_import(module, i) != 1)
			return "no: an import is not provided";
	}
	return has_start(module) ? "yes" : "no: _start is not exported";
}

static void report_sizes(struct report *report, const struct source *source,
			 const struct wasm_module *module)
{
	uint64_t data = 0, elements = 0;
	char text[SIGNATURE_MAX];

	report_text(report, "file", source->name);
	report_text(report, "kind", "WebAssembly module");
	if (module->name.size)
		report_bytes(report, "name", module->name.data, module->name.size);
	report_number(report, "bytes", source->size);
	report_number(report, "code bytes", module->code_size);
	for (uint32_t i = 0; i < module->data_count; i++)
		data += module->datas[i].bytes.size;
	report_number(report, "data bytes", data);
	report_number(report, "functions", module->func_count - module->imported_func_count);
	report_number(report, "globals", module->global_count);
	for (uint32_t i = 0; i < module->table_count; i++)
		elements += module->tables[i].type.limits.min;
	report_number(report, "table elements", elements);
	for (uint32_t i = 0; i < module->memory_count; i++) {
		limits_text(text, 0, &module->memories[i].type.limits, "pages of 64 KiB");
		report_text(report, "memory", text);
	}
	report_text(report, "runs with walnut", runnable(module));
}

static void report_features(struct report *report, const struct wasm_module *module)
{
	bool features[FEATURE_COUNT] = { false };

	find_features(module, features);
	report_list(report, "features beyond WebAssembly 1.0");
	for (unsigned i = 0; i < FEATURE_COUNT; i++) {
		if (!features[i])
			continue;
		report_item(report);
		report_text(report, "name", feature_names[i]);
		report_item_end(report);
	}
	report_list_end(report);
}

int inspect_module(const struct source *source, bool json)
{
	struct walnut_error error = { 0 };
	struct wasm_module *module = walnut_decode(source->bytes, source->size, &error);
	struct report report;
	char message[320];

	if (!module || walnut_validate(module, &error)) {
		walnut_error_format(&error, message, sizeof(message));
		if (module)
			walnut_module_free(module);
		return fail("%s: %s", source->name, message);
	}
	report_begin(&report, json);
	report_sizes(&report, source, module);
	report_features(&report, module);
	report_imports(&report, module);
	report_exports(&report, module);
	report_customs(&report, module);
	report_end(&report);
	walnut_module_free(module);
	return 0;
}
