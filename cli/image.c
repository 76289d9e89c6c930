#include "image.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define SEGMENTS_MAX 64
#define FRAME_MIB 2
#define FRAME_SIZE ((uint64_t)FRAME_MIB << 20)
#define FRAME_WASM_PAGES (FRAME_SIZE >> 16)

static bool read_at(int fd, void *data, size_t size, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, data, size, (off_t)offset) == (ssize_t)size;
}

static uint64_t align4(uint64_t size)
{
	return (size + 3) & ~UINT64_C(3);
}

int image_find_note(int fd, uint64_t at, uint64_t size, struct walnut_app_note *note)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr header;
		char owner[sizeof(WALNUT_NOTE_OWNER)];
		uint64_t description, whole;

		if (!read_at(fd, &header, sizeof(header), at))
			return -EINVAL;
		description = sizeof(header) + align4(header.n_namesz);
		whole = description + align4(header.n_descsz);
		if (whole > size)
			return -EINVAL;
		if (header.n_type == WALNUT_NOTE_APP && header.n_namesz == sizeof(owner) &&
		    read_at(fd, owner, sizeof(owner), at + sizeof(header)) &&
		    memcmp(owner, WALNUT_NOTE_OWNER, sizeof(owner)) == 0) {
			if (header.n_descsz < sizeof(*note) ||
			    !read_at(fd, note, sizeof(*note), at + description))
				return -EINVAL;
			note->target_cpu[sizeof(note->target_cpu) - 1] = '\0';
			return 0;
		}
		at += whole;
		size -= whole;
	}
	return -ENOENT;
}

static int read_header(int fd, Elf64_Ehdr *header)
{
	if (!read_at(fd, header, sizeof(*header), 0) ||
	    memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_ident[EI_CLASS] != ELFCLASS64)
		return -EINVAL;
	if (header->e_type == ET_REL)
		return -ENOEXEC;
	/* A shared object or position-independent executable is whole, but not ours. */
	if (header->e_type != ET_EXEC)
		return -ENOENT;
	return header->e_phentsize == sizeof(Elf64_Phdr) && header->e_phnum <= SEGMENTS_MAX ? 0 : -EINVAL;
}

int image_read(int fd, struct image *image)
{
	Elf64_Ehdr header;
	int code = read_header(fd, &header), found = -ENOENT;

	image->end = 0;
	for (unsigned i = 0; !code && i < header.e_phnum; i++) {
		Elf64_Phdr segment;
		uint64_t end;

		if (!read_at(fd, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)))
			return -EINVAL;
		if (segment.p_type == PT_LOAD) {
			if (__builtin_add_overflow(segment.p_paddr, segment.p_memsz, &end))
				return -EINVAL;
			image->end = end > image->end ? end : image->end;
		}
		if (segment.p_type == PT_NOTE && found == -ENOENT) {
			found = image_find_note(fd, segment.p_offset, segment.p_filesz, &image->note);
			if (found && found != -ENOENT)
				return found;
		}
	}
	return code ? code : found;
}

static uint64_t frames(uint64_t count, uint64_t frame)
{
	return count / frame + !!(count % frame);
}

uint64_t image_memory_mib(const struct image *image)
{
	return frames(image->note.memory_pages, FRAME_WASM_PAGES) * FRAME_MIB;
}

uint64_t image_ram_mib(const struct image *image)
{
	return frames(image->end, FRAME_SIZE) * FRAME_MIB + image_memory_mib(image);
}
