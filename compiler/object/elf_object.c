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

/* The new file: header, the contents of the sections that stay, those of the new ones,
 * all section names, the section table. */
struct layout {
	uint64_t total;	  /* sections */
	Elf64_Shdr *table;
	const uint8_t **contents; /* NULL: none */
	size_t names, size;
};

static int place(struct layout *layout, uint64_t index, const uint8_t *content)
{
	Elf64_Shdr *header = &layout->table[index];
	size_t align = header->sh_addralign ? header->sh_addralign : 1;

	if (align > 4096 || header->sh_size > SIZE_MAX / 2 - layout->size)
		return -1;
	layout->size = align_up(layout->size, align);
	layout->contents[index] = content;
	header->sh_offset = layout->size;
	layout->size += content ? header->sh_size : 0;
	return 0;
}

static int place_old(const struct elf_object *elf, const bool *dropped,
		     const struct elf_new_section *sections, size_t count, struct layout *layout)
{
	for (uint64_t i = 1; i < elf->section_count; i++) {
		Elf64_Shdr *header = &layout->table[i];
		const uint8_t *content;
		bool replaced = false;

		if (elf_section(elf, i, header))
			return -1;
		for (size_t n = 0; n < count; n++)
			replaced |= sections[n].replaces == i;
		if (dropped && dropped[i] && !replaced) {
			*header = (Elf64_Shdr){ .sh_type = SHT_NULL };
			continue;
		}
		if (replaced || i == elf->name_section || header->sh_type == SHT_NULL)
			continue;
		content = elf_content(elf, header);
		if ((!content && header->sh_type != SHT_NOBITS) || place(layout, i, content))
			return -1;
	}
	return 0;
}

/* The index that a new section gets. */
static uint64_t new_index(const struct elf_object *elf, const struct elf_new_section *sections, size_t which)
{
	uint64_t index = elf->section_count;

	if (sections[which].replaces)
		return sections[which].replaces;
	for (size_t i = 0; i < which; i++)
		index += !sections[i].replaces;
	return index;
}

static int place_new(const struct elf_object *elf, const struct elf_new_section *sections, size_t count,
		     struct layout *layout)
{
	size_t name = layout->table[elf->name_section].sh_size;

	for (size_t i = 0; i < count; i++) {
		const struct elf_new_section *section = &sections[i];
		uint64_t index = new_index(elf, sections, i);

		layout->table[index] = (Elf64_Shdr){
			.sh_name = (Elf64_Word)name,
			.sh_type = section->type,
			.sh_flags = section->flags,
			.sh_size = section->size,
			.sh_link = section->link,
			.sh_info = section->info == ELF_INFO_PREVIOUS
				? (Elf64_Word)new_index(elf, sections, i - 1) : section->info,
			.sh_addralign = section->align,
			.sh_entsize = section->entry_size,
		};
		name += strlen(section->name) + 1;
		if (place(layout, index, section->content))
			return -1;
	}
	layout->names = layout->size;
	layout->table[elf->name_section].sh_offset = layout->names;
	layout->table[elf->name_section].sh_size = name;
	layout->size = align_up(layout->names + name, 8);
	return 0;
}

static void write_names(const struct elf_object *elf, const struct layout *layout,
			const struct elf_new_section *sections, size_t count, uint8_t *out)
{
	Elf64_Shdr names;
	uint8_t *at = out + layout->names;

	elf_section(elf, elf->name_section, &names);
	memcpy(at, elf_content(elf, &names), names.sh_size);
	at += names.sh_size;
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(sections[i].name) + 1;

		memcpy(at, sections[i].name, size);
		at += size;
	}
}

/* The symbols of dropped sections would point to nothing. */
static void clear_symbols(const struct layout *layout, const bool *dropped, uint64_t old_count,
			  uint8_t *out)
{
	for (uint64_t i = 1; dropped && i < old_count; i++) {
		Elf64_Sym *symbols = (Elf64_Sym *)(out + layout->table[i].sh_offset);

		if (layout->table[i].sh_type != SHT_SYMTAB)
			continue;
		for (uint64_t n = 1; n < layout->table[i].sh_size / sizeof(*symbols); n++) {
			uint16_t section = symbols[n].st_shndx;

			if (ELF64_ST_TYPE(symbols[n].st_info) == STT_SECTION && section < old_count &&
			    layout->table[section].sh_type == SHT_NULL)
				symbols[n] = (Elf64_Sym){ 0 };
		}
	}
}

static void write_file(const struct elf_object *elf, const bool *dropped, struct layout *layout,
		       const struct elf_new_section *sections, size_t count, uint8_t *out)
{
	Elf64_Ehdr *file = (Elf64_Ehdr *)out;

	memcpy(out, elf->bytes, sizeof(*file));
	/* The flag has a meaning in GNU objects only. */
	for (size_t i = 0; i < count; i++)
		if (sections[i].flags & SHF_GNU_RETAIN)
			file->e_ident[EI_OSABI] = ELFOSABI_GNU;
	for (uint64_t i = 1; i < layout->total; i++)
		if (layout->contents[i] && layout->table[i].sh_size)
			memcpy(out + layout->table[i].sh_offset, layout->contents[i], layout->table[i].sh_size);
	write_names(elf, layout, sections, count, out);
	clear_symbols(layout, dropped, elf->section_count, out);
	file->e_shoff = layout->size;
	if (layout->total < SHN_LORESERVE) {
		file->e_shnum = (Elf64_Half)layout->total;
		layout->table[0].sh_size = 0;
	} else {
		file->e_shnum = 0;
		layout->table[0].sh_size = layout->total;
	}
	memcpy(out + layout->size, layout->table, layout->total * sizeof(*layout->table));
}

int elf_object_rewrite(const struct elf_object *elf, const bool *dropped,
		       const struct elf_new_section *sections, size_t count, uint8_t **out,
		       size_t *out_size)
{
	struct layout layout = { .total = elf->section_count, .size = sizeof(Elf64_Ehdr) };
	int result = -1;

	*out = NULL;
	for (size_t i = 0; i < count; i++)
		layout.total += !sections[i].replaces;
	layout.table = calloc(layout.total, sizeof(*layout.table));
	layout.contents = calloc(layout.total, sizeof(*layout.contents));
	if (!layout.table || !layout.contents || elf_section(elf, 0, &layout.table[0]) ||
	    place_old(elf, dropped, sections, count, &layout) ||
	    !elf_content(elf, &layout.table[elf->name_section]) ||
	    place_new(elf, sections, count, &layout))
		goto out;
	*out_size = layout.size + layout.total * sizeof(*layout.table);
	*out = calloc(1, *out_size);
	if (!*out)
		goto out;
	write_file(elf, dropped, &layout, sections, count, *out);
	result = 0;
out:
	free(layout.table);
	free(layout.contents);
	return result;
}
