/* ELF64 relocatable objects (System V ABI, chapter 4). Headers are copied out of
 * the file, never pointed into: nothing says that they are aligned. */
#include "elf_object.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t *range(const struct elf_object *elf, uint64_t offset, uint64_t size)
{
	if (offset > elf->size || size > elf->size - offset)
		return NULL;
	return elf->bytes + offset;
}

static int read_section(const struct elf_object *elf, uint64_t table, uint64_t index,
			Elf64_Shdr *header)
{
	uint64_t offset;
	const uint8_t *at;

	if (__builtin_mul_overflow(index, sizeof(*header), &offset) ||
	    __builtin_add_overflow(offset, table, &offset))
		return -1;
	at = range(elf, offset, sizeof(*header));
	if (!at)
		return -1;
	memcpy(header, at, sizeof(*header));
	return 0;
}

static int read_header(const struct elf_object *elf, Elf64_Ehdr *header)
{
	const uint8_t *at = range(elf, 0, sizeof(*header));

	if (!at)
		return -1;
	memcpy(header, at, sizeof(*header));
	return 0;
}

int elf_object_open(struct elf_object *elf, const uint8_t *bytes, size_t size)
{
	Elf64_Ehdr header;
	Elf64_Shdr first;

	elf->bytes = bytes;
	elf->size = size;
	if (read_header(elf, &header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_type != ET_REL || header.e_shentsize != sizeof(Elf64_Shdr) ||
	    read_section(elf, header.e_shoff, 0, &first))
		return -1;
	/* Counts that do not fit the header are in section 0. */
	elf->section_count = header.e_shnum ? header.e_shnum : first.sh_size;
	elf->name_section = header.e_shstrndx == SHN_XINDEX ? first.sh_link : header.e_shstrndx;
	return 0;
}

int elf_section(const struct elf_object *elf, uint64_t index, Elf64_Shdr *header)
{
	Elf64_Ehdr file;

	if (index >= elf->section_count || read_header(elf, &file))
		return -1;
	return read_section(elf, file.e_shoff, index, header);
}

const uint8_t *elf_content(const struct elf_object *elf, const Elf64_Shdr *header)
{
	if (header->sh_type == SHT_NOBITS)
		return NULL;
	return range(elf, header->sh_offset, header->sh_size);
}

int elf_find_section(const struct elf_object *elf, const char *name, uint64_t *index,
		     Elf64_Shdr *header)
{
	Elf64_Shdr names;
	const uint8_t *strings;
	size_t size = strlen(name) + 1;

	if (elf_section(elf, elf->name_section, &names))
		return -1;
	strings = elf_content(elf, &names);
	for (uint64_t i = 1; strings && i < elf->section_count; i++) {
		if (elf_section(elf, i, header))
			return -1;
		if (header->sh_name < names.sh_size && size <= names.sh_size - header->sh_name &&
		    memcmp(strings + header->sh_name, name, size) == 0) {
			*index = i;
			return 0;
		}
	}
	return -1;
}

int elf_symbol(const struct elf_object *elf, const Elf64_Shdr *table, uint64_t index,
	       Elf64_Sym *symbol)
{
	const uint8_t *content = elf_content(elf, table);

	if (!content || index >= table->sh_size / sizeof(*symbol))
		return -1;
	memcpy(symbol, content + index * sizeof(*symbol), sizeof(*symbol));
	return 0;
}

static size_t align_up(size_t value, size_t align)
{
	return (value + align - 1) / align * align;
}

/* The new file: the old one, the contents of the new sections, the section names
 * once more with the new ones after them, and a new section table. The old names
 * and table stay behind unused. */
struct layout {
	size_t names, names_size, table, size;
};

static struct layout plan(const struct elf_object *elf, const Elf64_Shdr *names,
			  const struct elf_new_section *sections, size_t count, size_t *offsets)
{
	struct layout layout;
	size_t at = elf->size;

	layout.names_size = names->sh_size;
	for (size_t i = 0; i < count; i++) {
		offsets[i] = align_up(at, sections[i].align);
		at = offsets[i] + sections[i].size;
		layout.names_size += strlen(sections[i].name) + 1;
	}
	layout.names = at;
	layout.table = align_up(at + layout.names_size, 8);
	layout.size = layout.table + (elf->section_count + count) * sizeof(Elf64_Shdr);
	return layout;
}

static void write_headers(const struct elf_object *elf, const struct layout *layout,
			  Elf64_Ehdr *file, Elf64_Shdr *table, size_t count)
{
	uint64_t total = elf->section_count + count;

	table[elf->name_section].sh_offset = layout->names;
	table[elf->name_section].sh_size = layout->names_size;
	file->e_shoff = layout->table;
	if (total < SHN_LORESERVE) {
		file->e_shnum = (Elf64_Half)total;
	} else {
		file->e_shnum = 0;
		table[0].sh_size = total;
	}
}

static void fill(const struct elf_object *elf, const struct layout *layout, const Elf64_Shdr *names,
		 const struct elf_new_section *sections, size_t count, const size_t *offsets,
		 uint8_t *out)
{
	Elf64_Shdr *table = (Elf64_Shdr *)(out + layout->table); /* 8-aligned by plan() */
	Elf64_Ehdr *file = (Elf64_Ehdr *)out;
	size_t name = names->sh_size;

	memcpy(out, elf->bytes, elf->size);
	memcpy(out + layout->names, elf_content(elf, names), names->sh_size);
	for (uint64_t i = 0; i < elf->section_count; i++)
		elf_section(elf, i, &table[i]);
	for (size_t i = 0; i < count; i++) {
		uint64_t index = elf->section_count + i;

		memcpy(out + offsets[i], sections[i].content, sections[i].size);
		memcpy(out + layout->names + name, sections[i].name, strlen(sections[i].name) + 1);
		table[index] = (Elf64_Shdr){
			.sh_name = (Elf64_Word)name,
			.sh_type = sections[i].type,
			.sh_flags = sections[i].flags,
			.sh_offset = offsets[i],
			.sh_size = sections[i].size,
			.sh_link = sections[i].link,
			.sh_info = sections[i].info == ELF_INFO_PREVIOUS ? (Elf64_Word)(index - 1)
									 : sections[i].info,
			.sh_addralign = sections[i].align,
			.sh_entsize = sections[i].entry_size,
		};
		name += strlen(sections[i].name) + 1;
	}
	write_headers(elf, layout, file, table, count);
}

int elf_object_extend(const struct elf_object *elf, const struct elf_new_section *sections,
		      size_t count, uint8_t **out, size_t *out_size)
{
	size_t *offsets = calloc(count + 1, sizeof(*offsets));
	struct layout layout;
	Elf64_Shdr names;
	int result = -1;

	*out = NULL;
	if (!offsets || elf_section(elf, elf->name_section, &names) || !elf_content(elf, &names))
		goto out;
	layout = plan(elf, &names, sections, count, offsets);
	*out = calloc(1, layout.size);
	if (!*out)
		goto out;
	*out_size = layout.size;
	fill(elf, &layout, &names, sections, count, offsets, *out);
	result = 0;
out:
	free(offsets);
	return result;
}
