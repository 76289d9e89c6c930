#include "object_finish.h"

#include <stdlib.h>
#include <string.h>

#include "elf_join.h"
#include "elf_object.h"
#include "line_rows.h"
#include "source_section.h"

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

static bool is_debug_name(const char *name)
{
	return strncmp(name, ".debug_", 7) == 0 || strncmp(name, ".rela.debug_", 12) == 0;
}

/* LLVM's own lines are numbers of no use to anybody else. */
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
		finisher->dropped[i] = header.sh_name < names.sh_size && is_debug_name(strings + header.sh_name);
	}
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
	    add_source(finisher))
		return -1;
	return elf_object_rewrite(&finisher->elf, finisher->dropped, finisher->sections,
				  finisher->section_count, out, out_size);
}

/* *joined is malloc'd; bases[i]: where part i's code begins in its code. */
static int join(const struct object_part *parts, uint32_t count, uint8_t **joined, size_t *size,
		uint64_t *bases, struct walnut_error *error)
{
	struct elf_part *objects = calloc(count, sizeof(*objects));
	int result;

	if (!objects)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		objects[i] = (struct elf_part){ .bytes = parts[i].bytes, .size = parts[i].size };
	result = elf_join(objects, count, WALNUT_SECTION_TEXT, joined, size, error);
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
		result = join(parts, count, &joined, &size, bases, error);
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
	if (result)
		walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0,
				 "cannot build the side tables of the object");
	return result;
}
