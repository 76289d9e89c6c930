#include "flat_image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "multiboot.h"

#define PAGE_SIZE 4096u
#define SEGMENTS_MAX 64
#define IMAGE_MAX (1u << 30)
#define NOTE_PVH_TYPE 18 /* XEN_ELFNOTE_PHYS32_ENTRY: that entry takes multiboot, too */

struct flattening {
	int from, to;
	Elf64_Ehdr header;
	Elf64_Phdr segments[SEGMENTS_MAX];
	uint64_t start, file_end, end; /* physical */
	uint32_t entry;
};

/* The linker is ours, but the file has been on a disk. */
static bool read_all(int fd, void *to, uint64_t size, uint64_t at)
{
	return pread(fd, to, size, (off_t)at) == (ssize_t)size;
}

static bool read_headers(struct flattening *f)
{
	f->start = UINT64_MAX;
	if (!read_all(f->from, &f->header, sizeof(f->header), 0) || memcmp(f->header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    f->header.e_phentsize != sizeof(Elf64_Phdr) || f->header.e_phnum > SEGMENTS_MAX ||
	    !read_all(f->from, f->segments, f->header.e_phnum * sizeof(Elf64_Phdr), f->header.e_phoff))
		return false;
	for (unsigned i = 0; i < f->header.e_phnum; i++) {
		const Elf64_Phdr *segment = &f->segments[i];

		if (segment->p_type != PT_LOAD)
			continue;
		if (segment->p_paddr < PAGE_SIZE || segment->p_paddr > IMAGE_MAX || segment->p_memsz > IMAGE_MAX ||
		    segment->p_filesz > segment->p_memsz)
			return false;
		if (segment->p_paddr < f->start)
			f->start = segment->p_paddr;
		if (segment->p_paddr + segment->p_filesz > f->file_end)
			f->file_end = segment->p_paddr + segment->p_filesz;
		if (segment->p_paddr + segment->p_memsz > f->end)
			f->end = segment->p_paddr + segment->p_memsz;
	}
	return f->file_end > f->start;
}

/* From PVH's note, the first thing in a segment of its own. */
static bool read_entry(struct flattening *f)
{
	struct {
		Elf64_Nhdr header;
		char owner[4];
		uint32_t entry;
	} note;

	for (unsigned i = 0; i < f->header.e_phnum; i++) {
		if (f->segments[i].p_type != PT_NOTE || !read_all(f->from, &note, sizeof(note), f->segments[i].p_offset) ||
		    note.header.n_type != NOTE_PVH_TYPE || memcmp(note.owner, "Xen", 4) != 0)
			continue;
		f->entry = note.entry;
		return true;
	}
	return false;
}

static bool write_header(const struct flattening *f)
{
	const uint32_t flags = MULTIBOOT_HEADER_PAGE_ALIGN | MULTIBOOT_HEADER_MEMORY_INFO | MULTIBOOT_HEADER_ADDRESSES;
	uint32_t load = (uint32_t)f->start - PAGE_SIZE;
	struct multiboot_header header = {
		.magic = MULTIBOOT_HEADER_MAGIC, .flags = flags, .checksum = 0u - MULTIBOOT_HEADER_MAGIC - flags,
		.header_addr = load, .load_addr = load, .load_end_addr = (uint32_t)f->file_end,
		.bss_end_addr = (uint32_t)f->end, .entry_addr = f->entry,
	};

	/* What lies between segments stays a hole in the file. */
	return ftruncate(f->to, (off_t)(f->file_end - load)) == 0 &&
	       pwrite(f->to, &header, sizeof(header), 0) == sizeof(header);
}

static bool copy_segment(const struct flattening *f, const Elf64_Phdr *segment)
{
	uint64_t at = segment->p_paddr - f->start + PAGE_SIZE;
	uint8_t *data = malloc(segment->p_filesz + 1);
	bool done;

	if (!data)
		return false;
	done = read_all(f->from, data, segment->p_filesz, segment->p_offset) &&
	       pwrite(f->to, data, segment->p_filesz, (off_t)at) == (ssize_t)segment->p_filesz;
	free(data);
	return done;
}

static bool flatten(struct flattening *f)
{
	bool done = read_headers(f) && read_entry(f) && write_header(f);

	for (unsigned i = 0; i < f->header.e_phnum && done; i++)
		if (f->segments[i].p_type == PT_LOAD)
			done = copy_segment(f, &f->segments[i]);
	return done;
}

int flat_image_write(const char *from, const char *to)
{
	struct flattening f = { .from = open(from, O_RDONLY | O_CLOEXEC),
				.to = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) };
	bool done;

	errno = 0;
	done = f.from >= 0 && f.to >= 0 && flatten(&f);
	if (f.from >= 0)
		close(f.from);
	if (f.to >= 0)
		close(f.to);
	return done ? 0 : fail("%s: cannot make a multiboot image: %s", to, errno ? strerror(errno) : "not an image");
}
