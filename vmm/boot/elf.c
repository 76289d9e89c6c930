/* ELF64, x86-64, executables with physical addresses: what the 64-bit Linux boot
 * protocol starts. Program headers only; sections are never looked at. */
#include "boot/elf.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/layout.h"
#include "failure.h"
#include "vm/guest_mem.h"

#define PHDRS_MAX 64
#define PAGE_MASK 4095ull

/* From this size on, mapping the file is cheaper than reading it: a mapping costs a
 * fixed few microseconds, and pages the guest leaves alone cost nothing. */
#define MAP_MIN (256u << 10)

struct loader {
	int fd;
	const char *name;
	uint64_t file_size;
	const struct guest_mem *mem;
	struct failure *failure;
};

static int read_exactly(const struct loader *l, void *to, uint64_t size, uint64_t offset)
{
	uint8_t *at = to;

	while (size > 0) {
		ssize_t n = pread(l->fd, at, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failure_errno(l->failure, -errno, "%s: cannot read", l->name);
		if (n == 0)
			return failure_set(l->failure, -ENOEXEC, "%s: became shorter while it was read", l->name);
		at += n;
		offset += (uint64_t)n;
		size -= (uint64_t)n;
	}
	return 0;
}

static int check_header(const struct loader *l, const Elf64_Ehdr *header)
{
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return failure_set(l->failure, -ENOEXEC, "%s: not an ELF file", l->name);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
	    header->e_machine != EM_X86_64)
		return failure_set(l->failure, -ENOEXEC, "%s: not a 64-bit x86 ELF file", l->name);
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		return failure_set(l->failure, -ENOEXEC,
				   "%s: not a bootable image (an object file must be linked first)", l->name);
	if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 || header->e_phnum > PHDRS_MAX)
		return failure_set(l->failure, -ENOEXEC, "%s: bad program header table", l->name);
	return 0;
}

/* Copies what whole pages cannot carry, maps the rest. */
static int load_bytes(const struct loader *l, const Elf64_Phdr *phdr, uint8_t *to)
{
	uint64_t whole = phdr->p_filesz & ~PAGE_MASK;
	uint64_t tail = phdr->p_filesz - whole;

	if (((phdr->p_offset | (uint64_t)to) & PAGE_MASK) || whole < MAP_MIN)
		return read_exactly(l, to, phdr->p_filesz, phdr->p_offset);
	if (mmap(to, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, l->fd,
		 (off_t)phdr->p_offset) == MAP_FAILED)
		return failure_errno(l->failure, -errno, "%s: cannot map a segment", l->name);
	return read_exactly(l, to + whole, tail, phdr->p_offset + whole);
}

static int load_segment(const struct loader *l, const Elf64_Phdr *phdr, struct elf_image *image)
{
	uint64_t file_end, end;
	uint8_t *to;
	int error = 0;

	if (phdr->p_memsz == 0)
		return 0;
	if (phdr->p_filesz > phdr->p_memsz ||
	    __builtin_add_overflow(phdr->p_offset, phdr->p_filesz, &file_end) ||
	    __builtin_add_overflow(phdr->p_paddr, phdr->p_memsz, &end))
		return failure_set(l->failure, -ENOEXEC, "%s: bad segment", l->name);
	if (file_end > l->file_size)
		return failure_set(l->failure, -ENOEXEC, "%s: truncated (a segment ends past the file)", l->name);
	if (phdr->p_paddr < BOOT_HIGH_RAM)
		return failure_set(l->failure, -ENOEXEC, "%s: a segment lies below 1 MiB", l->name);
	to = guest_mem_range(l->mem, phdr->p_paddr, phdr->p_memsz);
	if (!to)
		return failure_set(l->failure, -ENOMEM,
				   "%s: does not fit into guest memory (a segment ends at %llu MiB)", l->name,
				   (unsigned long long)((end + 0xfffff) >> 20));
	if (phdr->p_filesz > 0)
		error = load_bytes(l, phdr, to);
	if (phdr->p_paddr < image->start) {
		image->start = phdr->p_paddr;
		image->virtual_offset = phdr->p_vaddr - phdr->p_paddr;
	}
	if (end > image->end)
		image->end = end;
	return error;
}

/* Loading relies on fresh memory, so no two segments may meet in a page. */
static bool overlaps(const Elf64_Phdr *a, const Elf64_Phdr *b)
{
	uint64_t a_end = (a->p_paddr + a->p_memsz + PAGE_MASK) & ~PAGE_MASK;
	uint64_t b_end = (b->p_paddr + b->p_memsz + PAGE_MASK) & ~PAGE_MASK;

	return (a->p_paddr & ~PAGE_MASK) < b_end && (b->p_paddr & ~PAGE_MASK) < a_end;
}

int elf_load(int fd, const char *name, const struct guest_mem *mem, struct elf_image *image,
	     struct failure *failure)
{
	struct loader l = { .fd = fd, .name = name, .mem = mem, .failure = failure };
	Elf64_Phdr phdrs[PHDRS_MAX];
	Elf64_Ehdr header;
	struct stat st;
	uint64_t phdrs_end;
	int error;

	if (fstat(fd, &st) != 0)
		return failure_errno(failure, -errno, "%s", name);
	if (!S_ISREG(st.st_mode))
		return failure_set(failure, -ENOEXEC, "%s: not a regular file", name);
	l.file_size = (uint64_t)st.st_size;
	if (l.file_size < sizeof(header))
		return failure_set(failure, -ENOEXEC, "%s: not an ELF file", name);
	error = read_exactly(&l, &header, sizeof(header), 0);
	if (!error)
		error = check_header(&l, &header);
	if (error)
		return error;
	if (__builtin_add_overflow(header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr), &phdrs_end) ||
	    phdrs_end > l.file_size)
		return failure_set(failure, -ENOEXEC, "%s: truncated (no program headers)", name);
	error = read_exactly(&l, phdrs, header.e_phnum * sizeof(Elf64_Phdr), header.e_phoff);
	if (error)
		return error;

	*image = (struct elf_image){ .entry = header.e_entry, .start = UINT64_MAX };
	for (unsigned i = 0; i < header.e_phnum; i++) {
		if (phdrs[i].p_type != PT_LOAD || phdrs[i].p_memsz == 0)
			continue;
		error = load_segment(&l, &phdrs[i], image);
		if (error)
			return error;
		for (unsigned j = 0; j < i; j++)
			if (phdrs[j].p_type == PT_LOAD && phdrs[j].p_memsz > 0 && overlaps(&phdrs[j], &phdrs[i]))
				return failure_set(failure, -ENOEXEC, "%s: overlapping segments", name);
	}
	if (image->entry < image->start || image->entry >= image->end)
		return failure_set(failure, -ENOEXEC, "%s: entry point outside the image", name);
	return 0;
}
