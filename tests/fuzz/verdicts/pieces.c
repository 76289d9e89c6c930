/* See pieces.h. The compiler's own decoder says where instructions begin. */
#include "pieces.h"

#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "wasm/instr.h"
#include "wasm/module.h"

static void *grow(void *array, size_t count, size_t size)
{
	array = realloc(array, (count + 1) * size);
	if (!array)
		abort();
	return array;
}

static struct bytes copy_of(const uint8_t *data, size_t size)
{
	struct bytes copy = { 0 };

	bytes_add(&copy, data, size);
	return copy;
}

void pieces_insert(struct body_pieces *body, size_t at, const struct bytes *piece)
{
	struct bytes copy = copy_of(piece->data, piece->size);

	body->pieces = grow(body->pieces, body->count, sizeof(*body->pieces));
	memmove(body->pieces + at + 1, body->pieces + at, (body->count - at) * sizeof(*body->pieces));
	body->pieces[at] = copy;
	body->count++;
}

void pieces_remove(struct body_pieces *body, size_t at)
{
	bytes_free(&body->pieces[at]);
	body->count--;
	memmove(body->pieces + at, body->pieces + at + 1, (body->count - at) * sizeof(*body->pieces));
}

static void take_body(struct section_piece *section, const struct wasm_module *decoded, uint32_t index)
{
	struct wasm_code_reader reader = wasm_body_reader(decoded, index);
	struct walnut_error error = { 0 };
	struct body_pieces body = { 0 };
	struct wasm_instr instr;
	const uint8_t *begin = reader.at;
	uint32_t local_count;
	int more = !wasm_read_locals(&reader, &local_count, NULL, &error);

	while (more > 0) {
		struct bytes piece = { .data = (uint8_t *)begin, .size = (size_t)(reader.at - begin) };

		pieces_insert(&body, body.count, &piece);
		begin = reader.at;
		more = wasm_next_instr(&reader, &instr, &error);
	}
	section->bodies = grow(section->bodies, section->body_count, sizeof(body));
	section->bodies[section->body_count++] = body;
}

/* An unsigned LEB128 of a module that has been decoded. */
static uint64_t read_size(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = *(*at)++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

bool pieces_take(struct module_pieces *module, const uint8_t *data, size_t size)
{
	struct walnut_error error = { 0 };
	struct wasm_module *decoded = walnut_decode(data, size, &error);
	const uint8_t *at = data + 8, *end = data + size;

	*module = (struct module_pieces){ 0 };
	if (!decoded || walnut_validate(decoded, &error)) {
		walnut_module_free(decoded);
		return false;
	}
	while (at < end) {
		struct section_piece section = { .id = *at++ };
		size_t contents = read_size(&at);

		if (section.id == CODE_SECTION)
			for (uint32_t i = decoded->imported_func_count; i < decoded->func_count; i++)
				take_body(&section, decoded, i);
		else
			section.contents = copy_of(at, contents);
		at += contents;
		module->sections = grow(module->sections, module->count, sizeof(section));
		module->sections[module->count++] = section;
	}
	walnut_module_free(decoded);
	return true;
}

void pieces_free(struct module_pieces *module)
{
	for (size_t s = 0; s < module->count; s++) {
		struct section_piece *section = &module->sections[s];

		for (size_t b = 0; b < section->body_count; b++) {
			for (size_t i = 0; i < section->bodies[b].count; i++)
				bytes_free(&section->bodies[b].pieces[i]);
			free(section->bodies[b].pieces);
		}
		free(section->bodies);
		bytes_free(&section->contents);
	}
	free(module->sections);
	*module = (struct module_pieces){ 0 };
}

static void put_bodies(const struct section_piece *section, struct bytes *bytes)
{
	struct bytes contents = { 0 };

	bytes_unsigned(&contents, section->body_count);
	for (size_t b = 0; b < section->body_count; b++) {
		struct bytes body = { 0 };

		for (size_t i = 0; i < section->bodies[b].count; i++)
			bytes_add(&body, section->bodies[b].pieces[i].data,
				  section->bodies[b].pieces[i].size);
		bytes_sized(&contents, &body);
	}
	bytes_sized(bytes, &contents);
}

void pieces_put(const struct module_pieces *module, struct bytes *bytes)
{
	bytes_add(bytes, "\0asm\1\0\0\0", 8);
	for (size_t s = 0; s < module->count; s++) {
		const struct section_piece *section = &module->sections[s];

		bytes_u8(bytes, section->id);
		if (section->id == CODE_SECTION) {
			put_bodies(section, bytes);
			continue;
		}
		bytes_unsigned(bytes, section->contents.size);
		bytes_add(bytes, section->contents.data, section->contents.size);
	}
}
