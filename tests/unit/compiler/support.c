#include "support.h"

#include <stdio.h>
#include <stdlib.h>

struct builder builder_new(void)
{
	return (struct builder){ 0 };
}

struct builder builder_module(void)
{
	struct builder builder = builder_new();

	builder_bytes(&builder, B(0, 'a', 's', 'm', 1, 0, 0, 0));
	return builder;
}

void builder_free(struct builder *builder)
{
	free(builder->data);
	*builder = builder_new();
}

void builder_bytes(struct builder *builder, struct bytes bytes)
{
	if (builder->capacity - builder->size < bytes.size) {
		builder->capacity = (builder->size + bytes.size) * 2;
		builder->data = realloc(builder->data, builder->capacity);
		assert_non_null(builder->data);
	}
	if (bytes.size)
		memcpy(builder->data + builder->size, bytes.data, bytes.size);
	builder->size += bytes.size;
}

void builder_u32(struct builder *builder, uint32_t value)
{
	do {
		uint8_t byte = (value & 0x7f) | (value > 0x7f ? 0x80 : 0);

		builder_bytes(builder, (struct bytes){ &byte, 1 });
		value >>= 7;
	} while (value);
}

void builder_section(struct builder *builder, uint8_t id, struct bytes contents)
{
	builder_bytes(builder, (struct bytes){ &id, 1 });
	builder_u32(builder, (uint32_t)contents.size);
	builder_bytes(builder, contents);
}

void builder_code(struct builder *builder, struct bytes locals, struct bytes code)
{
	struct builder section = builder_new();

	builder_u32(&section, 1);
	builder_u32(&section, (uint32_t)(locals.size + code.size));
	builder_bytes(&section, locals);
	builder_bytes(&section, code);
	builder_section(builder, 10, (struct bytes){ section.data, section.size });
	builder_free(&section);
}

void assert_verdict(struct bytes bytes, struct verdict expected)
{
	struct walnut_error error = { 0 };
	struct wasm_module *module;
	char line[400];
	int kind = VALID;

	/* An exact copy: reading past its end is seen by ASan and valgrind. */
	uint8_t *copy = malloc(bytes.size ? bytes.size : 1);

	assert_non_null(copy);
	memcpy(copy, bytes.data, bytes.size);
	module = walnut_decode(copy, bytes.size, &error);
	if (!module || walnut_validate(module, &error)) {
		assert_true(error.set);
		kind = error.kind;
	} else {
		assert_false(error.set);
	}
	walnut_module_free(module);
	free(copy);
	walnut_error_format(&error, line, sizeof(line));
	if (kind != expected.kind)
		fail_msg("kind %d, not %d: %s", kind, expected.kind, line);
	if (expected.section && strcmp(error.section, expected.section))
		fail_msg("not in section %s: %s", expected.section, line);
	if (expected.message && !strstr(error.message, expected.message))
		fail_msg("no \"%s\" in: %s", expected.message, line);
}

struct wasm_module *decode_valid(struct bytes bytes)
{
	struct walnut_error error = { 0 };
	struct wasm_module *module = walnut_decode(bytes.data, bytes.size, &error);

	if (!module)
		fail_msg("%s", error.message);
	return module;
}
