/* The joined object as a file: header, groups, sections with their relocations, symbols,
 * names, section table. Section names and symbol names share one string table. */
#include <stdlib.h>

#include "elf_joiner.h"

#define STRINGS_INDEX 1u
#define FIRST_GROUP_INDEX 2u
static const char strings_name[] = ".strtab", symbols_name[] = ".symtab", group_name[] = ".group",
		  relocations_prefix[] = ".rela";

struct writer {
	struct joiner *joiner;
	uint8_t *out;
	Elf64_Shdr *table; /* in `out` */
	uint32_t section_total, symbols_index;
	uint64_t symbols, strings, table_offset, size; /* the first three: offsets */
	uint64_t strings_size, strings_used;
};

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

/* Room at *at, which moves behind it. */
static uint64_t reserve(uint64_t *at, uint64_t size, uint64_t align)
{
	uint64_t offset = align_up(*at, align);

	*at = offset + size;
	return offset;
}

static void count_members(struct joiner *joiner)
{
	for (uint32_t i = 0; i < joiner->section_count; i++)
		if (joiner->sections[i].group)
			joiner->groups[joiner->sections[i].group - 1].member_count +=
				joiner->sections[i].relocation_count ? 2 : 1;
}

/* Where everything goes. */
static void plan(struct writer *writer)
{
	struct joiner *joiner = writer->joiner;
	uint64_t at = sizeof(Elf64_Ehdr);

	count_members(joiner);
	writer->section_total = FIRST_GROUP_INDEX + joiner->group_count;
	writer->strings_size = 1 + sizeof(strings_name) + sizeof(symbols_name) +
			       joiner->group_count * sizeof(group_name);
	for (uint32_t i = 0; i < joiner->group_count; i++)
		joiner->groups[i].offset =
			reserve(&at, (1 + joiner->groups[i].member_count) * sizeof(uint32_t), 4);
	for (uint32_t i = 0; i < joiner->section_count; i++) {
		struct section *section = &joiner->sections[i];
		bool in_file = section->header.sh_type != SHT_NOBITS;

		section->header.sh_offset = reserve(&at, in_file ? section->header.sh_size : 0,
						    section->header.sh_addralign);
		section->relocations_offset =
			reserve(&at, section->relocation_count * sizeof(Elf64_Rela), 8);
		writer->section_total += section->relocation_count ? 2 : 1;
		writer->strings_size += 2 * (strlen(section->name) + 1) + sizeof(relocations_prefix);
	}
	for (uint32_t i = 0; i < joiner->symbol_count; i++)
		writer->strings_size += strlen(joiner->symbols[i].name) + 1;
	writer->symbols = reserve(&at, (uint64_t)joiner->symbol_count * sizeof(Elf64_Sym), 8);
	writer->strings = reserve(&at, writer->strings_size, 1);
	writer->symbols_index = writer->section_total++;
	writer->table_offset = reserve(&at, writer->section_total * sizeof(Elf64_Shdr), 8);
	writer->size = at;
}

/* The offset of a copy of prefix and name in the string table. */
static uint32_t put_name(struct writer *writer, const char *prefix, const char *name)
{
	uint64_t offset = writer->strings_used;
	char *at = (char *)writer->out + writer->strings + offset;
	size_t prefix_size = strlen(prefix), name_size = strlen(name);

	if (!prefix_size && !name_size)
		return 0;
	memcpy(at, prefix, prefix_size);
	memcpy(at + prefix_size, name, name_size + 1);
	writer->strings_used += prefix_size + name_size + 1;
	return (uint32_t)offset;
}

static void put_groups(struct writer *writer)
{
	struct joiner *joiner = writer->joiner;

	for (uint32_t i = 0; i < joiner->group_count; i++) {
		struct group *group = &joiner->groups[i];

		writer->table[FIRST_GROUP_INDEX + i] = (Elf64_Shdr){
			.sh_name = put_name(writer, "", group_name),
			.sh_type = SHT_GROUP,
			.sh_offset = group->offset,
			.sh_size = (1 + group->member_count) * sizeof(uint32_t),
			.sh_link = writer->symbols_index,
			.sh_info = joiner->symbols[group->symbol].index,
			.sh_addralign = 4,
			.sh_entsize = sizeof(uint32_t),
		};
		memcpy(writer->out + group->offset, &group->flags, sizeof(group->flags));
		group->offset += sizeof(group->flags);
	}
}

static void put_member(struct writer *writer, uint32_t group, uint32_t index)
{
	if (!group)
		return;
	memcpy(writer->out + writer->joiner->groups[group - 1].offset, &index, sizeof(index));
	writer->joiner->groups[group - 1].offset += sizeof(index);
}

static void put_section_headers(struct writer *writer)
{
	for (uint32_t i = 0; i < writer->joiner->section_count; i++) {
		struct section *section = &writer->joiner->sections[i];
		uint32_t index = section->index;

		section->header.sh_name = put_name(writer, "", section->name);
		writer->table[index] = section->header;
		put_member(writer, section->group, index);
		if (!section->relocation_count)
			continue;
		writer->table[index + 1] = (Elf64_Shdr){
			.sh_name = put_name(writer, relocations_prefix, section->name),
			.sh_type = SHT_RELA,
			.sh_flags = SHF_INFO_LINK | (section->group ? SHF_GROUP : 0),
			.sh_offset = section->relocations_offset,
			.sh_size = section->relocation_count * sizeof(Elf64_Rela),
			.sh_link = writer->symbols_index,
			.sh_info = index,
			.sh_addralign = 8,
			.sh_entsize = sizeof(Elf64_Rela),
		};
		put_member(writer, section->group, index + 1);
	}
}

static void put_contents(struct writer *writer, const struct input *input)
{
	Elf64_Shdr header;

	for (uint64_t i = 1; i < input->elf.section_count; i++) {
		uint64_t to;

		if (input->section_of[i] == NO_SECTION || elf_section(&input->elf, i, &header) ||
		    header.sh_type == SHT_NOBITS)
			continue;
		to = writer->joiner->sections[input->section_of[i]].header.sh_offset + input->base_of[i];
		memcpy(writer->out + to, elf_content(&input->elf, &header), header.sh_size);
	}
}

/* What pointed into a section of the part points behind the earlier parts' content. */
static int move(const struct joiner *joiner, const struct input *input, uint64_t base,
		Elf64_Rela *relocation)
{
	uint64_t number = ELF64_R_SYM(relocation->r_info);
	Elf64_Sym symbol;

	if (elf_symbol(&input->elf, &input->symbols, number, &symbol) ||
	    (number && !input->entry_of[number]))
		return -1;
	if (ELF64_ST_TYPE(symbol.st_info) == STT_SECTION)
		relocation->r_addend += (int64_t)input->base_of[symbol.st_shndx];
	relocation->r_offset += base;
	relocation->r_info = ELF64_R_INFO(
		(uint64_t)joiner->symbols[input->entry_of[number]].index,
		ELF64_R_TYPE(relocation->r_info));
	return 0;
}

static int put_relocations(struct writer *writer, const struct input *input)
{
	struct joiner *joiner = writer->joiner;
	Elf64_Rela relocation;
	Elf64_Shdr header;

	for (uint64_t i = 1; i < input->elf.section_count; i++) {
		const uint8_t *content;
		struct section *section;

		if (elf_section(&input->elf, i, &header))
			return -1;
		if (header.sh_type != SHT_RELA || header.sh_info >= input->elf.section_count ||
		    input->section_of[header.sh_info] == NO_SECTION)
			continue;
		content = elf_content(&input->elf, &header);
		section = &joiner->sections[input->section_of[header.sh_info]];
		for (uint64_t at = 0; content && at + sizeof(relocation) <= header.sh_size;
		     at += sizeof(relocation)) {
			memcpy(&relocation, content + at, sizeof(relocation));
			if (move(joiner, input, input->base_of[header.sh_info], &relocation))
				return -1;
			memcpy(writer->out + section->relocations_offset, &relocation, sizeof(relocation));
			section->relocations_offset += sizeof(relocation);
		}
	}
	return 0;
}

static void put_symbols(struct writer *writer)
{
	const struct joiner *joiner = writer->joiner;
	uint32_t local_count = 0;

	for (uint32_t i = 0; i < joiner->symbol_count; i++) {
		const struct symbol *symbol = &joiner->symbols[i];
		Elf64_Sym elf = symbol->elf;

		local_count += symbol->local;
		elf.st_name = put_name(writer, "", symbol->name);
		if (symbol->section != NO_SECTION)
			elf.st_shndx = (Elf64_Section)joiner->sections[symbol->section].index;
		memcpy(writer->out + writer->symbols + symbol->index * sizeof(elf), &elf, sizeof(elf));
	}
	writer->table[writer->symbols_index] = (Elf64_Shdr){
		.sh_name = put_name(writer, "", symbols_name),
		.sh_type = SHT_SYMTAB,
		.sh_offset = writer->symbols,
		.sh_size = (uint64_t)joiner->symbol_count * sizeof(Elf64_Sym),
		.sh_link = STRINGS_INDEX,
		.sh_info = local_count,
		.sh_addralign = 8,
		.sh_entsize = sizeof(Elf64_Sym),
	};
}

static void put_file_header(struct writer *writer)
{
	Elf64_Ehdr header;

	memcpy(&header, writer->joiner->inputs[0].elf.bytes, sizeof(header));
	header.e_shoff = writer->table_offset;
	header.e_shnum = (Elf64_Half)writer->section_total;
	header.e_shstrndx = STRINGS_INDEX;
	memcpy(writer->out, &header, sizeof(header));
	writer->table[STRINGS_INDEX] = (Elf64_Shdr){
		.sh_name = put_name(writer, "", strings_name),
		.sh_type = SHT_STRTAB,
		.sh_offset = writer->strings,
		.sh_size = writer->strings_size,
		.sh_addralign = 1,
	};
}

int join_write(struct joiner *joiner, uint8_t **out, size_t *out_size)
{
	struct writer writer = { .joiner = joiner, .strings_used = 1 };

	plan(&writer);
	if (writer.strings_size > UINT32_MAX)
		return -1;
	writer.out = calloc(1, writer.size);
	if (!writer.out)
		return -1;
	writer.table = (Elf64_Shdr *)(writer.out + writer.table_offset); /* 8-aligned by plan() */
	put_file_header(&writer);
	put_groups(&writer);
	put_section_headers(&writer);
	put_symbols(&writer);
	for (size_t i = 0; i < joiner->count; i++) {
		put_contents(&writer, &joiner->inputs[i]);
		if (put_relocations(&writer, &joiner->inputs[i])) {
			free(writer.out);
			return -1;
		}
	}
	*out = writer.out;
	*out_size = writer.size;
	return 0;
}
