/* What an object or image is: the ELF headers and Walnut's note. Everything in the file
 * is checked against its size before it is followed. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app_note.h"
#include "fail.h"
#include "image.h"
#include "inspect.h"

/* `count` entries of `size` bytes at `offset`, inside the file. */
static const void *table(const struct source *source, uint64_t offset, uint64_t count, uint64_t size)
{
	if (offset > source->size || count > (source->size - offset) / size)
		return NULL;
	return source->bytes + offset;
}

static void hex(struct report *report, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	report_text(report, name, text);
}

static void report_note(struct report *report, const struct walnut_app_note *note)
{
	report_number(report, "abi_version", note->abi_version);
	report_text(report, "target_cpu", note->target_cpu);
	report_number(report, "module_bytes", note->wasm_size);
	report_number(report, "memory_pages", note->memory_pages);
	if (note->memory_max != UINT64_MAX)
		report_number(report, "memory_pages_max", note->memory_max);
	report_number(report, "table_elements", note->table_elements);
}

static void report_rights(struct report *report, bool read, bool write, bool execute)
{
	char rights[4] = { read ? 'r' : '-', write ? 'w' : '-', execute ? 'x' : '-', '\0' };

	report_text(report, "rights", rights);
}

static void report_segments(struct report *report, const struct source *source,
			    const Elf64_Ehdr *header, const struct image *image)
{
	static const uint8_t widths[] = { 10, 16, 4, 18, 0 };
	const uint8_t *segments = table(source, header->e_phoff, header->e_phnum, sizeof(Elf64_Phdr));
	uint64_t loaded = 0;

	hex(report, "entry", header->e_entry);
	report_list(report, "segments", widths);
	for (unsigned i = 0; segments && i < header->e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, segments + i * sizeof(segment), sizeof(segment));
		if (segment.p_type != PT_LOAD)
			continue;
		report_item(report);
		hex(report, "physical", segment.p_paddr);
		hex(report, "virtual", segment.p_vaddr);
		report_rights(report, segment.p_flags & PF_R, segment.p_flags & PF_W, segment.p_flags & PF_X);
		report_number(report, "file_bytes", segment.p_filesz);
		report_number(report, "memory_bytes", segment.p_memsz);
		report_item_end(report);
		loaded += segment.p_filesz;
	}
	report_list_end(report);
	report_number(report, "loaded_bytes", loaded);
	/* What --mem has to give at the least. */
	report_number(report, "ram_mib", image_ram_mib(image));
}

/* A NUL-terminated name from the section that has them. */
static const char *section_name(const struct source *source, const Elf64_Shdr *names, uint32_t at)
{
	const char *text = table(source, names->sh_offset, names->sh_size, 1);

	if (!text || at >= names->sh_size || !memchr(text + at, '\0', names->sh_size - at))
		return "?";
	return text + at;
}

/* The sections that become part of a program. */
static void report_sections(struct report *report, const struct source *source,
			    const Elf64_Ehdr *header)
{
	static const uint8_t widths[] = { 28, 4, 0 };
	const uint8_t *sections = table(source, header->e_shoff, header->e_shnum, sizeof(Elf64_Shdr));
	Elf64_Shdr section, names = { 0 };

	if (sections && header->e_shstrndx < header->e_shnum)
		memcpy(&names, sections + header->e_shstrndx * sizeof(names), sizeof(names));
	report_list(report, "sections", widths);
	for (unsigned i = 0; sections && i < header->e_shnum; i++) {
		memcpy(&section, sections + i * sizeof(section), sizeof(section));
		if (!(section.sh_flags & SHF_ALLOC) || !section.sh_size)
			continue;
		report_item(report);
		report_text(report, "name", section_name(source, &names, section.sh_name));
		report_rights(report, true, section.sh_flags & SHF_WRITE, section.sh_flags & SHF_EXECINSTR);
		report_number(report, "bytes", section.sh_size);
		report_item_end(report);
	}
	report_list_end(report);
}

/* The note of an object lies in a section of its own. */
static bool find_section_note(const struct source *source, const Elf64_Ehdr *header,
			      struct walnut_app_note *note)
{
	const uint8_t *sections = table(source, header->e_shoff, header->e_shnum, sizeof(Elf64_Shdr));

	for (unsigned i = 0; sections && i < header->e_shnum; i++) {
		Elf64_Shdr section;

		memcpy(&section, sections + i * sizeof(section), sizeof(section));
		if (section.sh_type == SHT_NOTE && image_find_note(source->fd, section.sh_offset,
								   section.sh_size, note) == 0)
			return true;
	}
	return false;
}

int inspect_elf(const struct source *source, bool json)
{
	struct report report;
	struct image image;
	Elf64_Ehdr header;
	int code = image_read(source->fd, &image);

	if (code == -EINVAL)
		return fail("%s: is not a 64-bit ELF file, or is damaged", source->name);
	memcpy(&header, source->bytes, sizeof(header));
	if (code == -ENOEXEC && header.e_shentsize == sizeof(Elf64_Shdr) &&
	    find_section_note(source, &header, &image.note))
		code = 0;
	if (code)
		return fail("%s: is an ELF file, but neither image nor object of Walnut's", source->name);
	report_begin(&report, json);
	report_text(&report, "file", source->name);
	report_text(&report, "kind", header.e_type == ET_REL ? "Walnut object" : "Walnut image");
	report_number(&report, "bytes", source->size);
	report_note(&report, &image.note);
	if (header.e_type == ET_REL)
		report_sections(&report, source, &header);
	else
		report_segments(&report, source, &header, &image);
	report_end(&report);
	return 0;
}
