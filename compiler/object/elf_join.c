/* Three steps: sections are laid out (here), symbols resolved (elf_join_symbols.c), the
 * file written (elf_join_write.c).
 *
 * Sections of one name, type and flags become one, in the order of the parts. Members of
 * section groups (COMDAT) stay apart; of groups with one signature the first is kept. */
#include "elf_join.h"

#include <stdlib.h>

#include "elf_joiner.h"

int joiner_grow(void **array, uint32_t count, uint32_t *capacity, size_t size)
{
	uint32_t larger = *capacity ? *capacity * 2 : 64;
	void *memory;

	if (count < *capacity)
		return 0;
	memory = larger > count ? reallocarray(*array, larger, size) : NULL;
	if (!memory)
		return -1;
	*array = memory;
	*capacity = larger;
	return 0;
}

int input_string(const struct strings *strings, uint64_t offset, const char **string)
{
	if (offset >= strings->size)
		return -1;
	*string = strings->data + offset;
	return 0;
}

static int open_strings(const struct elf_object *elf, uint64_t index, struct strings *strings)
{
	Elf64_Shdr header;

	if (elf_section(elf, index, &header))
		return -1;
	strings->data = (const char *)elf_content(elf, &header);
	strings->size = header.sh_size;
	return strings->data && strings->size && !strings->data[strings->size - 1] ? 0 : -1;
}

static int open_input(struct input *input, const struct elf_part *part)
{
	uint64_t count, i;

	if (elf_object_open(&input->elf, part->bytes, part->size))
		return -1;
	count = input->elf.section_count;
	input->section_of = calloc(count, sizeof(*input->section_of));
	input->base_of = calloc(count, sizeof(*input->base_of));
	input->group_of = calloc(count, sizeof(*input->group_of));
	if (!input->section_of || !input->base_of || !input->group_of ||
	    open_strings(&input->elf, input->elf.name_section, &input->section_names))
		return -1;
	for (i = 1; i < count; i++) {
		if (elf_section(&input->elf, i, &input->symbols))
			return -1;
		if (input->symbols.sh_type == SHT_SYMTAB)
			break;
	}
	if (i >= count || open_strings(&input->elf, input->symbols.sh_link, &input->symbol_names))
		return -1;
	input->symbol_count = input->symbols.sh_size / sizeof(Elf64_Sym);
	input->entry_of = calloc(input->symbol_count + 1, sizeof(*input->entry_of));
	return input->entry_of ? 0 : -1;
}

/* Notes for each member whether it stays. */
static int read_group(struct joiner *joiner, struct input *input, const Elf64_Shdr *header)
{
	const uint8_t *content = elf_content(&input->elf, header);
	uint32_t number = joiner->group_count, mark, member, flags;
	const char *signature;
	Elf64_Sym symbol;
	int known;

	if (!content || header->sh_size < sizeof(flags) ||
	    elf_symbol(&input->elf, &input->symbols, header->sh_info, &symbol) ||
	    input_string(&input->symbol_names, symbol.st_name, &signature))
		return -1;
	known = name_table_add(&joiner->group_table, signature, &number);
	if (known < 0)
		return -1;
	memcpy(&flags, content, sizeof(flags));
	if (!known) {
		if (joiner_grow((void **)&joiner->groups, number, &joiner->group_capacity,
				sizeof(*joiner->groups)))
			return -1;
		joiner->groups[joiner->group_count++] = (struct group){ .signature = signature, .flags = flags };
	}
	mark = known ? NO_SECTION : number + 1;
	for (uint64_t at = sizeof(member); at + sizeof(member) <= header->sh_size; at += sizeof(member)) {
		memcpy(&member, content + at, sizeof(member));
		if (member >= input->elf.section_count)
			return -1;
		input->group_of[member] = mark;
	}
	return 0;
}

static int new_section(struct joiner *joiner, const char *name, const Elf64_Shdr *header,
		       uint32_t group, uint32_t *number)
{
	if (joiner_grow((void **)&joiner->sections, joiner->section_count,
			&joiner->section_capacity, sizeof(*joiner->sections)))
		return -1;
	*number = joiner->section_count++;
	joiner->sections[*number] = (struct section){
		.name = name,
		.header = {
			.sh_type = header->sh_type,
			.sh_flags = header->sh_flags,
			.sh_addralign = 1,
			.sh_entsize = header->sh_entsize,
		},
		.group = group,
	};
	return 0;
}

static int find_section(struct joiner *joiner, const char *name, const Elf64_Shdr *header,
			uint32_t *number)
{
	uint32_t first = joiner->section_count;
	int known = name_table_add(&joiner->section_table, name, &first);

	if (known < 0)
		return -1;
	for (uint32_t at = known ? first + 1 : 0; at; at = joiner->sections[at - 1].namesake) {
		const Elf64_Shdr *candidate = &joiner->sections[at - 1].header;

		if (candidate->sh_type == header->sh_type && candidate->sh_flags == header->sh_flags &&
		    candidate->sh_entsize == header->sh_entsize) {
			*number = at - 1;
			return 0;
		}
	}
	if (new_section(joiner, name, header, 0, number))
		return -1;
	if (known) {
		joiner->sections[*number].namesake = joiner->sections[first].namesake;
		joiner->sections[first].namesake = *number + 1;
	}
	return 0;
}

/* Those that the result has of its own, or that are handled with what they belong to. */
static bool is_administrative(uint32_t type)
{
	return type == SHT_NULL || type == SHT_SYMTAB || type == SHT_STRTAB || type == SHT_RELA ||
	       type == SHT_GROUP;
}

static int place_section(struct joiner *joiner, struct input *input, uint64_t index,
			 const Elf64_Shdr *header)
{
	uint64_t align = header->sh_addralign ? header->sh_addralign : 1;
	struct section *section;
	const char *name;
	uint32_t number;

	if (input_string(&input->section_names, header->sh_name, &name) || align & (align - 1))
		return -1;
	if (!joiner->keep_debug && strncmp(name, ".debug_", strlen(".debug_")) == 0)
		return 0;
	if (header->sh_type != SHT_NOBITS && !elf_content(&input->elf, header))
		return -1;
	if (input->group_of[index] ? new_section(joiner, name, header, input->group_of[index], &number)
				   : find_section(joiner, name, header, &number))
		return -1;
	section = &joiner->sections[number];
	input->section_of[index] = number;
	input->base_of[index] = (section->header.sh_size + align - 1) & ~(align - 1);
	section->header.sh_size = input->base_of[index] + header->sh_size;
	if (section->header.sh_addralign < align)
		section->header.sh_addralign = align;
	return 0;
}

static int place_input(struct joiner *joiner, struct input *input)
{
	uint64_t count = input->elf.section_count;
	Elf64_Shdr header;

	for (uint64_t i = 1; i < count; i++)
		if (elf_section(&input->elf, i, &header) ||
		    (header.sh_type == SHT_GROUP && read_group(joiner, input, &header)))
			return -1;
	for (uint64_t i = 0; i < count; i++) {
		input->section_of[i] = NO_SECTION;
		if (elf_section(&input->elf, i, &header))
			return -1;
		if (header.sh_type == SHT_SYMTAB_SHNDX) {
			joiner->problem = "the module has too many function types";
			return -1;
		}
		if (!is_administrative(header.sh_type) && input->group_of[i] != NO_SECTION &&
		    place_section(joiner, input, i, &header))
			return -1;
	}
	for (uint64_t i = 1; i < count; i++) {
		if (elf_section(&input->elf, i, &header))
			return -1;
		if (header.sh_type != SHT_RELA || header.sh_info >= count ||
		    input->section_of[header.sh_info] == NO_SECTION)
			continue;
		joiner->sections[input->section_of[header.sh_info]].relocation_count +=
			header.sh_size / sizeof(Elf64_Rela);
	}
	return 0;
}

/* Section 0, the names, the groups, then each section with its relocations behind it. */
int join_sections(struct joiner *joiner)
{
	uint64_t index;

	for (size_t i = 0; i < joiner->count; i++)
		if (place_input(joiner, &joiner->inputs[i]))
			return -1;
	index = 2 + (uint64_t)joiner->group_count;
	for (uint32_t i = 0; i < joiner->section_count; i++) {
		joiner->sections[i].index = (uint32_t)index;
		index += joiner->sections[i].relocation_count ? 2 : 1;
	}
	if (index + 1 >= SHN_LORESERVE) {
		joiner->problem = "the module has too many function types";
		return -1;
	}
	return 0;
}

static void release(struct joiner *joiner)
{
	for (size_t i = 0; joiner->inputs && i < joiner->count; i++) {
		free(joiner->inputs[i].section_of);
		free(joiner->inputs[i].base_of);
		free(joiner->inputs[i].group_of);
		free(joiner->inputs[i].entry_of);
	}
	free(joiner->inputs);
	free(joiner->sections);
	free(joiner->groups);
	free(joiner->symbols);
	name_table_release(&joiner->section_table);
	name_table_release(&joiner->group_table);
	name_table_release(&joiner->symbol_table);
}

/* 0 where the part has none. */
static uint64_t section_base(const struct input *input, const char *name)
{
	Elf64_Shdr header;
	uint64_t index;

	return elf_find_section(&input->elf, name, &index, &header) ? 0 : input->base_of[index];
}

int elf_join(struct elf_part *parts, size_t count, const char *based, bool keep_debug, uint8_t **out,
	     size_t *out_size, struct walnut_error *error)
{
	struct joiner joiner = { .count = count, .inputs = calloc(count, sizeof(*joiner.inputs)),
				 .keep_debug = keep_debug };
	int result = joiner.inputs ? 0 : -1;

	*out = NULL;
	for (size_t i = 0; !result && i < count; i++)
		result = open_input(&joiner.inputs[i], &parts[i]);
	if (!result)
		result = join_sections(&joiner) || join_symbols(&joiner) ||
			 join_write(&joiner, out, out_size) ? -1 : 0;
	for (size_t i = 0; !result && i < count; i++)
		parts[i].base = section_base(&joiner.inputs[i], based);
	if (result && joiner.problem)
		walnut_error_set(error, WALNUT_ERROR_LIMIT, "", WALNUT_NO_FUNCTION, 0, "%s", joiner.problem);
	else if (result)
		walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0,
				 "cannot join the objects of the module's parts");
	release(&joiner);
	return result;
}
