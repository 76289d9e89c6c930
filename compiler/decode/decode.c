/* Bytes to struct wasm_module: core spec 2.0, section 5.5. Sections are read in one
 * pass; bodies and expressions keep their bytes, which the validator goes through. */
#include <string.h>

#include "compiler.h"
#include "decode/decoder.h"
#include "wasm/arena.h"
#include "wasm/limits.h"

#define HEADER_SIZE 8

void *decoder_alloc(struct decoder *decoder, size_t count, size_t size)
{
	void *memory = wasm_arena_alloc(decoder->module->arena, count, size);

	if (!memory)
		walnut_error_set(decoder->error, WALNUT_ERROR_SYSTEM, NULL, WALNUT_NO_FUNCTION, 0,
				 "out of memory while decoding");
	return memory;
}

void *decoder_extend(struct decoder *decoder, const void *old, size_t count, size_t added,
		     size_t size)
{
	void *memory = decoder_alloc(decoder, count + added, size);

	if (memory && count)
		memcpy(memory, old, count * size);
	return memory;
}

int decoder_malformed(struct decoder *decoder, const struct wasm_code_reader *reader,
		      const char *message)
{
	return wasm_reader_fail(reader, decoder->error, WALNUT_ERROR_MALFORMED,
				wasm_reader_offset(reader), "%s", message);
}

/* Indexed by section id. `order` is the place in the file, which the tag and the data
 * count section have out of turn. */
static const struct section_kind {
	const char *name;
	uint8_t order;
	int (*decode)(struct decoder *decoder, struct wasm_code_reader *reader);
} section_kinds[] = {
	[0] = { "custom", 0, NULL },
	[1] = { "type", 1, decode_types },
	[2] = { "import", 2, decode_imports },
	[3] = { "function", 3, decode_functions },
	[4] = { "table", 4, decode_tables },
	[5] = { "memory", 5, decode_memories },
	[13] = { "tag", 6, decode_tags },
	[6] = { "global", 7, decode_globals },
	[7] = { "export", 8, decode_exports },
	[8] = { "start", 9, decode_start },
	[9] = { "element", 10, decode_elements },
	[12] = { "data count", 11, decode_data_count },
	[10] = { "code", 12, decode_code },
	[11] = { "data", 13, decode_data },
};
#define SECTION_KIND_COUNT (sizeof(section_kinds) / sizeof(section_kinds[0]))
#define SECTION_CUSTOM 0

static int refuse(struct walnut_error *error, int kind, const char *message)
{
	return walnut_error_set(error, kind, NULL, WALNUT_NO_FUNCTION, 0, "%s", message);
}

/* The magic number and version. Says what a file is that is no core module, as far
 * as that is likely to happen by mistake. */
static int check_header(const uint8_t *bytes, size_t size, struct walnut_error *error)
{
	static const uint8_t magic[4] = { 0, 'a', 's', 'm' };
	static const uint8_t version[4] = { 1, 0, 0, 0 };

	if (size == 0)
		return refuse(error, WALNUT_ERROR_MALFORMED, "not a WebAssembly module: empty file");
	if (memcmp(bytes, magic, size < 4 ? size : 4)) {
		if (size >= 4 && !memcmp(bytes, "\177ELF", 4))
			return refuse(error, WALNUT_ERROR_MALFORMED,
				      "not a WebAssembly module: this is an ELF file");
		if (bytes[0] == '(' || (size >= 2 && !memcmp(bytes, ";;", 2)))
			return refuse(error, WALNUT_ERROR_MALFORMED,
				      "not a binary module: this looks like the text format; "
				      "wat2wasm (wabt) converts it");
		return refuse(error, WALNUT_ERROR_MALFORMED,
			      "not a WebAssembly module: no \\0asm at its start");
	}
	if (size < HEADER_SIZE)
		return refuse(error, WALNUT_ERROR_MALFORMED,
			      "truncated module: unexpected end in the header");
	/* Components have "layer" 1 in the upper half of the version. */
	if (bytes[6] == 1 && bytes[7] == 0)
		return refuse(error, WALNUT_ERROR_UNSUPPORTED,
			      "this is a component (WASI 0.2); walnut runs core modules: build for "
			      "wasm32-wasip1 (also called wasm32-wasi), or extract the core "
			      "module with `wasm-tools component unbundle`");
	if (memcmp(bytes + 4, version, 4))
		return walnut_error_set(error, WALNUT_ERROR_MALFORMED, NULL, WALNUT_NO_FUNCTION, 4,
					"unknown binary version %u.%u",
					bytes[4] | (unsigned)bytes[5] << 8,
					bytes[6] | (unsigned)bytes[7] << 8);
	return 0;
}

/* Custom sections may stand anywhere and any number of times. The list is sized by
 * a first walk over the section headers, which stops at what is malformed. */
static uint32_t count_custom_sections(struct wasm_code_reader reader)
{
	struct walnut_error ignored = { 0 };
	const uint8_t *body;
	uint32_t count = 0, size;
	uint8_t id;

	while (reader.at != reader.end && !wasm_read_byte(&reader, &id, &ignored) &&
	       !wasm_read_u32(&reader, &size, &ignored) &&
	       !wasm_read_bytes(&reader, size, &body, &ignored))
		count += id == SECTION_CUSTOM;
	return count;
}

static int decode_custom(struct decoder *decoder, struct wasm_code_reader *reader, uint64_t offset)
{
	struct wasm_module *module = decoder->module;
	struct wasm_custom *custom = &module->customs[module->custom_count];

	if (wasm_read_name(reader, &custom->name, decoder->error))
		return -1;
	custom->offset = offset;
	custom->payload.data = reader->at;
	custom->payload.size = wasm_reader_left(reader);
	reader->at = reader->end;
	module->custom_count++;
	return 0;
}

/* One section: header, contents, nothing left over. *order is the last one's. */
static int decode_section(struct decoder *decoder, struct wasm_code_reader *file, unsigned *order)
{
	struct wasm_code_reader section = *file;
	uint64_t offset = wasm_reader_offset(file);
	const struct section_kind *kind;
	uint32_t size;
	uint8_t id;
	int result;

	if (wasm_read_byte(file, &id, decoder->error))
		return -1;
	if (id >= SECTION_KIND_COUNT)
		return wasm_reader_fail(file, decoder->error, WALNUT_ERROR_MALFORMED, offset,
					"malformed section id %u", id);
	kind = &section_kinds[id];
	file->section = kind->name;
	if (id != SECTION_CUSTOM) {
		if (kind->order <= *order)
			return wasm_reader_fail(file, decoder->error, WALNUT_ERROR_MALFORMED,
						offset, "unexpected %s section: %s", kind->name,
						kind->order == *order ? "there is one already"
								      : "out of order");
		*order = kind->order;
	}
	if (wasm_read_u32(file, &size, decoder->error) ||
	    wasm_read_bytes(file, size, &section.at, decoder->error))
		return -1;
	section.end = file->at;
	section.section = kind->name;
	result = id == SECTION_CUSTOM ? decode_custom(decoder, &section, offset)
				      : kind->decode(decoder, &section);
	if (result)
		return -1;
	if (section.at != section.end)
		return wasm_reader_fail(&section, decoder->error, WALNUT_ERROR_MALFORMED,
					wasm_reader_offset(&section),
					"section size mismatch: %zu bytes left over",
					wasm_reader_left(&section));
	file->section = "header";
	return 0;
}

static int check_counts(const struct decoder *decoder)
{
	const struct wasm_module *module = decoder->module;

	if (!decoder->has_code && module->func_count != module->imported_func_count)
		return walnut_error_set(decoder->error, WALNUT_ERROR_MALFORMED, "code",
					WALNUT_NO_FUNCTION, module->bytes.size,
					"function and code section have inconsistent lengths: "
					"%u functions, no bodies",
					module->func_count - module->imported_func_count);
	if (module->has_data_count && module->declared_data_count != module->data_count)
		return walnut_error_set(decoder->error, WALNUT_ERROR_MALFORMED, "data",
					WALNUT_NO_FUNCTION, module->bytes.size,
					"data count and data section have inconsistent lengths: "
					"%u announced, %u segments",
					module->declared_data_count, module->data_count);
	return 0;
}

static int decode_module(struct decoder *decoder)
{
	struct wasm_module *module = decoder->module;
	struct wasm_code_reader file = {
		.begin = module->bytes.data,
		.at = module->bytes.data + HEADER_SIZE,
		.end = module->bytes.data + module->bytes.size,
		.function = WALNUT_NO_FUNCTION,
		.section = "header",
	};
	uint32_t custom_count = count_custom_sections(file);
	unsigned order = 0;

	if (custom_count > WASM_MAX_CUSTOM_SECTIONS)
		return refuse(decoder->error, WALNUT_ERROR_LIMIT, "too many custom sections");
	module->customs = decoder_alloc(decoder, custom_count, sizeof(*module->customs));
	if (!module->customs)
		return -1;
	while (file.at != file.end) {
		if (decode_section(decoder, &file, &order))
			return -1;
	}
	if (check_counts(decoder))
		return -1;
	decode_names(module);
	return 0;
}

struct wasm_module *walnut_decode(const uint8_t *bytes, size_t size, struct walnut_error *error)
{
	struct decoder decoder = { .error = error };
	struct wasm_arena *arena;

	if (check_header(bytes, size, error))
		return NULL;
	if (size > WASM_MAX_MODULE_SIZE) {
		refuse(error, WALNUT_ERROR_LIMIT, "the module is larger than 1 GiB");
		return NULL;
	}
	arena = wasm_arena_new();
	if (arena)
		decoder.module = wasm_arena_alloc(arena, 1, sizeof(*decoder.module));
	if (!decoder.module) {
		wasm_arena_free(arena);
		refuse(error, WALNUT_ERROR_SYSTEM, "out of memory while decoding");
		return NULL;
	}
	decoder.module->arena = arena;
	decoder.module->bytes = (struct wasm_bytes){ .data = bytes, .size = size };
	if (decode_module(&decoder)) {
		wasm_arena_free(arena);
		return NULL;
	}
	return decoder.module;
}

void walnut_module_free(struct wasm_module *module)
{
	if (module)
		wasm_arena_free(module->arena); /* the module itself is in there */
}
