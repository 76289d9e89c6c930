/* The name section: core spec 2.0, section 7.4.1. It serves messages only, so what
 * is malformed in it is passed over. */
#include <string.h>

#include "decode/decoder.h"

#define NAMES_MODULE 0
#define NAMES_FUNCTIONS 1
#define NAMES_TAGS 11

/* Of functions or tags. */
static void read_name_map(struct wasm_module *module, uint8_t id, struct wasm_code_reader *reader,
			  struct walnut_error *error)
{
	uint32_t count, index;
	struct wasm_bytes name;

	if (wasm_read_count(reader, 2, UINT32_MAX, "names", &count, error))
		return;
	for (uint32_t i = 0; i < count; i++) {
		if (wasm_read_u32(reader, &index, error) || wasm_read_name(reader, &name, error))
			return;
		if (id == NAMES_FUNCTIONS && index < module->func_count)
			module->funcs[index].name = name;
		if (id == NAMES_TAGS && index < module->tag_count)
			module->tags[index].name = name;
	}
}

static void read_subsections(struct wasm_module *module, const struct wasm_custom *custom)
{
	struct walnut_error ignored = { 0 };
	struct wasm_code_reader reader = {
		.begin = custom->payload.data,
		.at = custom->payload.data,
		.end = custom->payload.data + custom->payload.size,
		.function = WALNUT_NO_FUNCTION,
		.section = "name",
	};

	while (reader.at != reader.end) {
		struct wasm_code_reader sub = reader;
		struct wasm_bytes name;
		uint32_t size;
		uint8_t id;

		if (wasm_read_byte(&reader, &id, &ignored) ||
		    wasm_read_u32(&reader, &size, &ignored) ||
		    wasm_read_bytes(&reader, size, &sub.at, &ignored))
			return;
		sub.end = reader.at;
		if (id == NAMES_MODULE && !wasm_read_name(&sub, &name, &ignored))
			module->name = name;
		else if (id == NAMES_FUNCTIONS || id == NAMES_TAGS)
			read_name_map(module, id, &sub, &ignored);
	}
}

/* A function that has no name but an export's goes by that. */
static void name_by_exports(struct wasm_module *module)
{
	for (uint32_t i = 0; i < module->export_count; i++) {
		const struct wasm_export *export = &module->exports[i];

		if (export->kind == WASM_EXTERN_FUNC && export->index < module->func_count &&
		    !module->funcs[export->index].name.size)
			module->funcs[export->index].name = export->field;
	}
}

static void read_name_section(struct wasm_module *module)
{
	for (uint32_t i = 0; i < module->custom_count; i++) {
		const struct wasm_custom *custom = &module->customs[i];

		if (custom->name.size == 4 && !memcmp(custom->name.data, "name", 4)) {
			read_subsections(module, custom);
			return;
		}
	}
}

void decode_names(struct wasm_module *module)
{
	read_name_section(module);
	name_by_exports(module);
}
