/* What an object or image is: the ELF headers and Walnut's note. Everything in the file
 * is checked against its size before it is followed. */
#include <elf.h>
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
	report_number(report, "ABI version", note->abi_version);
	report_text(report, "target CPU", note->target_cpu);
	report_number(report, "module bytes", note->wasm_size);
	report_number(report, "memory pages", note->memory_pages);
	if (note->memory_max != UINT64_MAX)
		report_number(report, "memory maximum", note->memory_max);
	report_number(report, "table elements", note->table_elements);
}

static int report_segments(struct report *report, const struct source *source, const Elf64_Ehdr *header)
{
	const uint8_t *segments = table(source, header->e_phoff, header->e_phnum, sizeof(Elf64_Phdr));
	uint64_t loaded = 0, memory = 0;

	if (!segments || (header->e_phnum && header->e_phentsize != sizeof(Elf64_Phdr)))
		return fail("%s: ELF program headers are outside the file", source->name);
	report_list(report, "segments");
	for (unsigned i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr segment;
		char rights[4];

		memcpy(&segment, segments + i * sizeof(segment), sizeof(segment));
		if (segment.p_type != PT_LOAD)
			continue;
		snprintf(rights, sizeof(rights), "%c%c%c", segment.p_flags & PF_R ? 'r' : '-',
			 segment.p_flags & PF_W ? 'w' : '-', segment.p_flags & PF_X ? 'x' : '-');
		report_item(report);
		hex(report, "physical", segment.p_paddr);
		hex(report, "virtual", segment.p_vaddr);
		report_text(report, "rights", rights);
		report_number(report, "file bytes", segment.p_filesz);
		report_number(report, "memory bytes", segment.p_memsz);
		report_item_end(report);
		loaded += segment.p_filesz;
		memory += segment.p_memsz;
	}
	report_list_end(report);
	report_number(report, "loaded bytes", loaded);
	report_number(report, "memory bytes", memory);
	return 0;
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
	struct walnut_app_note note;
	struct report report;
	Elf64_Ehdr header;
	bool is_image;
	int status = 0;

	if (source->size < sizeof(header) || source->bytes[EI_CLASS] != ELFCLASS64)
		return fail("%s: not a 64-bit ELF file", source->name);
	memcpy(&header, source->bytes, sizeof(header));
	is_image = image_read_note(source->fd, &note) == 0;
	if (!is_image && !(header.e_type == ET_REL && find_section_note(source, &header, &note)))
		return fail("%s: is an ELF file, but neither image nor object of Walnut's", source->name);
	report_begin(&report, json);
	report_text(&report, "file", source->name);
	report_text(&report, "kind", is_image ? "Walnut image" : "Walnut object");
	report_number(&report, "bytes", source->size);
	report_note(&report, &note);
	if (is_image) {
		hex(&report, "entry", header.e_entry);
		status = report_segments(&report, source, &header);
	}
	report_end(&report);
	return status;
}
