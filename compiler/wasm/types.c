/* Value types in the binary format, and their names: core spec 3.0, sections 5.3.1 to
 * 5.3.5. */
#include "wasm/types.h"

#include <stdio.h>

#include "wasm/limits.h"
#include "wasm/reader.h"

/* Abstract heap types, in the order of their bytes from 0x69 on. */
static const struct {
	const char *heap; /* "func" */
	const char *nullable; /* the short form of (ref null func) */
} abstract_names[] = {
	{ "exn", "exnref" },	   { "array", "arrayref" },   { "struct", "structref" },
	{ "i31", "i31ref" },	   { "eq", "eqref" },	      { "any", "anyref" },
	{ "extern", "externref" }, { "func", "funcref" },     { "none", "nullref" },
	{ "noextern", "nullexternref" }, { "nofunc", "nullfuncref" }, { "noexn", "nullexnref" },
};

#define FIRST_ABSTRACT 0x69u
#define LAST_ABSTRACT 0x74u
#define REF_NULL_FORM 0x63u /* (ref null ht) */
#define REF_FORM 0x64u	    /* (ref ht) */

static bool is_abstract(uint8_t byte)
{
	return byte >= FIRST_ABSTRACT && byte <= LAST_ABSTRACT;
}

static int malformed_type(const struct wasm_code_reader *reader, uint64_t offset, const char *what,
			  uint8_t byte, struct walnut_error *error)
{
	return wasm_reader_fail(reader, error, WALNUT_ERROR_MALFORMED, offset,
				"malformed %s type 0x%02x", what, byte);
}

int wasm_read_heaptype(struct wasm_code_reader *reader, uint32_t *heap, struct walnut_error *error)
{
	uint64_t offset = wasm_reader_offset(reader);
	int64_t index;

	if (reader->at != reader->end && is_abstract(*reader->at)) {
		*heap = WASM_HEAP(*reader->at++);
		return 0;
	}
	if (wasm_read_s33(reader, &index, error))
		return -1;
	if (index < 0)
		return malformed_type(reader, offset, "heap", (uint8_t)(index & 0x7f), error);
	if (index >= WASM_MAX_TYPES)
		return wasm_reader_fail(reader, error, WALNUT_ERROR_INVALID, offset,
					"unknown type %llu", (unsigned long long)index);
	*heap = (uint32_t)index;
	return 0;
}

static int read_type(struct wasm_code_reader *reader, wasm_valtype *type, bool numbers,
		     struct walnut_error *error)
{
	uint64_t offset = wasm_reader_offset(reader);
	uint32_t heap;
	uint8_t byte;

	if (wasm_read_byte(reader, &byte, error))
		return -1;
	if (byte == REF_FORM || byte == REF_NULL_FORM) {
		if (wasm_read_heaptype(reader, &heap, error))
			return -1;
		*type = byte == REF_FORM ? WASM_REF_TO(heap) : WASM_REF_NULL(heap);
	} else if (is_abstract(byte)) {
		*type = WASM_REF_NULL(WASM_HEAP(byte));
	} else if (numbers && byte >= WASM_V128 && byte <= WASM_I32) {
		*type = byte;
	} else {
		return malformed_type(reader, offset, numbers ? "value" : "reference", byte, error);
	}
	return 0;
}

int wasm_read_valtype(struct wasm_code_reader *reader, wasm_valtype *type,
		      struct walnut_error *error)
{
	return read_type(reader, type, true, error);
}

int wasm_read_reftype(struct wasm_code_reader *reader, wasm_valtype *type,
		      struct walnut_error *error)
{
	return read_type(reader, type, false, error);
}

static const char *number_name(wasm_valtype type)
{
	switch (type) {
	case WASM_I32: return "i32";
	case WASM_I64: return "i64";
	case WASM_F32: return "f32";
	case WASM_F64: return "f64";
	case WASM_V128: return "v128";
	case WASM_I8: return "i8";
	case WASM_I16: return "i16";
	default: return "?";
	}
}

struct wasm_type_name wasm_valtype_name(wasm_valtype type)
{
	struct wasm_type_name name;
	uint32_t heap = wasm_heap_of(type);
	const char *null = wasm_is_nullable(type) ? "null " : "";
	unsigned row = (heap & 0xff) - FIRST_ABSTRACT;

	if (!wasm_is_ref(type))
		snprintf(name.text, sizeof(name.text), "%s", number_name(type));
	else if (wasm_heap_is_index(heap))
		snprintf(name.text, sizeof(name.text), "(ref %s%u)", null, heap);
	else if (row >= sizeof(abstract_names) / sizeof(abstract_names[0]))
		snprintf(name.text, sizeof(name.text), "(ref %sbottom)", null);
	else if (wasm_is_nullable(type))
		snprintf(name.text, sizeof(name.text), "%s", abstract_names[row].nullable);
	else
		snprintf(name.text, sizeof(name.text), "(ref %s)", abstract_names[row].heap);
	return name;
}
