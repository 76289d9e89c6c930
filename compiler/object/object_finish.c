#include "object_finish.h"

#include <stdlib.h>
#include <string.h>

#include "elf_join.h"
#include "elf_object.h"
#include "line_rows.h"
#include "source_dwarf.h"
#include "source_section.h"
#include "wasm/module.h"

#define SECTIONS_MAX 16

struct finisher {
	const struct object_origin *origin;
	struct elf_object elf;
	uint64_t text_index;
	Elf64_Shdr text;
	Elf64_Shdr symbols;
	uint64_t symbols_index;
	struct line_rows rows;
	struct walnut_map *map;
	struct walnut_source *source;
	bool *dropped;
	struct native_function *functions;
	uint32_t function_count;
	struct source_dwarf dwarf;
	Elf64_Rela text_base[2]; /* of map and source */
	struct elf_new_section sections[SECTIONS_MAX];
	size_t section_count;
};

static int find_symbol_table(struct finisher *finisher)
{
	for (uint64_t i = 1; i < finisher->elf.section_count; i++) {
		if (elf_section(&finisher->elf, i, &finisher->symbols))
			return -1;
		if (finisher->symbols.sh_type == SHT_SYMTAB) {
			finisher->symbols_index = i;
			return 0;
		}
	}
	return -1;
}

/* Any symbol of the code section can stand for its beginning. */
static int find_text_symbol(const struct finisher *finisher, uint64_t where, Elf64_Rela *relocation)
{
	Elf64_Sym symbol;

	for (uint64_t i = 1; elf_symbol(&finisher->elf, &finisher->symbols, i, &symbol) == 0; i++) {
		if (symbol.st_shndx != finisher->text_index)
			continue;
		relocation->r_offset = where;
		relocation->r_info = ELF64_R_INFO(i, R_X86_64_64);
		relocation->r_addend = -(int64_t)symbol.st_value;
		return 0;
	}
	return -1;
}

/* One of the two side tables, with the relocation of its text_base. */
static void add_table(struct finisher *finisher, const char *name, const char *relocation_name,
		      const void *content, size_t size, const Elf64_Rela *text_base)
{
	finisher->sections[finisher->section_count++] = (struct elf_new_section){
		.name = name,
		.type = SHT_PROGBITS,
		/* Nothing refers to it, yet it stays. Writable as far as
		 * position-independent executables relocate it. */
		.flags = SHF_ALLOC | SHF_WRITE | SHF_GNU_RETAIN,
		.align = 8,
		.content = content,
		.size = size,
	};
	finisher->sections[finisher->section_count++] = (struct elf_new_section){
		.name = relocation_name,
		.type = SHT_RELA,
		.flags = SHF_INFO_LINK,
		.align = 8,
		.entry_size = sizeof(*text_base),
		.link = (uint32_t)finisher->symbols_index,
		.info = ELF_INFO_PREVIOUS,
		.content = text_base,
		.size = sizeof(*text_base),
	};
}

static int add_map(struct finisher *finisher)
{
	size_t rows = finisher->rows.count * sizeof(struct walnut_map_row);
	size_t inlines = finisher->rows.inline_count * sizeof(*finisher->rows.inlines);
	struct walnut_map *map = calloc(1, sizeof(*map) + rows + inlines);

	finisher->map = map;
	if (!map || finisher->rows.count > UINT32_MAX ||
	    find_text_symbol(finisher, offsetof(struct walnut_map, text_base), &finisher->text_base[0]))
		return -1;
	map->magic = WALNUT_MAP_MAGIC;
	map->row_count = (uint32_t)finisher->rows.count;
	map->text_size = finisher->text.sh_size;
	map->inline_count = finisher->rows.inline_count;
	if (rows)
		memcpy(map->rows, finisher->rows.rows, rows);
	if (inlines)
		memcpy((char *)map->rows + rows, finisher->rows.inlines, inlines);
	add_table(finisher, WALNUT_SECTION_MAP, ".rela" WALNUT_SECTION_MAP, map,
		  sizeof(*map) + rows + inlines, &finisher->text_base[0]);
	return 0;
}

static int add_source(struct finisher *finisher)
{
	size_t size;

	if (source_section_build(finisher->origin, &finisher->rows, finisher->text.sh_size,
				 &finisher->source, &size))
		return -1;
	if (!finisher->source)
		return 0;
	if (find_text_symbol(finisher, offsetof(struct walnut_source, text_base), &finisher->text_base[1]))
		return -1;
	add_table(finisher, WALNUT_SECTION_SOURCE, ".rela" WALNUT_SECTION_SOURCE, finisher->source, size,
		  &finisher->text_base[1]);
	return 0;
}

/* LLVM's own lines are numbers of no use to anybody else. How frames are laid out is good
 * for a debugger, though. */
static bool is_dropped_name(const char *name, bool keep_frames)
{
	if (strncmp(name, ".rela", 5) == 0)
		name += 5;
	return strncmp(name, ".debug_", 7) == 0 && !(keep_frames && strcmp(name, ".debug_frame") == 0);
}

static int drop_debug_sections(struct finisher *finisher)
{
	const struct elf_object *elf = &finisher->elf;
	const char *strings;
	Elf64_Shdr names;

	finisher->dropped = calloc(elf->section_count + 1, sizeof(*finisher->dropped));
	if (!finisher->dropped || elf_section(elf, elf->name_section, &names) ||
	    !(strings = (const char *)elf_content(elf, &names)) || names.sh_size == 0 ||
	    strings[names.sh_size - 1] != '\0')
		return -1;
	for (uint64_t i = 1; i < elf->section_count; i++) {
		Elf64_Shdr header;

		if (elf_section(elf, i, &header))
			return -1;
		finisher->dropped[i] = header.sh_name < names.sh_size &&
				       is_dropped_name(strings + header.sh_name,
						       finisher->origin->keep_lines);
	}
	return 0;
}

/* --- For debuggers ------------------------------------------------------------------- */

static int compare_functions(const void *left, const void *right)
{
	const struct native_function *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

/* The index in "walnut.func.INDEX" (translate/entity.c). */
static uint32_t function_index(const struct finisher *finisher, const char *name)
{
	static const char prefix[] = "walnut.func.";
	unsigned long index;
	char *end;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return NATIVE_NO_INDEX;
	index = strtoul(name + sizeof(prefix) - 1, &end, 10);
	return *end || index >= finisher->origin->module->func_count ? NATIVE_NO_INDEX : (uint32_t)index;
}

/* Functions by the object's symbols; an exported one has several. */
static int find_functions(struct finisher *finisher)
{
	const struct elf_object *elf = &finisher->elf;
	size_t symbols = finisher->symbols.sh_size / sizeof(Elf64_Sym);
	const char *names;
	Elf64_Shdr strings;
	Elf64_Sym symbol;

	finisher->functions = calloc(symbols + 1, sizeof(*finisher->functions));
	if (!finisher->functions || elf_section(elf, finisher->symbols.sh_link, &strings) ||
	    !(names = (const char *)elf_content(elf, &strings)) || strings.sh_size == 0 ||
	    names[strings.sh_size - 1] != '\0')
		return -1;
	for (uint64_t i = 1; elf_symbol(elf, &finisher->symbols, i, &symbol) == 0; i++) {
		uint32_t index = symbol.st_name < strings.sh_size ? function_index(finisher, names + symbol.st_name)
								  : NATIVE_NO_INDEX;

		if (symbol.st_shndx == finisher->text_index && ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
		    symbol.st_size && symbol.st_value <= finisher->text.sh_size &&
		    symbol.st_size <= finisher->text.sh_size - symbol.st_value &&
		    (index != NATIVE_NO_INDEX || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL))
			finisher->functions[finisher->function_count++] =
				(struct native_function){ symbol.st_value, symbol.st_size, index };
	}
	qsort(finisher->functions, finisher->function_count, sizeof(*finisher->functions), compare_functions);
	return 0;
}

/* Sections of LLVM's that go anyway have symbols: a new section that takes the place of
 * such a one can be referred to. *section and *symbol of the next one after *section. */
static int take_place(const struct finisher *finisher, uint64_t *section, uint32_t *symbol)
{
	Elf64_Sym entry;

	while (++*section < finisher->elf.section_count) {
		if (!finisher->dropped[*section])
			continue;
		for (uint32_t i = 1; elf_symbol(&finisher->elf, &finisher->symbols, i, &entry) == 0; i++) {
			if (ELF64_ST_TYPE(entry.st_info) == STT_SECTION && entry.st_shndx == *section) {
				*symbol = i;
				return 0;
			}
		}
	}
	return -1;
}

static void add_debug_section(struct finisher *finisher, const char *name, const char *relocation_name,
			      uint64_t replaces, const struct section_buffer *buffer)
{
	struct elf_new_section *section = &finisher->sections[finisher->section_count++];

	*section = (struct elf_new_section){
		.name = name, .replaces = replaces, .type = SHT_PROGBITS, .align = 1,
		.content = buffer->bytes, .size = buffer->size,
	};
	if (buffer->relocation_count == 0)
		return;
	finisher->sections[finisher->section_count++] = (struct elf_new_section){
		.name = relocation_name, .type = SHT_RELA, .flags = SHF_INFO_LINK, .align = 8,
		.entry_size = sizeof(Elf64_Rela), .link = (uint32_t)finisher->symbols_index,
		.info = ELF_INFO_PREVIOUS, .content = buffer->relocations,
		.size = buffer->relocation_count * sizeof(Elf64_Rela),
	};
}

static int add_debug(struct finisher *finisher)
{
	struct dwarf_symbols symbols;
	uint64_t abbrev = 0, line, ranges;
	Elf64_Rela text;

	if (!finisher->origin->keep_lines)
		return 0;
	if (take_place(finisher, &abbrev, &symbols.abbrev))
		return 0; /* an object without a located instruction */
	line = abbrev;
	if (take_place(finisher, &line, &symbols.line))
		return -1;
	ranges = line;
	if (take_place(finisher, &ranges, &symbols.ranges) || find_functions(finisher) ||
	    find_text_symbol(finisher, 0, &text))
		return -1;
	symbols.text = ELF64_R_SYM(text.r_info);
	symbols.text_addend = text.r_addend;
	if (source_dwarf_write(&finisher->dwarf, finisher->origin, finisher->functions, finisher->function_count,
			       &finisher->rows, finisher->text.sh_size, &symbols))
		return -1;
	add_debug_section(finisher, ".debug_abbrev", NULL, abbrev, &finisher->dwarf.abbrev);
	add_debug_section(finisher, ".debug_line", ".rela.debug_line", line, &finisher->dwarf.line);
	add_debug_section(finisher, ".debug_ranges", NULL, ranges, &finisher->dwarf.ranges);
	add_debug_section(finisher, ".debug_info", ".rela.debug_info", 0, &finisher->dwarf.info);
	return 0;
}

/* The object, now whole, with its side tables. */
static int finish(struct finisher *finisher, const uint8_t *object, size_t size, uint8_t **out,
		  size_t *out_size)
{
	if (elf_object_open(&finisher->elf, object, size) ||
	    elf_find_section(&finisher->elf, WALNUT_SECTION_TEXT, &finisher->text_index,
			     &finisher->text) ||
	    find_symbol_table(finisher) || drop_debug_sections(finisher) || add_map(finisher) ||
	    add_source(finisher) || add_debug(finisher))
		return -1;
	return elf_object_rewrite(&finisher->elf, finisher->dropped, finisher->sections,
				  finisher->section_count, out, out_size);
}

/* *joined is malloc'd; bases[i]: where part i's code begins in its code. */
static int join(const struct object_part *parts, uint32_t count, bool keep_debug, uint8_t **joined,
		size_t *size, uint64_t *bases, struct walnut_error *error)
{
	struct elf_part *objects = calloc(count, sizeof(*objects));
	int result;

	if (!objects)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		objects[i] = (struct elf_part){ .bytes = parts[i].bytes, .size = parts[i].size };
	result = elf_join(objects, count, WALNUT_SECTION_TEXT, keep_debug, joined, size, error);
	for (uint32_t i = 0; i < count; i++)
		bases[i] = objects[i].base;
	free(objects);
	return result;
}

int object_finish(const struct object_part *parts, uint32_t count, const struct object_origin *origin,
		  uint8_t **out, size_t *out_size, struct walnut_error *error)
{
	struct finisher finisher = { .origin = origin };
	uint64_t *bases = calloc(count, sizeof(*bases));
	const uint8_t *object = parts[0].bytes;
	size_t size = parts[0].size;
	uint8_t *joined = NULL;
	int result = bases ? 0 : -1;

	*out = NULL;
	if (!result && count > 1) {
		result = join(parts, count, origin->keep_lines, &joined, &size, bases, error);
		object = joined;
	}
	for (uint32_t i = 0; !result && i < count; i++)
		result = line_rows_add(&finisher.rows, &parts[i], bases[i]);
	if (!result)
		result = finish(&finisher, object, size, out, out_size);
	free(bases);
	free(joined);
	line_rows_free(&finisher.rows);
	free(finisher.map);
	free(finisher.source);
	free(finisher.dropped);
	free(finisher.functions);
	source_dwarf_free(&finisher.dwarf);
	if (result)
		walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0,
				 "cannot build the side tables of the object");
	return result;
}
