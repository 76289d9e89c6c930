/* DWARF 4, chapter 7: one unit, in the 32-bit format. */
#include "source_dwarf.h"

#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "source_line.h"

#define DWARF_VERSION 4
#define ADDRESS_SIZE 8

enum abbreviation { UNIT = 1, FUNCTION, MANGLED_FUNCTION, ABSTRACT, INLINED };

static void abbreviate(struct section_buffer *abbrev, enum abbreviation number, unsigned tag, bool children,
		       const uint8_t (*attributes)[2])
{
	buffer_uleb(abbrev, number);
	buffer_uleb(abbrev, tag);
	buffer_u8(abbrev, children ? DW_CHILDREN_yes : DW_CHILDREN_no);
	do {
		buffer_uleb(abbrev, (*attributes)[0]);
		buffer_uleb(abbrev, (*attributes)[1]);
	} while ((*attributes++)[0]);
}

static void write_abbreviations(struct section_buffer *abbrev)
{
	static const uint8_t unit[][2] = {
		{ DW_AT_producer, DW_FORM_string }, { DW_AT_language, DW_FORM_data2 },
		{ DW_AT_name, DW_FORM_string }, { DW_AT_stmt_list, DW_FORM_sec_offset },
		{ DW_AT_low_pc, DW_FORM_addr }, { DW_AT_high_pc, DW_FORM_data8 }, { 0, 0 },
	};
	static const uint8_t function[][2] = {
		{ DW_AT_name, DW_FORM_string }, { DW_AT_external, DW_FORM_flag_present },
		{ DW_AT_low_pc, DW_FORM_addr }, { DW_AT_high_pc, DW_FORM_data8 },
		{ DW_AT_frame_base, DW_FORM_exprloc }, { 0, 0 },
	};
	static const uint8_t mangled[][2] = {
		{ DW_AT_linkage_name, DW_FORM_string }, { DW_AT_name, DW_FORM_string },
		{ DW_AT_external, DW_FORM_flag_present }, { DW_AT_low_pc, DW_FORM_addr },
		{ DW_AT_high_pc, DW_FORM_data8 }, { DW_AT_frame_base, DW_FORM_exprloc }, { 0, 0 },
	};
	static const uint8_t abstract[][2] = {
		{ DW_AT_name, DW_FORM_string }, { DW_AT_inline, DW_FORM_data1 }, { 0, 0 },
	};
	static const uint8_t inlined[][2] = {
		{ DW_AT_abstract_origin, DW_FORM_ref4 }, { DW_AT_ranges, DW_FORM_sec_offset },
		{ DW_AT_call_file, DW_FORM_udata }, { DW_AT_call_line, DW_FORM_udata },
		{ DW_AT_call_column, DW_FORM_udata }, { 0, 0 },
	};

	abbreviate(abbrev, UNIT, DW_TAG_compile_unit, true, unit);
	abbreviate(abbrev, FUNCTION, DW_TAG_subprogram, true, function);
	abbreviate(abbrev, MANGLED_FUNCTION, DW_TAG_subprogram, true, mangled);
	abbreviate(abbrev, ABSTRACT, DW_TAG_subprogram, false, abstract);
	abbreviate(abbrev, INLINED, DW_TAG_inlined_subroutine, true, inlined);
	buffer_u8(abbrev, 0);
}

/* --- The unit ------------------------------------------------------------------------ */

struct writer {
	struct source_dwarf *dwarf;
	struct source_ranges *source;
	const struct dwarf_symbols *symbols;
	struct source_files files;
	/* The nodes as lists: index + 1, 0: the end */
	uint32_t *first_of_function, *first_child, *sibling;
	uint32_t *range_offset; /* of each node, in .debug_ranges */
	struct record_table names;  /* of abstract functions: strings */
	uint32_t *abstract_offset;  /* of each of those, in .debug_info */
};

static const char *string_at(const struct writer *writer, uint32_t string)
{
	return writer->source->strings.bytes + string;
}

/* By the looks of the names. Debuggers read names, and what the user types, by it. */
static unsigned language_of(const struct wasm_module *module)
{
	unsigned language = DW_LANG_C99;

	for (uint32_t i = 0; i < module->func_count; i++) {
		const struct wasm_bytes *name = &module->funcs[i].name;
		const char *bytes = (const char *)name->data;

		if (name->size > 24 && (memcmp(bytes, "_ZN", 3) == 0 || memcmp(bytes, "_R", 2) == 0) &&
		    (bytes[1] == 'R' || memcmp(bytes + name->size - 20, "17h", 3) == 0))
			return DW_LANG_Rust;
		if ((name->size > 3 && memcmp(bytes, "_Z", 2) == 0) ||
		    (name->size && memmem(bytes, name->size, "::", 2)))
			language = DW_LANG_C_plus_plus_11;
	}
	return language;
}

static void write_unit_head(struct writer *writer, uint64_t text_size)
{
	const struct object_origin *origin = writer->source->origin;
	struct section_buffer *info = &writer->dwarf->info;

	buffer_u32(info, 0); /* the size, set at the end */
	buffer_u16(info, DWARF_VERSION);
	buffer_offset(info, writer->symbols->abbrev, 0);
	buffer_u8(info, ADDRESS_SIZE);
	buffer_uleb(info, UNIT);
	buffer_string(info, "walnut");
	buffer_u16(info, (uint16_t)language_of(origin->module));
	buffer_string(info, origin->name ? origin->name : "module.wasm");
	buffer_offset(info, writer->symbols->line, 0);
	buffer_address(info, writer->symbols->text, writer->symbols->text_addend);
	buffer_u64(info, text_size);
}

/* An entry for each name that was inlined somewhere; the inlined ones refer to it. */
static int write_abstract_functions(struct writer *writer)
{
	const struct inlined_node *nodes = writer->source->nodes.records;
	struct section_buffer *info = &writer->dwarf->info;

	writer->abstract_offset = calloc(writer->source->nodes.count + 1, sizeof(*writer->abstract_offset));
	if (!writer->abstract_offset)
		return -1;
	for (uint32_t i = 0; i < writer->source->nodes.count; i++) {
		uint32_t index;

		if (record_table_add(&writer->names, &nodes[i].name, &index))
			return -1;
		if (writer->abstract_offset[index])
			continue;
		writer->abstract_offset[index] = (uint32_t)info->size;
		buffer_uleb(info, ABSTRACT);
		buffer_string(info, string_at(writer, nodes[i].name));
		buffer_u8(info, DW_INL_inlined);
	}
	return 0;
}

/* Lists of children, in the nodes' order. */
static int link_nodes(struct writer *writer, uint32_t function_count)
{
	const struct inlined_node *nodes = writer->source->nodes.records;
	uint32_t count = writer->source->nodes.count;

	writer->first_of_function = calloc(function_count + 1, sizeof(uint32_t));
	writer->first_child = calloc(count + 1, sizeof(uint32_t));
	writer->sibling = calloc(count + 1, sizeof(uint32_t));
	if (!writer->first_of_function || !writer->first_child || !writer->sibling)
		return -1;
	for (uint32_t i = count; i-- > 0;) {
		uint32_t *first = nodes[i].parent ? &writer->first_child[nodes[i].parent - 1]
						  : &writer->first_of_function[nodes[i].native];

		writer->sibling[i] = *first;
		*first = i + 1;
	}
	return 0;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct code_range *a = left, *b = right;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return (a->low > b->low) - (a->low < b->low);
}

/* Each node's list, relative to the unit's beginning. */
static int write_ranges(struct writer *writer)
{
	struct source_ranges *source = writer->source;
	struct section_buffer *ranges = &writer->dwarf->ranges;

	writer->range_offset = calloc(source->nodes.count + 1, sizeof(uint32_t));
	if (!writer->range_offset)
		return -1;
	if (source->range_count)
		qsort(source->ranges, source->range_count, sizeof(*source->ranges), compare_ranges);
	for (uint32_t i = 0; i < source->range_count; i++) {
		const struct code_range *range = &source->ranges[i];

		if (i == 0 || range[-1].node != range->node)
			writer->range_offset[range->node] = (uint32_t)ranges->size;
		buffer_u64(ranges, range->low);
		buffer_u64(ranges, range->high);
		if (i + 1 == source->range_count || range[1].node != range->node) {
			buffer_u64(ranges, 0);
			buffer_u64(ranges, 0);
		}
	}
	return 0;
}

/* As deep as the chains of source_ranges.c are long. */
static int write_inlined(struct writer *writer, uint32_t first)
{
	const struct inlined_node *nodes = writer->source->nodes.records;
	struct section_buffer *info = &writer->dwarf->info;

	for (uint32_t at = first; at; at = writer->sibling[at - 1]) {
		const struct inlined_node *node = &nodes[at - 1];
		uint32_t index;

		if (record_table_add(&writer->names, &node->name, &index))
			return -1;
		buffer_uleb(info, INLINED);
		buffer_u32(info, writer->abstract_offset[index]);
		buffer_offset(info, writer->symbols->ranges, writer->range_offset[at - 1]);
		buffer_uleb(info, source_file_number(&writer->files, node->file));
		buffer_uleb(info, node->line);
		buffer_uleb(info, node->column);
		if (write_inlined(writer, writer->first_child[at - 1]))
			return -1;
		buffer_u8(info, 0);
	}
	return 0;
}

static int write_function(struct writer *writer, const struct native_function *function, uint32_t ordinal)
{
	const struct wasm_module *module = writer->source->origin->module;
	struct section_buffer *info = &writer->dwarf->info;
	struct wasm_bytes original = { 0 };
	const char *name = "instantiate";

	if (function->index != NATIVE_NO_INDEX) {
		name = string_at(writer, source_function_name(writer->source, function->index));
		original = module->funcs[function->index].name;
	}
	if (original.size && (strlen(name) != original.size || memcmp(name, original.data, original.size) != 0)) {
		buffer_uleb(info, MANGLED_FUNCTION);
		for (size_t i = 0; i < original.size && original.data[i]; i++)
			buffer_u8(info, original.data[i]);
		buffer_u8(info, 0);
	} else {
		buffer_uleb(info, FUNCTION);
	}
	buffer_string(info, name);
	buffer_address(info, writer->symbols->text, writer->symbols->text_addend + (int64_t)function->start);
	buffer_u64(info, function->size);
	buffer_uleb(info, 1);
	buffer_u8(info, DW_OP_reg6); /* RBP */
	if (write_inlined(writer, writer->first_of_function[ordinal]))
		return -1;
	buffer_u8(info, 0);
	return 0;
}

static int write_all(struct writer *writer, const struct native_function *functions,
		     uint32_t function_count, uint64_t text_size)
{
	struct section_buffer *info = &writer->dwarf->info;

	if (source_line_write(&writer->dwarf->line, writer->source, text_size, writer->symbols, &writer->files) ||
	    link_nodes(writer, function_count) || write_ranges(writer))
		return -1;
	write_abbreviations(&writer->dwarf->abbrev);
	write_unit_head(writer, text_size);
	if (write_abstract_functions(writer))
		return -1;
	for (uint32_t i = 0; i < function_count; i++)
		if (write_function(writer, &functions[i], i))
			return -1;
	buffer_u8(info, 0);
	buffer_set_size(info, 0);
	return 0;
}

int source_dwarf_write(struct source_dwarf *dwarf, const struct object_origin *origin,
		       const struct native_function *functions, uint32_t function_count,
		       const struct line_rows *rows, uint64_t text_size, const struct dwarf_symbols *symbols)
{
	struct source_ranges source;
	struct writer writer = {
		.dwarf = dwarf, .source = &source, .symbols = symbols, .names = RECORD_TABLE_OF(uint32_t),
	};
	int result = -1;

	*dwarf = (struct source_dwarf){ 0 };
	if (source_ranges_build(&source, origin, functions, function_count, rows) == 0)
		result = write_all(&writer, functions, function_count, text_size);
	if (dwarf->abbrev.failed || dwarf->info.failed || dwarf->line.failed || dwarf->ranges.failed ||
	    dwarf->ranges.size > INT32_MAX)
		result = -1;
	source_ranges_free(&source);
	source_files_free(&writer.files);
	record_table_free(&writer.names);
	free(writer.first_of_function);
	free(writer.first_child);
	free(writer.sibling);
	free(writer.range_offset);
	free(writer.abstract_offset);
	return result;
}

void source_dwarf_free(struct source_dwarf *dwarf)
{
	buffer_free(&dwarf->abbrev);
	buffer_free(&dwarf->info);
	buffer_free(&dwarf->line);
	buffer_free(&dwarf->ranges);
}
