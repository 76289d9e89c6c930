/* The sections that declare, types aside: core spec 3.0, sections 5.5.5 to 5.5.12. */

#include "decode/decoder.h"
#include "wasm/limits.h"

#define LIMITS_HAS_MAX 1u
#define LIMITS_SHARED 2u /* memories only */
#define LIMITS_64 4u

static int read_limits(struct decoder *decoder, struct wasm_code_reader *reader, uint8_t allowed,
		       struct wasm_limits *limits)
{
	uint64_t offset = wasm_reader_offset(reader);
	uint8_t flags;

	if (wasm_read_byte(reader, &flags, decoder->error))
		return -1;
	if (flags & ~allowed)
		return wasm_reader_fail(reader, decoder->error, WALNUT_ERROR_MALFORMED, offset,
					"malformed limits flags 0x%02x", flags);
	limits->address = flags & LIMITS_64 ? WASM_I64 : WASM_I32;
	limits->shared = flags & LIMITS_SHARED;
	limits->has_max = flags & LIMITS_HAS_MAX;
	limits->max = UINT64_MAX;
	if (wasm_read_u64(reader, &limits->min, decoder->error))
		return -1;
	return limits->has_max ? wasm_read_u64(reader, &limits->max, decoder->error) : 0;
}

static int read_table_type(struct decoder *decoder, struct wasm_code_reader *reader,
			   struct wasm_table *table)
{
	table->offset = wasm_reader_offset(reader);
	if (wasm_read_reftype(reader, &table->type.element, decoder->error))
		return -1;
	return read_limits(decoder, reader, LIMITS_HAS_MAX | LIMITS_64, &table->type.limits);
}

static int read_memory_type(struct decoder *decoder, struct wasm_code_reader *reader,
			    struct wasm_memory *memory)
{
	memory->offset = wasm_reader_offset(reader);
	return read_limits(decoder, reader, LIMITS_HAS_MAX | LIMITS_SHARED | LIMITS_64,
			   &memory->type.limits);
}

static int read_global_type(struct decoder *decoder, struct wasm_code_reader *reader,
			    struct wasm_global *global)
{
	uint8_t mutability;

	global->offset = wasm_reader_offset(reader);
	if (wasm_read_valtype(reader, &global->type.type, decoder->error) ||
	    wasm_read_byte(reader, &mutability, decoder->error))
		return -1;
	if (mutability > 1) {
		reader->at--;
		return decoder_malformed(decoder, reader, "malformed mutability");
	}
	global->type.mutable_ = mutability;
	return 0;
}

/* An attribute, of which exception is the only one, and the type's index. */
static int read_tag_type(struct decoder *decoder, struct wasm_code_reader *reader,
			 struct wasm_tag *tag)
{
	uint64_t offset = wasm_reader_offset(reader);
	uint8_t attribute;

	if (wasm_read_byte(reader, &attribute, decoder->error))
		return -1;
	if (attribute)
		return wasm_reader_fail(reader, decoder->error, WALNUT_ERROR_MALFORMED, offset,
					"malformed tag attribute 0x%02x", attribute);
	tag->offset = wasm_reader_offset(reader);
	return wasm_read_u32(reader, &tag->type, decoder->error);
}

/* The descriptor of an import, whose entity becomes the next in its index space. */
static int read_import_entity(struct decoder *decoder, struct wasm_code_reader *reader,
			      struct wasm_import *import)
{
	struct wasm_module *module = decoder->module;
	struct wasm_func *func;
	struct wasm_table *table;
	struct wasm_memory *memory;
	struct wasm_global *global;
	struct wasm_tag *tag;

	switch (import->kind) {
	case WASM_EXTERN_FUNC:
		import->index = module->func_count;
		func = &module->funcs[module->func_count++];
		func->imported = true;
		func->type_offset = wasm_reader_offset(reader);
		return wasm_read_u32(reader, &func->type, decoder->error);
	case WASM_EXTERN_TABLE:
		import->index = module->table_count;
		table = &module->tables[module->table_count++];
		table->imported = true;
		return read_table_type(decoder, reader, table);
	case WASM_EXTERN_MEMORY:
		import->index = module->memory_count;
		memory = &module->memories[module->memory_count++];
		memory->imported = true;
		return read_memory_type(decoder, reader, memory);
	case WASM_EXTERN_GLOBAL:
		import->index = module->global_count;
		global = &module->globals[module->global_count++];
		global->imported = true;
		return read_global_type(decoder, reader, global);
	case WASM_EXTERN_TAG:
		import->index = module->tag_count;
		tag = &module->tags[module->tag_count++];
		tag->imported = true;
		return read_tag_type(decoder, reader, tag);
	}
	__builtin_unreachable();
}

/* The kind byte of an import or export. */
static int read_extern_kind(struct decoder *decoder, struct wasm_code_reader *reader,
			    const char *what, enum wasm_extern_kind *kind)
{
	uint64_t offset = wasm_reader_offset(reader);
	uint8_t byte;

	if (wasm_read_byte(reader, &byte, decoder->error))
		return -1;
	if (byte > WASM_EXTERN_TAG)
		return wasm_reader_fail(reader, decoder->error, WALNUT_ERROR_MALFORMED, offset,
					"malformed %s kind 0x%02x", what, byte);
	*kind = byte;
	return 0;
}

int decode_imports(struct decoder *decoder, struct wasm_code_reader *reader)
{
	struct wasm_module *module = decoder->module;
	uint32_t count;

	if (wasm_read_count(reader, 4, WASM_MAX_IMPORTS, "imports", &count, decoder->error))
		return -1;
	/* Each space has room for all of them: how many of which kind there are is
	 * known only at the end, and most modules import functions only. */
	module->imports = decoder_alloc(decoder, count, sizeof(*module->imports));
	module->funcs = decoder_alloc(decoder, count, sizeof(*module->funcs));
	module->tables = decoder_alloc(decoder, count, sizeof(*module->tables));
	module->memories = decoder_alloc(decoder, count, sizeof(*module->memories));
	module->globals = decoder_alloc(decoder, count, sizeof(*module->globals));
	module->tags = decoder_alloc(decoder, count, sizeof(*module->tags));
	if (!module->imports || !module->funcs || !module->tables || !module->memories ||
	    !module->globals || !module->tags)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		struct wasm_import *import = &module->imports[i];

		import->offset = wasm_reader_offset(reader);
		if (wasm_read_name(reader, &import->module, decoder->error) ||
		    wasm_read_name(reader, &import->field, decoder->error) ||
		    read_extern_kind(decoder, reader, "import", &import->kind) ||
		    read_import_entity(decoder, reader, import))
			return -1;
	}
	module->import_count = count;
	module->imported_func_count = module->func_count;
	module->imported_table_count = module->table_count;
	module->imported_memory_count = module->memory_count;
	module->imported_global_count = module->global_count;
	module->imported_tag_count = module->tag_count;
	return 0;
}

int decode_functions(struct decoder *decoder, struct wasm_code_reader *reader)
{
	struct wasm_module *module = decoder->module;
	uint32_t count;

	if (wasm_read_count(reader, 1, WASM_MAX_FUNCTIONS, "functions", &count, decoder->error))
		return -1;
	module->funcs = decoder_extend(decoder, module->funcs, module->func_count, count,
				       sizeof(*module->funcs));
	if (!module->funcs)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		struct wasm_func *func = &module->funcs[module->func_count];

		func->type_offset = wasm_reader_offset(reader);
		if (wasm_read_u32(reader, &func->type, decoder->error))
			return -1;
		module->func_count++;
	}
	return 0;
}

#define TABLE_WITH_INIT 0x40 /* then a zero byte, the type and an expression */

static int read_table(struct decoder *decoder, struct wasm_code_reader *reader,
		      struct wasm_table *table)
{
	uint8_t zero;

	table->has_init = reader->at != reader->end && *reader->at == TABLE_WITH_INIT;
	if (!table->has_init)
		return read_table_type(decoder, reader, table);
	reader->at++;
	if (wasm_read_byte(reader, &zero, decoder->error))
		return -1;
	if (zero) {
		reader->at--;
		return decoder_malformed(decoder, reader, "malformed table: zero byte expected");
	}
	if (read_table_type(decoder, reader, table))
		return -1;
	return decode_expr(decoder, reader, &table->init);
}

int decode_tables(struct decoder *decoder, struct wasm_code_reader *reader)
{
	struct wasm_module *module = decoder->module;
	uint32_t count;

	if (wasm_read_count(reader, 3, WASM_MAX_TABLES, "tables", &count, decoder->error))
		return -1;
	module->tables = decoder_extend(decoder, module->tables, module->table_count, count,
					sizeof(*module->tables));
	if (!module->tables)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		if (read_table(decoder, reader, &module->tables[module->table_count]))
			return -1;
		module->table_count++;
	}
	return 0;
}

int decode_memories(struct decoder *decoder, struct wasm_code_reader *reader)
{
	struct wasm_module *module = decoder->module;
	uint32_t count;

	if (wasm_read_count(reader, 2, WASM_MAX_MEMORIES, "memories", &count, decoder->error))
		return -1;
	module->memories = decoder_extend(decoder, module->memories, module->memory_count, count,
					  sizeof(*module->memories));
	if (!module->memories)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		if (read_memory_type(decoder, reader, &module->memories[module->memory_count]))
			return -1;
		module->memory_count++;
	}
	return 0;
}

int decode_tags(struct decoder *decoder, struct wasm_code_reader *reader)
{
	struct wasm_module *module = decoder->module;
	uint32_t count;

	if (wasm_read_count(reader, 2, WASM_MAX_TAGS, "tags", &count, decoder->error))
		return -1;
	module->tags = decoder_extend(decoder, module->tags, module->tag_count, count,
				      sizeof(*module->tags));
	if (!module->tags)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		if (read_tag_type(decoder, reader, &module->tags[module->tag_count]))
			return -1;
		module->tag_count++;
	}
	return 0;
}

int decode_globals(struct decoder *decoder, struct wasm_code_reader *reader)
{
	struct wasm_module *module = decoder->module;
	uint32_t count;

	if (wasm_read_count(reader, 3, WASM_MAX_GLOBALS, "globals", &count, decoder->error))
		return -1;
	module->globals = decoder_extend(decoder, module->globals, module->global_count, count,
					 sizeof(*module->globals));
	if (!module->globals)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		struct wasm_global *global = &module->globals[module->global_count];

		if (read_global_type(decoder, reader, global) ||
		    decode_expr(decoder, reader, &global->init))
			return -1;
		module->global_count++;
	}
	return 0;
}

int decode_exports(struct decoder *decoder, struct wasm_code_reader *reader)
{
	struct wasm_module *module = decoder->module;
	uint32_t count;

	if (wasm_read_count(reader, 3, WASM_MAX_EXPORTS, "exports", &count, decoder->error))
		return -1;
	module->exports = decoder_alloc(decoder, count, sizeof(*module->exports));
	if (!module->exports)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		struct wasm_export *export = &module->exports[i];

		export->offset = wasm_reader_offset(reader);
		if (wasm_read_name(reader, &export->field, decoder->error) ||
		    read_extern_kind(decoder, reader, "export", &export->kind) ||
		    wasm_read_u32(reader, &export->index, decoder->error))
			return -1;
		if (export->kind == WASM_EXTERN_FUNC && export->index < module->func_count)
			module->funcs[export->index].referenced = true;
	}
	module->export_count = count;
	return 0;
}

int decode_start(struct decoder *decoder, struct wasm_code_reader *reader)
{
	struct wasm_module *module = decoder->module;

	module->has_start = true;
	module->start_offset = wasm_reader_offset(reader);
	return wasm_read_u32(reader, &module->start_func, decoder->error);
}
