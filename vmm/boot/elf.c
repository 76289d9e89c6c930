/* ELF executables with physical addresses. Program headers and notes only; sections are
 * never looked at. */
#include "boot/elf.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "boot/image_file.h"
#include "boot/layout.h"
#include "failure.h"
#include "vm/guest_mem.h"

#include "app_note.h"
#include "pvh.h"

#define PAGE_MASK 4095ull
#define NOTES_MAX 4096 /* bytes of one segment that are looked at */

/* From this size on, mapping the file is cheaper than reading it: a mapping costs a
 * fixed few microseconds, and pages the guest leaves alone cost nothing. */
#define MAP_MIN (256u << 10)

bool elf_recognise(const uint8_t magic[4])
{
	return memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* The fields that matter, whatever the class. */
struct headers {
	uint64_t phoff;
	unsigned phentsize, phnum;
	unsigned type, machine;
};

static int check_headers(const struct image_file *file, const struct elf *elf, const struct headers *h)
{
	unsigned entry_size = elf->is_32_bit ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
	uint64_t end;

	if (h->machine != EM_X86_64 && h->machine != EM_386)
		return failure_set(file->failure, -ENOEXEC, "%s: not an x86 ELF file", file->name);
	if (h->type != ET_EXEC && h->type != ET_DYN)
		return failure_set(file->failure, -ENOEXEC,
				   "%s: not a bootable image (an object file must be linked first)", file->name);
	if (h->phentsize != entry_size || h->phnum == 0 || h->phnum > ELF_PHDRS_MAX)
		return failure_set(file->failure, -ENOEXEC, "%s: bad program header table", file->name);
	if (__builtin_add_overflow(h->phoff, h->phnum * entry_size, &end) || end > file->size)
		return failure_set(file->failure, -ENOEXEC, "%s: truncated (no program headers)", file->name);
	return 0;
}

static int read_headers_64(const struct image_file *file, struct elf *elf)
{
	struct headers h;
	Elf64_Ehdr header;
	int error = image_file_read(file, &header, sizeof(header), 0);

	if (error)
		return error;
	h = (struct headers){ header.e_phoff, header.e_phentsize, header.e_phnum, header.e_type, header.e_machine };
	elf->entry = header.e_entry;
	elf->count = h.phnum;
	error = check_headers(file, elf, &h);
	return error ? error : image_file_read(file, elf->phdrs, h.phnum * sizeof(Elf64_Phdr), h.phoff);
}

static int read_headers_32(const struct image_file *file, struct elf *elf)
{
	Elf32_Phdr phdrs[ELF_PHDRS_MAX];
	struct headers h;
	Elf32_Ehdr header;
	int error = image_file_read(file, &header, sizeof(header), 0);

	if (error)
		return error;
	h = (struct headers){ header.e_phoff, header.e_phentsize, header.e_phnum, header.e_type, header.e_machine };
	elf->entry = header.e_entry;
	elf->count = h.phnum;
	error = check_headers(file, elf, &h);
	if (!error)
		error = image_file_read(file, phdrs, h.phnum * sizeof(Elf32_Phdr), h.phoff);
	for (unsigned i = 0; !error && i < h.phnum; i++)
		elf->phdrs[i] = (Elf64_Phdr){
			.p_type = phdrs[i].p_type, .p_flags = phdrs[i].p_flags, .p_offset = phdrs[i].p_offset,
			.p_vaddr = phdrs[i].p_vaddr, .p_paddr = phdrs[i].p_paddr, .p_filesz = phdrs[i].p_filesz,
			.p_memsz = phdrs[i].p_memsz, .p_align = phdrs[i].p_align,
		};
	return error;
}

/* One note whose sizes are checked. */
static void take_note(struct elf *elf, const Elf64_Nhdr *note, const uint8_t *name, const uint8_t *desc)
{
	uint32_t entry;

	if (note->n_type == WALNUT_NOTE_APP && note->n_namesz == sizeof(WALNUT_NOTE_OWNER) &&
	    memcmp(name, WALNUT_NOTE_OWNER, sizeof(WALNUT_NOTE_OWNER)) == 0)
		elf->walnut = true;
	if (note->n_type == PVH_NOTE_ENTRY && note->n_namesz == sizeof(PVH_NOTE_OWNER) &&
	    memcmp(name, PVH_NOTE_OWNER, sizeof(PVH_NOTE_OWNER)) == 0 && note->n_descsz >= sizeof(entry)) {
		memcpy(&entry, desc, sizeof(entry));
		elf->pvh_entry = entry;
	}
}

/* Notes that do not make sense end the search, nothing else: they are only hints. */
static int read_notes(const struct image_file *file, const Elf64_Phdr *phdr, struct elf *elf)
{
	uint64_t size = phdr->p_filesz < NOTES_MAX ? phdr->p_filesz : NOTES_MAX;
	uint8_t notes[NOTES_MAX];
	uint64_t end;
	int error;

	if (__builtin_add_overflow(phdr->p_offset, size, &end) || end > file->size)
		return failure_set(file->failure, -ENOEXEC, "%s: truncated (notes lie past the file's end)",
				   file->name);
	error = image_file_read(file, notes, size, phdr->p_offset);
	if (error)
		return error;
	for (uint64_t at = 0; size - at >= sizeof(Elf64_Nhdr);) {
		uint64_t name_size, desc_size;
		Elf64_Nhdr note;

		memcpy(&note, notes + at, sizeof(note));
		at += sizeof(note);
		name_size = ((uint64_t)note.n_namesz + 3) & ~3ull;
		desc_size = ((uint64_t)note.n_descsz + 3) & ~3ull;
		if (name_size > size - at || desc_size > size - at - name_size)
			break;
		take_note(elf, &note, notes + at, notes + at + name_size);
		at += name_size + desc_size;
	}
	return 0;
}

int elf_open(const struct image_file *file, struct elf *elf)
{
	uint8_t ident[EI_NIDENT];
	int error;

	if (file->size < sizeof(Elf64_Ehdr))
		return failure_set(file->failure, -ENOEXEC, "%s: not an ELF file", file->name);
	error = image_file_read(file, ident, sizeof(ident), 0);
	if (error)
		return error;
	if (!elf_recognise(ident))
		return failure_set(file->failure, -ENOEXEC, "%s: not an ELF file", file->name);
	if ((ident[EI_CLASS] != ELFCLASS64 && ident[EI_CLASS] != ELFCLASS32) || ident[EI_DATA] != ELFDATA2LSB)
		return failure_set(file->failure, -ENOEXEC, "%s: not an x86 ELF file", file->name);
	elf->pvh_entry = 0;
	elf->walnut = false;
	elf->is_32_bit = ident[EI_CLASS] == ELFCLASS32;
	error = elf->is_32_bit ? read_headers_32(file, elf) : read_headers_64(file, elf);
	for (unsigned i = 0; !error && i < elf->count; i++)
		if (elf->phdrs[i].p_type == PT_NOTE)
			error = read_notes(file, &elf->phdrs[i], elf);
	return error;
}

/* Copies what whole pages cannot carry, maps the rest. */
static int load_bytes(const struct image_file *file, const Elf64_Phdr *phdr, bool map, uint8_t *to)
{
	uint64_t whole = phdr->p_filesz & ~PAGE_MASK;
	uint64_t tail = phdr->p_filesz - whole;

	if (!map || ((phdr->p_offset | (uint64_t)to) & PAGE_MASK) || whole < MAP_MIN)
		return image_file_read(file, to, phdr->p_filesz, phdr->p_offset);
	if (mmap(to, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, file->fd,
		 (off_t)phdr->p_offset) == MAP_FAILED)
		return failure_errno(file->failure, -errno, "%s: cannot map a segment", file->name);
	return image_file_read(file, to + whole, tail, phdr->p_offset + whole);
}

static int load_segment(const struct image_file *file, const Elf64_Phdr *phdr, const struct guest_mem *mem,
			bool map, struct elf_image *image)
{
	uint64_t file_end, end;
	uint8_t *to;
	int error = 0;

	if (phdr->p_filesz > phdr->p_memsz ||
	    __builtin_add_overflow(phdr->p_offset, phdr->p_filesz, &file_end) ||
	    __builtin_add_overflow(phdr->p_paddr, phdr->p_memsz, &end))
		return failure_set(file->failure, -ENOEXEC, "%s: bad segment", file->name);
	if (file_end > file->size)
		return failure_set(file->failure, -ENOEXEC, "%s: truncated (a segment ends past the file)",
				   file->name);
	if (phdr->p_paddr < BOOT_HIGH_RAM)
		return failure_set(file->failure, -ENOEXEC, "%s: a segment lies below 1 MiB", file->name);
	to = guest_mem_range(mem, phdr->p_paddr, phdr->p_memsz);
	if (!to)
		return failure_set(file->failure, -ENOMEM,
				   "%s: does not fit into guest memory (a segment ends at %llu MiB)", file->name,
				   (unsigned long long)((end + 0xfffff) >> 20));
	if (phdr->p_filesz > 0)
		error = load_bytes(file, phdr, map, to);
	if (phdr->p_paddr < image->start) {
		image->start = phdr->p_paddr;
		image->virtual_offset = phdr->p_vaddr - phdr->p_paddr;
	}
	if (end > image->end)
		image->end = end;
	return error;
}

/* Their ends did not overflow when they were loaded. Segments may meet in a page: only whole
 * pages of file bytes are mapped. */
static bool overlaps(const Elf64_Phdr *a, const Elf64_Phdr *b)
{
	return a->p_paddr < b->p_paddr + b->p_memsz && b->p_paddr < a->p_paddr + a->p_memsz;
}

static bool loadable(const Elf64_Phdr *phdr)
{
	return phdr->p_type == PT_LOAD && phdr->p_memsz > 0;
}

int elf_load(const struct image_file *file, const struct elf *elf, const struct guest_mem *mem, bool map,
	     struct elf_image *image)
{
	*image = (struct elf_image){ .entry = elf->entry, .start = UINT64_MAX };
	for (unsigned i = 0; i < elf->count; i++) {
		int error;

		if (!loadable(&elf->phdrs[i]))
			continue;
		error = load_segment(file, &elf->phdrs[i], mem, map, image);
		if (error)
			return error;
		for (unsigned j = 0; j < i; j++)
			if (loadable(&elf->phdrs[j]) && overlaps(&elf->phdrs[j], &elf->phdrs[i]))
				return failure_set(file->failure, -ENOEXEC, "%s: overlapping segments", file->name);
	}
	return 0;
}
