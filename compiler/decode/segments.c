/* The sections that fill: element segments, code, data. Core spec 2.0, sections
 * 5.5.12 to 5.5.16. */
#include "decode/decoder.h"
#include "wasm/limits.h"

static int read_element_functions(struct decoder *decoder, struct wasm_code_reader *reader,
				  struct wasm_elem *elem)
{
	struct wasm_module *module = decoder->module;
	uint32_t *functions;

	if (wasm_read_count(reader, 1, WASM_MAX_ELEMENT_SIZE, "elements", &elem->count,
			    decoder->error))
		return -1;
	functions = decoder_alloc(decoder, elem->count, sizeof(*functions));
	if (!functions)
		return -1;
	for (uint32_t i = 0; i < elem->count; i++) {
		if (wasm_read_u32(reader, &functions[i], decoder->error))
			return -1;
		if (functions[i] < module->func_count)
			module->funcs[functions[i]].referenced = true;
	}
	elem->functions = functions;
	return 0;
}

static int read_element_exprs(struct decoder *decoder, struct wasm_code_reader *reader,
			      struct wasm_elem *elem)
{
	struct wasm_expr *exprs;

	if (wasm_read_count(reader, 1, WASM_MAX_ELEMENT_SIZE, "elements", &elem->count,
			    decoder->error))
		return -1;
	exprs = decoder_alloc(decoder, elem->count, sizeof(*exprs));
	if (!exprs)
		return -1;
	for (uint32_t i = 0; i < elem->count; i++) {
		if (decode_expr(decoder, reader, &exprs[i]))
			return -1;
	}
	elem->exprs = exprs;
	return 0;
}

/* The leading number is a set of flags (section 5.5.12, note). */
#define ELEM_NOT_ACTIVE 1u
#define ELEM_EXPLICIT 2u /* active: a table index follows; else: declarative */
#define ELEM_EXPRS 4u

static int read_element_segment(struct decoder *decoder, struct wasm_code_reader *reader,
				struct wasm_elem *elem)
{
	uint32_t flags;
	uint8_t kind;

	elem->offset = wasm_reader_offset(reader);
	if (wasm_read_u32(reader, &flags, decoder->error))
		return -1;
	if (flags > 7)
		return wasm_reader_fail(reader, decoder->error, WALNUT_ERROR_MALFORMED,
					elem->offset, "malformed element segment kind %u", flags);
	/* Function indices are never null. */
	elem->type = flags & ELEM_EXPRS ? WASM_FUNCREF : WASM_REF_TO(WASM_HEAP_FUNC);
	if (flags & ELEM_NOT_ACTIVE) {
		elem->mode = flags & ELEM_EXPLICIT ? WASM_SEGMENT_DECLARATIVE
						   : WASM_SEGMENT_PASSIVE;
	} else {
		elem->mode = WASM_SEGMENT_ACTIVE;
		if ((flags & ELEM_EXPLICIT) && wasm_read_u32(reader, &elem->table, decoder->error))
			return -1;
		if (decode_expr(decoder, reader, &elem->offset_expr))
			return -1;
	}
	if (flags & (ELEM_NOT_ACTIVE | ELEM_EXPLICIT)) {
		if (flags & ELEM_EXPRS) {
			if (wasm_read_reftype(reader, &elem->type, decoder->error))
				return -1;
		} else {
			if (wasm_read_byte(reader, &kind, decoder->error))
				return -1;
			if (kind != 0) {
				reader->at--;
				return decoder_malformed(decoder, reader, "malformed element kind");
			}
		}
	}
	return flags & ELEM_EXPRS ? read_element_exprs(decoder, reader, elem)
				  : read_element_functions(decoder, reader, elem);
}

int decode_elements(struct decoder *decoder, struct wasm_code_reader *reader)
{
	struct wasm_module *module = decoder->module;
	uint32_t count;

	if (wasm_read_count(reader, 3, WASM_MAX_ELEMENT_SEGMENTS, "element segments", &count,
			    decoder->error))
		return -1;
	module->elems = decoder_alloc(decoder, count, sizeof(*module->elems));
	if (!module->elems)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		if (read_element_segment(decoder, reader, &module->elems[i]))
			return -1;
		module->elem_count++;
	}
	return 0;
}

int decode_data_count(struct decoder *decoder, struct wasm_code_reader *reader)
{
	decoder->module->has_data_count = true;
	return wasm_read_u32(reader, &decoder->module->declared_data_count, decoder->error);
}

int decode_code(struct decoder *decoder, struct wasm_code_reader *reader)
{
	struct wasm_module *module = decoder->module;
	uint64_t offset = wasm_reader_offset(reader);
	uint32_t count, defined = module->func_count - module->imported_func_count;

	decoder->has_code = true;
	module->code_offset = offset;
	module->code_size = wasm_reader_left(reader);
	if (wasm_read_u32(reader, &count, decoder->error))
		return -1;
	if (count != defined)
		return wasm_reader_fail(reader, decoder->error, WALNUT_ERROR_MALFORMED, offset,
					"function and code section have inconsistent lengths: "
					"%u functions, %u bodies", defined, count);
	for (uint32_t i = 0; i < count; i++) {
		struct wasm_func *func = &module->funcs[module->imported_func_count + i];
		uint32_t size;

		reader->function = module->imported_func_count + i;
		if (wasm_read_u32(reader, &size, decoder->error))
			return -1;
		func->offset = wasm_reader_offset(reader);
		func->body.size = size;
		if (wasm_read_bytes(reader, size, &func->body.data, decoder->error))
			return -1;
	}
	reader->function = WALNUT_NO_FUNCTION;
	return 0;
}

static int read_data_segment(struct decoder *decoder, struct wasm_code_reader *reader,
			     struct wasm_data *data)
{
	uint32_t flags, size;

	data->offset = wasm_reader_offset(reader);
	if (wasm_read_u32(reader, &flags, decoder->error))
		return -1;
	if (flags > 2)
		return wasm_reader_fail(reader, decoder->error, WALNUT_ERROR_MALFORMED,
					data->offset, "malformed data segment kind %u", flags);
	data->mode = flags == 1 ? WASM_SEGMENT_PASSIVE : WASM_SEGMENT_ACTIVE;
	if (flags == 2 && wasm_read_u32(reader, &data->memory, decoder->error))
		return -1;
	if (flags != 1 && decode_expr(decoder, reader, &data->offset_expr))
		return -1;
	if (wasm_read_u32(reader, &size, decoder->error))
		return -1;
	data->bytes.size = size;
	return wasm_read_bytes(reader, size, &data->bytes.data, decoder->error);
}

int decode_data(struct decoder *decoder, struct wasm_code_reader *reader)
{
	struct wasm_module *module = decoder->module;
	uint32_t count;

	if (wasm_read_count(reader, 2, WASM_MAX_DATA_SEGMENTS, "data segments", &count,
			    decoder->error))
		return -1;
	module->datas = decoder_alloc(decoder, count, sizeof(*module->datas));
	if (!module->datas)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		if (read_data_segment(decoder, reader, &module->datas[i]))
			return -1;
		module->data_count++;
	}
	return 0;
}
