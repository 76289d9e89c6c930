/* The line table of an object, as rows of struct walnut_map. */
#include "line_rows.h"

#include <stdlib.h>
#include <string.h>

#include "dwarf_line.h"
#include "elf_object.h"

struct row_reader {
	const struct elf_object *elf;
	uint64_t text_index;
	Elf64_Shdr symbols;
	Elf64_Shdr relocations; /* of .debug_line; size 0 without */
	struct line_rows *rows;
};

/* The relocation at this offset, when it points into the app's code. They are
 * sorted, but one for each sequence: a linear search does. */
static bool relocated_address(void *opaque, uint64_t section_offset, uint64_t *address)
{
	struct row_reader *reader = opaque;
	const uint8_t *content = elf_content(reader->elf, &reader->relocations);
	size_t count = reader->relocations.sh_size / sizeof(Elf64_Rela);
	Elf64_Rela relocation;
	Elf64_Sym symbol;

	for (size_t i = 0; content && i < count; i++) {
		memcpy(&relocation, content + i * sizeof(relocation), sizeof(relocation));
		if (relocation.r_offset != section_offset)
			continue;
		if (ELF64_R_TYPE(relocation.r_info) != R_X86_64_64 ||
		    elf_symbol(reader->elf, &reader->symbols, ELF64_R_SYM(relocation.r_info), &symbol) ||
		    symbol.st_shndx != reader->text_index)
			return false;
		*address = symbol.st_value + (uint64_t)relocation.r_addend;
		return true;
	}
	return false;
}

static int add_row(void *opaque, uint64_t address, uint64_t line)
{
	struct line_rows *rows = ((struct row_reader *)opaque)->rows;

	if (address > UINT32_MAX || line > UINT32_MAX)
		return -1;
	if (rows->count == rows->capacity) {
		size_t capacity = rows->capacity ? rows->capacity * 2 : 1024;
		struct walnut_map_row *grown = reallocarray(rows->rows, capacity, sizeof(*grown));

		if (!grown)
			return -1;
		rows->rows = grown;
		rows->capacity = capacity;
	}
	rows->rows[rows->count++] = (struct walnut_map_row){ (uint32_t)address, (uint32_t)line };
	return 0;
}

static int compare_rows(const void *left, const void *right)
{
	const struct walnut_map_row *a = left, *b = right;

	return (a->text_offset > b->text_offset) - (a->text_offset < b->text_offset);
}

/* Sequences may come in any order, but rows of one address stay in theirs: a
 * merge sort, as glibc's qsort is not one by contract. */
static int sort_rows(struct line_rows *rows)
{
	struct walnut_map_row *from = rows->rows, *to;
	size_t count = rows->count;
	struct walnut_map_row *spare;
	bool sorted = true;

	for (size_t i = 1; i < count && sorted; i++)
		sorted = compare_rows(&from[i - 1], &from[i]) <= 0;
	if (sorted)
		return 0;
	spare = calloc(count, sizeof(*spare));
	if (!spare)
		return -1;
	to = spare;
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t start = 0; start < count; start += 2 * width) {
			size_t middle = start + width < count ? start + width : count;
			size_t end = start + 2 * width < count ? start + 2 * width : count;
			size_t left = start, right = middle;

			for (size_t i = start; i < end; i++) {
				bool take_left = left < middle &&
					(right >= end || compare_rows(&from[left], &from[right]) <= 0);

				to[i] = from[take_left ? left++ : right++];
			}
		}
		struct walnut_map_row *swap = from;
		from = to;
		to = swap;
	}
	if (from != rows->rows)
		memcpy(rows->rows, from, count * sizeof(*from));
	free(spare);
	return 0;
}

/* Of rows with one address the last counts; a row that repeats the offset before
 * it says nothing. */
static void compact_rows(struct line_rows *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++) {
		struct walnut_map_row row = rows->rows[i];

		if (kept && rows->rows[kept - 1].text_offset == row.text_offset)
			kept--;
		if (kept && rows->rows[kept - 1].place == row.place)
			continue;
		rows->rows[kept++] = row;
	}
	rows->count = kept;
}

/* Sorted and compact; of a part without code, or without a located instruction, none. */
static int read_part(const struct elf_object *elf, struct line_rows *rows)
{
	struct row_reader reader = { .elf = elf, .rows = rows };
	struct dwarf_line_visitor visitor = { relocated_address, add_row, &reader };
	const uint8_t *content;
	Elf64_Shdr lines, text;
	uint64_t index;

	if (elf_find_section(elf, WALNUT_SECTION_TEXT, &reader.text_index, &text) ||
	    elf_find_section(elf, ".debug_line", &index, &lines))
		return 0;
	content = elf_content(elf, &lines);
	if (elf_find_section(elf, ".rela.debug_line", &index, &reader.relocations))
		reader.relocations.sh_size = 0;
	if (!content || elf_find_section(elf, ".symtab", &index, &reader.symbols) ||
	    dwarf_line_read(content, lines.sh_size, &visitor) || sort_rows(rows))
		return -1;
	compact_rows(rows);
	return 0;
}

/* Room for so many more of each. */
static int reserve(struct line_rows *rows, size_t row_count, uint32_t inline_count)
{
	size_t rows_needed = rows->count + row_count, inlines_needed;
	void *grown;

	if (rows_needed > rows->capacity) {
		size_t capacity = rows_needed > 2 * rows->capacity ? rows_needed : 2 * rows->capacity;

		grown = reallocarray(rows->rows, capacity, sizeof(*rows->rows));
		if (!grown)
			return -1;
		rows->rows = grown;
		rows->capacity = capacity;
	}
	inlines_needed = (size_t)rows->inline_count + inline_count;
	if (inline_count == 0)
		return 0;
	if (inlines_needed > WALNUT_MAP_INLINED)
		return -1;
	grown = reallocarray(rows->inlines, inlines_needed, sizeof(*rows->inlines));
	if (!grown)
		return -1;
	rows->inlines = grown;
	return 0;
}

/* A part's place, in the tables of the whole. */
static uint32_t moved(uint32_t place, uint32_t base)
{
	return place & WALNUT_MAP_INLINED ? place + base : place;
}

int line_rows_add(struct line_rows *rows, const struct object_part *part, uint64_t text_base)
{
	struct line_rows own = { 0 };
	uint32_t base = rows->inline_count;
	struct elf_object elf;
	int result = -1;

	if (elf_object_open(&elf, part->bytes, part->size) || read_part(&elf, &own) ||
	    reserve(rows, own.count, part->inline_count))
		goto out;
	/* Where one part's code ends, the next one's may begin. */
	if (rows->count && own.count &&
	    rows->rows[rows->count - 1].text_offset == own.rows[0].text_offset + text_base)
		rows->count--;
	for (size_t i = 0; i < own.count; i++) {
		uint64_t offset = own.rows[i].text_offset + text_base;

		if (offset > UINT32_MAX)
			goto out;
		rows->rows[rows->count++] = (struct walnut_map_row){
			(uint32_t)offset, moved(own.rows[i].place, base) };
	}
	for (uint32_t i = 0; i < part->inline_count; i++)
		rows->inlines[rows->inline_count++] = (struct walnut_map_inline){
			part->inlines[i].wasm_offset, moved(part->inlines[i].caller, base) };
	result = 0;
out:
	free(own.rows);
	return result;
}

void line_rows_free(struct line_rows *rows)
{
	free(rows->rows);
	free(rows->inlines);
}
