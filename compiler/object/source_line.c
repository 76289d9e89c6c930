/* DWARF 4, section 6.2. */
#include "source_line.h"

#include <dwarf.h>

#include "source_dwarf.h"

#define VERSION 4
#define OPCODE_BASE 13

uint32_t source_file_number(struct source_files *files, uint32_t string)
{
	uint32_t index;

	if (string == 0 || record_table_add(&files->strings, &string, &index))
		return 0;
	return index + 1;
}

void source_files_free(struct source_files *files)
{
	record_table_free(&files->strings);
}

static void collect_files(struct source_files *files, const struct source_ranges *source)
{
	const struct inlined_node *nodes = source->nodes.records;

	for (uint32_t i = 0; i < source->line_count; i++)
		source_file_number(files, source->lines[i].file);
	for (uint32_t i = 0; i < source->nodes.count; i++)
		source_file_number(files, nodes[i].file);
}

static void write_header(struct section_buffer *line, const struct source_ranges *source,
			 const struct source_files *files)
{
	static const uint8_t operand_counts[OPCODE_BASE - 1] = { 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1 };
	const uint32_t *strings = files->strings.records;
	size_t header;

	buffer_u32(line, 0); /* the size, set at the end */
	buffer_u16(line, VERSION);
	header = line->size;
	buffer_u32(line, 0);
	buffer_u8(line, 1); /* bytes of the shortest instruction */
	buffer_u8(line, 1); /* operations per instruction */
	buffer_u8(line, 1); /* rows are statements */
	/* For special opcodes, which are not used. */
	buffer_u8(line, (uint8_t)-5);
	buffer_u8(line, 14);
	buffer_u8(line, OPCODE_BASE);
	buffer_bytes(line, operand_counts, sizeof(operand_counts));
	buffer_u8(line, 0); /* no folders: names are whole paths */
	for (uint32_t i = 0; i < files->strings.count; i++) {
		buffer_string(line, source->strings.bytes + strings[i]);
		buffer_u8(line, 0);
		buffer_u8(line, 0);
		buffer_u8(line, 0);
	}
	buffer_u8(line, 0);
	buffer_set_size(line, header);
}

static void write_address(struct section_buffer *line, const struct dwarf_symbols *symbols)
{
	buffer_u8(line, 0);
	buffer_uleb(line, 9);
	buffer_u8(line, DW_LNE_set_address);
	buffer_address(line, symbols->text, symbols->text_addend);
}

static void advance(struct section_buffer *line, uint64_t bytes)
{
	buffer_u8(line, DW_LNS_advance_pc);
	buffer_uleb(line, bytes);
}

static void write_rows(struct section_buffer *line, const struct source_ranges *source,
		       uint64_t text_size, struct source_files *files)
{
	struct code_line last = { .line = 1 };
	uint32_t file = 1;

	for (uint32_t i = 0; i < source->line_count; i++) {
		const struct code_line *now = &source->lines[i];
		uint32_t number = source_file_number(files, now->file);

		if (number && number != file) {
			buffer_u8(line, DW_LNS_set_file);
			buffer_uleb(line, file = number);
		}
		if (now->column != last.column) {
			buffer_u8(line, DW_LNS_set_column);
			buffer_uleb(line, now->column);
		}
		if (now->line != last.line) {
			buffer_u8(line, DW_LNS_advance_line);
			buffer_sleb(line, (int64_t)now->line - last.line);
		}
		if (now->address != last.address)
			advance(line, now->address - last.address);
		buffer_u8(line, DW_LNS_copy);
		last = *now;
	}
	advance(line, text_size - last.address);
	buffer_u8(line, 0);
	buffer_uleb(line, 1);
	buffer_u8(line, DW_LNE_end_sequence);
}

int source_line_write(struct section_buffer *line, const struct source_ranges *source, uint64_t text_size,
		      const struct dwarf_symbols *symbols, struct source_files *files)
{
	files->strings = RECORD_TABLE_OF(uint32_t);
	collect_files(files, source);
	write_header(line, source, files);
	write_address(line, symbols);
	write_rows(line, source, text_size, files);
	buffer_set_size(line, 0);
	return line->failed ? -1 : 0;
}
