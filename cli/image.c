#include "image.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define NOTES_MAX 4096
#define SEGMENTS_MAX 64

static bool read_at(int fd, void *data, size_t size, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, data, size, (off_t)offset) == (ssize_t)size;
}

static uint64_t align4(uint64_t size)
{
	return (size + 3) & ~UINT64_C(3);
}

/* Notes of one PT_NOTE segment: core header, owner and description, padded to 4. */
static int find_in(const uint8_t *notes, uint64_t size, struct walnut_app_note *note)
{
	uint64_t at = 0;

	while (size - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr header;
		uint64_t owner, description;

		memcpy(&header, notes + at, sizeof(header));
		owner = at + sizeof(header);
		description = owner + align4(header.n_namesz);
		if (description > size || header.n_descsz > size - description)
			return -EINVAL;
		if (header.n_type == WALNUT_NOTE_APP &&
		    header.n_namesz == sizeof(WALNUT_NOTE_OWNER) &&
		    memcmp(notes + owner, WALNUT_NOTE_OWNER, sizeof(WALNUT_NOTE_OWNER)) == 0) {
			if (header.n_descsz < sizeof(*note))
				return -EINVAL;
			memcpy(note, notes + description, sizeof(*note));
			note->target_cpu[sizeof(note->target_cpu) - 1] = '\0';
			return 0;
		}
		at = description + align4(header.n_descsz);
		if (at > size)
			break;
	}
	return -ENOENT;
}

int image_read_note(int fd, struct walnut_app_note *note)
{
	Elf64_Ehdr header;

	if (!read_at(fd, &header, sizeof(header), 0) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_EXEC ||
	    header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > SEGMENTS_MAX)
		return -EINVAL;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;
		uint8_t notes[NOTES_MAX];
		int code;

		if (!read_at(fd, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)))
			return -EINVAL;
		if (segment.p_type != PT_NOTE || segment.p_filesz > sizeof(notes))
			continue;
		if (!read_at(fd, notes, segment.p_filesz, segment.p_offset))
			return -EINVAL;
		code = find_in(notes, segment.p_filesz, note);
		if (code != -ENOENT)
			return code;
	}
	return -ENOENT;
}
