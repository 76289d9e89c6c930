/* What a WebAssembly module is. It is validated first, so that its indices and code may
 * be followed. */
#include <stdio.h>
#include <string.h>

#include "compiler.h"
#include "fail.h"
#include "inspect.h"
#include "module_features.h"
#include "wasm/module.h"
#include "wasm/reader.h"

#define TYPE_TEXT_MAX 512
#define HEADER_SIZE 8 /* magic and version */

static size_t append(char *text, size_t at, const char *more)
{
	int size = snprintf(text + at, TYPE_TEXT_MAX - at, "%s", more);

	return at + (size_t)size < TYPE_TEXT_MAX ? at + (size_t)size : TYPE_TEXT_MAX - 1;
}

static size_t append_types(char *text, size_t at, const wasm_valtype *types, uint32_t count)
{
	at = append(text, at, "(");
	for (uint32_t i = 0; i < count && at < TYPE_TEXT_MAX - 1; i++) {
		at = append(text, at, i ? " " : "");
		at = append(text, at, wasm_valtype_name(types[i]).text);
	}
	return append(text, at, ")");
}

static void append_limits(char *text, size_t at, const struct wasm_limits *limits, const char *unit)
{
	if (limits->has_max)
		snprintf(text + at, TYPE_TEXT_MAX - at, "%llu to %llu %s", (unsigned long long)limits->min,
			 (unsigned long long)limits->max, unit);
	else
		snprintf(text + at, TYPE_TEXT_MAX - at, "%llu %s and up", (unsigned long long)limits->min, unit);
}

static void type_text(const struct wasm_module *module, enum wasm_extern_kind kind, uint32_t index,
		      char text[TYPE_TEXT_MAX])
{
	size_t at = 0;

	switch (kind) {
	case WASM_EXTERN_FUNC: {
		const struct wasm_functype *type = wasm_func_type(module, index);

		at = append_types(text, append(text, 0, "func "), type->params, type->param_count);
		append_types(text, append(text, at, " -> "), type->results, type->result_count);
		break;
	}
	case WASM_EXTERN_TABLE:
		at = append(text, append(text, 0, "table "),
			    wasm_valtype_name(module->tables[index].type.element).text);
		append_limits(text, append(text, at, " "), &module->tables[index].type.limits, "elements");
		break;
	case WASM_EXTERN_MEMORY:
		append_limits(text, append(text, 0, "memory "), &module->memories[index].type.limits, "pages");
		break;
	case WASM_EXTERN_GLOBAL:
		at = append(text, 0, module->globals[index].type.mutable_ ? "global mut " : "global ");
		append(text, at, wasm_valtype_name(module->globals[index].type.type).text);
		break;
	case WASM_EXTERN_TAG: {
		const struct wasm_functype *type = wasm_tag_type(module, index);

		append_types(text, append(text, 0, "tag "), type->params, type->param_count);
		break;
	}
	}
}

static void report_imports(struct report *report, const struct wasm_module *module)
{
	static const char *const verdicts[] = { "has another type", "unknown", "known" };
	static const uint8_t widths[] = { 22, 22, 40, 0 };
	char text[TYPE_TEXT_MAX];

	report_list(report, "imports", widths);
	for (uint32_t i = 0; i < module->import_count; i++) {
		const struct wasm_import *import = &module->imports[i];

		type_text(module, import->kind, import->index, text);
		report_item(report);
		report_bytes(report, "module", import->module.data, import->module.size);
		report_bytes(report, "field", import->field.data, import->field.size);
		report_text(report, "type", text);
		report_text(report, "runtime", verdicts[walnut_known_import(module, i) + 1]);
		report_item_end(report);
	}
	report_list_end(report);
}

static void report_exports(struct report *report, const struct wasm_module *module)
{
	static const uint8_t widths[] = { 22, 0 };
	char text[TYPE_TEXT_MAX];

	report_list(report, "exports", widths);
	for (uint32_t i = 0; i < module->export_count; i++) {
		const struct wasm_export *export = &module->exports[i];

		type_text(module, export->kind, export->index, text);
		report_item(report);
		report_bytes(report, "field", export->field.data, export->field.size);
		report_text(report, "type", text);
		report_item_end(report);
	}
	report_list_end(report);
}

/* The module has been decoded: its sections are whole. */
static void report_sections(struct report *report, const struct wasm_module *module)
{
	static const char *const names[] = {
		"custom", "type", "import", "function", "table", "memory", "global", "export", "start",
		"element", "code", "data", "data count", "tag",
	};
	static const uint8_t widths[] = { 12, 10, 16, 0 };
	struct walnut_error error = { 0 };
	struct wasm_code_reader reader = {
		.begin = module->bytes.data, .at = module->bytes.data + HEADER_SIZE,
		.end = module->bytes.data + module->bytes.size, .function = WALNUT_NO_FUNCTION,
	};
	uint32_t custom = 0;

	report_list(report, "sections", widths);
	while (wasm_reader_left(&reader)) {
		const uint8_t *content;
		char offset[24];
		uint32_t size;
		uint8_t id;

		snprintf(offset, sizeof(offset), "0x%llx", (unsigned long long)wasm_reader_offset(&reader));
		if (wasm_read_byte(&reader, &id, &error) || wasm_read_u32(&reader, &size, &error) ||
		    wasm_read_bytes(&reader, size, &content, &error))
			break;
		report_item(report);
		report_text(report, "section", id < sizeof(names) / sizeof(names[0]) ? names[id] : "?");
		report_text(report, "offset", offset);
		report_number(report, "bytes", size);
		if (id == 0 && custom < module->custom_count) {
			report_bytes(report, "name", module->customs[custom].name.data,
				     module->customs[custom].name.size);
			custom++;
		}
		report_item_end(report);
	}
	report_list_end(report);
}

static void report_limits(struct report *report, const struct wasm_limits *limits, const char *unit)
{
	char text[TYPE_TEXT_MAX];

	if (report->json) {
		report_number(report, "min", limits->min);
		if (limits->has_max)
			report_number(report, "max", limits->max);
		return;
	}
	append_limits(text, 0, limits, unit);
	report_text(report, "limits", text);
}

static void report_storage(struct report *report, const struct wasm_module *module)
{
	static const uint8_t widths[] = { 10, 24, 0 };

	report_list(report, "memories", widths + 1);
	for (uint32_t i = 0; i < module->memory_count; i++) {
		report_item(report);
		report_limits(report, &module->memories[i].type.limits, "pages of 64 KiB");
		report_item_end(report);
	}
	report_list_end(report);
	report_list(report, "tables", widths);
	for (uint32_t i = 0; i < module->table_count; i++) {
		report_item(report);
		report_text(report, "type", wasm_valtype_name(module->tables[i].type.element).text);
		report_limits(report, &module->tables[i].type.limits, "elements");
		report_item_end(report);
	}
	report_list_end(report);
}

/* The program's entry, or NULL. */
static const struct wasm_functype *start_type(const struct wasm_module *module)
{
	for (uint32_t i = 0; i < module->export_count; i++) {
		const struct wasm_export *export = &module->exports[i];

		if (export->kind == WASM_EXTERN_FUNC && export->field.size == 6 &&
		    memcmp(export->field.data, "_start", 6) == 0)
			return wasm_func_type(module, export->index);
	}
	return NULL;
}

/* Why `walnut run` would not take it, or NULL. */
static const char *obstacle(const struct wasm_module *module)
{
	const struct wasm_functype *start = start_type(module);

	for (uint32_t i = 0; i < module->import_count; i++) {
		if (walnut_known_import(module, i) != 1)
			return "the runtime does not provide every import";
	}
	if (!start)
		return "_start is not exported";
	return start->param_count || start->result_count ? "_start takes parameters or has results" : NULL;
}

static void report_summary(struct report *report, const struct source *source,
			   const struct wasm_module *module)
{
	const char *features[FEATURES_MAX], *why_not = obstacle(module);
	uint64_t data = 0;

	report_text(report, "file", source->name);
	report_text(report, "kind", "WebAssembly module");
	if (module->name.size)
		report_bytes(report, "name", module->name.data, module->name.size);
	report_number(report, "bytes", source->size);
	report_number(report, "code_bytes", module->code_size);
	for (uint32_t i = 0; i < module->data_count; i++)
		data += module->datas[i].bytes.size;
	report_number(report, "data_bytes", data);
	report_number(report, "functions", module->func_count - module->imported_func_count);
	report_number(report, "globals", module->global_count);
	/* Beyond WebAssembly 1.0. */
	report_words(report, "features", features, module_features(module, features));
	report_flag(report, "runs", !why_not);
	if (why_not)
		report_text(report, "because", why_not);
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
	report_summary(&report, source, module);
	report_storage(&report, module);
	report_imports(&report, module);
	report_exports(&report, module);
	report_sections(&report, module);
	report_end(&report);
	walnut_module_free(module);
	return 0;
}
