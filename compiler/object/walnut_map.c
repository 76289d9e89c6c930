/* From the object's line table to its walnut_map section. */
#include "walnut_map.h"

#include <stdlib.h>
#include <string.h>

#include "app_object.h"
#include "dwarf_line.h"
#include "elf_object.h"

struct map_builder {
	struct elf_object elf;
	uint64_t text_index;
	Elf64_Shdr text;
	Elf64_Shdr symbols;
	uint64_t symbols_index;
	Elf64_Shdr relocations; /* of .debug_line; size 0 without */
	struct walnut_map_row *rows;
	size_t row_count, row_capacity;
};

/* The relocation at this offset, when it points into the app's code. They are
 * sorted, but one for each sequence: a linear search does. */
static bool relocated_address(void *opaque, uint64_t section_offset, uint64_t *address)
{
	struct map_builder *builder = opaque;
	const uint8_t *content = elf_content(&builder->elf, &builder->relocations);
	size_t count = builder->relocations.sh_size / sizeof(Elf64_Rela);
	Elf64_Rela relocation;
	Elf64_Sym symbol;

	for (size_t i = 0; content && i < count; i++) {
		memcpy(&relocation, content + i * sizeof(relocation), sizeof(relocation));
		if (relocation.r_offset != section_offset)
			continue;
		if (ELF64_R_TYPE(relocation.r_info) != R_X86_64_64 ||
		    elf_symbol(&builder->elf, &builder->symbols, ELF64_R_SYM(relocation.r_info), &symbol) ||
		    symbol.st_shndx != builder->text_index)
			return false;
		*address = symbol.st_value + (uint64_t)relocation.r_addend;
		return true;
	}
	return false;
}

static int add_row(void *opaque, uint64_t address, uint64_t line)
{
	struct map_builder *builder = opaque;

	if (address > UINT32_MAX || line > UINT32_MAX)
		return -1;
	if (builder->row_count == builder->row_capacity) {
		size_t capacity = builder->row_capacity ? builder->row_capacity * 2 : 1024;
		struct walnut_map_row *rows = reallocarray(builder->rows, capacity, sizeof(*rows));

		if (!rows)
			return -1;
		builder->rows = rows;
		builder->row_capacity = capacity;
	}
	builder->rows[builder->row_count++] = (struct walnut_map_row){ (uint32_t)address, (uint32_t)line };
	return 0;
}

static int compare_rows(const void *left, const void *right)
{
	const struct walnut_map_row *a = left, *b = right;

	return (a->text_offset > b->text_offset) - (a->text_offset < b->text_offset);
}

/* Sequences may come in any order, but rows of one address stay in theirs: a
 * merge sort, as glibc's qsort is not one by contract. */
static int sort_rows(struct map_builder *builder)
{
	struct walnut_map_row *from = builder->rows, *to;
	size_t count = builder->row_count;
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
	if (from != builder->rows)
		memcpy(builder->rows, from, count * sizeof(*from));
	free(spare);
	return 0;
}

/* Of rows with one address the last counts; a row that repeats the offset before
 * it says nothing. */
static void compact_rows(struct map_builder *builder)
{
	size_t kept = 0;

	for (size_t i = 0; i < builder->row_count; i++) {
		struct walnut_map_row row = builder->rows[i];

		if (kept && builder->rows[kept - 1].text_offset == row.text_offset)
			kept--;
		if (kept && builder->rows[kept - 1].wasm_offset == row.wasm_offset)
			continue;
		builder->rows[kept++] = row;
	}
	builder->row_count = kept;
}

static int read_rows(struct map_builder *builder)
{
	struct dwarf_line_visitor visitor = { relocated_address, add_row, builder };
	const uint8_t *content;
	Elf64_Shdr lines;
	uint64_t index;

	/* No located instruction, no line table. */
	if (elf_find_section(&builder->elf, ".debug_line", &index, &lines))
		return 0;
	content = elf_content(&builder->elf, &lines);
	if (elf_find_section(&builder->elf, ".rela.debug_line", &index, &builder->relocations))
		builder->relocations.sh_size = 0;
	if (!content || dwarf_line_read(content, lines.sh_size, &visitor) || sort_rows(builder))
		return -1;
	compact_rows(builder);
	return 0;
}

static int find_symbol_table(struct map_builder *builder)
{
	for (uint64_t i = 1; i < builder->elf.section_count; i++) {
		if (elf_section(&builder->elf, i, &builder->symbols))
			return -1;
		if (builder->symbols.sh_type == SHT_SYMTAB) {
			builder->symbols_index = i;
			return 0;
		}
	}
	return -1;
}

/* Any symbol of the code section can stand for its beginning. */
static int find_text_symbol(const struct map_builder *builder, Elf64_Rela *relocation)
{
	Elf64_Sym symbol;

	for (uint64_t i = 1; elf_symbol(&builder->elf, &builder->symbols, i, &symbol) == 0; i++) {
		if (symbol.st_shndx != builder->text_index)
			continue;
		relocation->r_info = ELF64_R_INFO(i, R_X86_64_64);
		relocation->r_addend = -(int64_t)symbol.st_value;
		return 0;
	}
	return -1;
}

static int append(struct map_builder *builder, uint8_t **out, size_t *out_size)
{
	size_t rows_size = builder->row_count * sizeof(*builder->rows);
	struct walnut_map *map = calloc(1, sizeof(*map) + rows_size);
	Elf64_Rela relocation = { .r_offset = offsetof(struct walnut_map, text_base) };
	int result = -1;

	if (!map || builder->row_count > UINT32_MAX || find_text_symbol(builder, &relocation))
		goto out;
	map->magic = WALNUT_MAP_MAGIC;
	map->row_count = (uint32_t)builder->row_count;
	map->text_size = builder->text.sh_size;
	if (rows_size)
		memcpy(map->rows, builder->rows, rows_size);

	struct elf_new_section sections[] = {
		{
			.name = WALNUT_SECTION_MAP,
			.type = SHT_PROGBITS,
			/* Nothing refers to it, yet it stays. Writable as far
			 * as position-independent executables relocate it. */
			.flags = SHF_ALLOC | SHF_WRITE | SHF_GNU_RETAIN,
			.align = 8,
			.content = map,
			.size = sizeof(*map) + rows_size,
		},
		{
			.name = ".rela" WALNUT_SECTION_MAP,
			.type = SHT_RELA,
			.flags = SHF_INFO_LINK,
			.align = 8,
			.entry_size = sizeof(relocation),
			.link = (uint32_t)builder->symbols_index,
			.info = ELF_INFO_PREVIOUS,
			.content = &relocation,
			.size = sizeof(relocation),
		},
	};
	result = elf_object_extend(&builder->elf, sections, 2, out, out_size);
out:
	free(map);
	return result;
}

int walnut_map_append(const uint8_t *object, size_t size, uint8_t **out, size_t *out_size,
		      struct walnut_error *error)
{
	struct map_builder builder = { 0 };
	int result = -1;

	*out = NULL;
	if (elf_object_open(&builder.elf, object, size) == 0 &&
	    elf_find_section(&builder.elf, WALNUT_SECTION_TEXT, &builder.text_index, &builder.text) == 0 &&
	    find_symbol_table(&builder) == 0 && read_rows(&builder) == 0)
		result = append(&builder, out, out_size);
	free(builder.rows);
	if (result)
		walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0,
				 "cannot build the side table of the object");
	return result;
}
