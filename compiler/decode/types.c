/* The type section: core spec 3.0, sections 5.3.7 to 5.3.12 and 5.5.4. */
#include "decode/decoder.h"
#include "wasm/limits.h"

#define FORM_REC 0x4e
#define FORM_SUB_FINAL 0x4f
#define FORM_SUB 0x50
#define FORM_ARRAY 0x5e
#define FORM_STRUCT 0x5f
#define FORM_FUNC 0x60

static int read_list(struct decoder *decoder, struct wasm_code_reader *reader, uint32_t limit,
		     const char *what, uint32_t *count, const wasm_valtype **types)
{
	wasm_valtype *list;

	if (wasm_read_count(reader, 1, limit, what, count, decoder->error))
		return -1;
	list = decoder_alloc(decoder, *count, sizeof(*list));
	if (!list)
		return -1;
	for (uint32_t i = 0; i < *count; i++) {
		if (wasm_read_valtype(reader, &list[i], decoder->error))
			return -1;
	}
	*types = list;
	return 0;
}

static int read_field(struct decoder *decoder, struct wasm_code_reader *reader,
		      struct wasm_field *field)
{
	uint8_t byte;

	if (reader->at != reader->end && (*reader->at == WASM_I8 || *reader->at == WASM_I16))
		field->type = *reader->at++;
	else if (wasm_read_valtype(reader, &field->type, decoder->error))
		return -1;
	if (wasm_read_byte(reader, &byte, decoder->error))
		return -1;
	if (byte > 1) {
		reader->at--;
		return decoder_malformed(decoder, reader, "malformed mutability of a field");
	}
	field->mutable_ = byte;
	return 0;
}

static int read_struct(struct decoder *decoder, struct wasm_code_reader *reader,
		       struct wasm_structtype *type)
{
	struct wasm_field *fields;

	if (wasm_read_count(reader, 2, WASM_MAX_FIELDS, "fields", &type->field_count,
			    decoder->error))
		return -1;
	fields = decoder_alloc(decoder, type->field_count, sizeof(*fields));
	if (!fields)
		return -1;
	for (uint32_t i = 0; i < type->field_count; i++) {
		if (read_field(decoder, reader, &fields[i]))
			return -1;
	}
	type->fields = fields;
	return 0;
}

static int read_func(struct decoder *decoder, struct wasm_code_reader *reader,
		     struct wasm_functype *type)
{
	if (read_list(decoder, reader, WASM_MAX_PARAMS, "parameters", &type->param_count,
		      &type->params))
		return -1;
	return read_list(decoder, reader, WASM_MAX_RESULTS, "results", &type->result_count,
			 &type->results);
}

static int read_composite(struct decoder *decoder, struct wasm_code_reader *reader, uint8_t form,
			  struct wasm_comptype *type)
{
	switch (form) {
	case FORM_FUNC:
		type->kind = WASM_COMP_FUNC;
		return read_func(decoder, reader, &type->func);
	case FORM_STRUCT:
		type->kind = WASM_COMP_STRUCT;
		return read_struct(decoder, reader, &type->structure);
	case FORM_ARRAY:
		type->kind = WASM_COMP_ARRAY;
		return read_field(decoder, reader, &type->array);
	default:
		return wasm_reader_fail(reader, decoder->error, WALNUT_ERROR_MALFORMED,
					type->offset, "malformed type form 0x%02x", form);
	}
}

static int read_supertype(struct decoder *decoder, struct wasm_code_reader *reader,
			  struct wasm_comptype *type)
{
	uint64_t offset = wasm_reader_offset(reader);
	uint32_t count;

	if (wasm_read_count(reader, 1, UINT32_MAX, "supertypes", &count, decoder->error))
		return -1;
	if (count > 1)
		return wasm_reader_fail(reader, decoder->error, WALNUT_ERROR_INVALID, offset,
					"sub type has %u supertypes, one at most is allowed", count);
	return count ? wasm_read_u32(reader, &type->supertype, decoder->error) : 0;
}

/* One more type at the end of the index space; `form` is its first byte, read already. */
static int read_subtype(struct decoder *decoder, struct wasm_code_reader *reader, uint8_t form)
{
	struct wasm_module *module = decoder->module;
	struct wasm_comptype *type;

	if (module->type_count == decoder->type_capacity) {
		uint32_t added = decoder->type_capacity ? decoder->type_capacity : 16;

		module->types = decoder_extend(decoder, module->types, module->type_count, added,
					       sizeof(*module->types));
		if (!module->types)
			return -1;
		decoder->type_capacity += added;
	}
	type = &module->types[module->type_count];
	type->offset = wasm_reader_offset(reader) - 1;
	type->final = form != FORM_SUB;
	type->supertype = WASM_NO_TYPE;
	if (form == FORM_SUB || form == FORM_SUB_FINAL) {
		if (read_supertype(decoder, reader, type) ||
		    wasm_read_byte(reader, &form, decoder->error))
			return -1;
	}
	if (read_composite(decoder, reader, form, type))
		return -1;
	/* Others are refused by the validator. */
	if (type->supertype < module->type_count)
		type->depth = module->types[type->supertype].depth + 1;
	if (++module->type_count > WASM_MAX_TYPES)
		return wasm_reader_fail(reader, decoder->error, WALNUT_ERROR_LIMIT, type->offset,
					"more types than the limit of %u", WASM_MAX_TYPES);
	return 0;
}

/* A recursion group, or a type that is one by itself. */
static int read_group(struct decoder *decoder, struct wasm_code_reader *reader)
{
	struct wasm_module *module = decoder->module;
	uint32_t start = module->type_count, size = 1;
	uint8_t form;

	if (wasm_read_byte(reader, &form, decoder->error))
		return -1;
	if (form != FORM_REC) {
		if (read_subtype(decoder, reader, form))
			return -1;
	} else {
		if (wasm_read_count(reader, 2, WASM_MAX_TYPES, "types", &size, decoder->error))
			return -1;
		for (uint32_t i = 0; i < size; i++) {
			if (wasm_read_byte(reader, &form, decoder->error) ||
			    read_subtype(decoder, reader, form))
				return -1;
		}
	}
	for (uint32_t i = start; i < start + size; i++) {
		module->types[i].group_start = start;
		module->types[i].group_size = size;
	}
	return 0;
}

int decode_types(struct decoder *decoder, struct wasm_code_reader *reader)
{
	uint32_t count;

	if (wasm_read_count(reader, 2, WASM_MAX_TYPES, "types", &count, decoder->error))
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		if (read_group(decoder, reader))
			return -1;
	}
	return decode_canonical_types(decoder);
}
