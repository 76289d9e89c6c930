/* The cpio reader; see cpio.h. */
#include "fs/cpio.h"

#include <stddef.h>

#include "lib/string.h"

#define FIELDS 13
#define HEADER_SIZE (6 + FIELDS * 8)

enum { FIELD_MODE = 1, FIELD_LINKS = 4, FIELD_MTIME = 5, FIELD_DATA_SIZE = 6, FIELD_NAME_SIZE = 11 };

static bool read_field(const uint8_t *text, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < 8; i++) {
		uint8_t digit = text[i];

		if (digit >= '0' && digit <= '9')
			digit -= '0';
		else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
			digit = (uint8_t)((digit | 0x20) - 'a' + 10);
		else
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

/* The next `size` bytes, with padding to a multiple of 4 of the position. NULL: not there. */
static const uint8_t *take(struct cpio_reader *reader, uint64_t size)
{
	uint64_t at = reader->at, end;

	if (size > reader->size - at)
		return NULL;
	end = (at + size + 3) & ~UINT64_C(3);
	/* The last padding may be missing. */
	reader->at = end < reader->size ? end : reader->size;
	return reader->bytes + at;
}

static bool has_nul(const char *text, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (!text[i])
			return true;
	}
	return false;
}

static bool read_name(struct cpio_reader *reader, struct cpio_entry *entry, uint32_t size)
{
	const char *name = (const char *)take(reader, size);

	/* With its NUL, and no other. */
	if (!name || !size || name[size - 1] || has_nul(name, size - 1))
		return false;
	entry->name = name;
	entry->name_size = size - 1;
	return true;
}

static void strip(struct cpio_entry *entry)
{
	if (entry->name_size == 1 && entry->name[0] == '.')
		entry->name_size = 0;
	if (entry->name_size >= 2 && entry->name[0] == '.' && entry->name[1] == '/') {
		entry->name += 2;
		entry->name_size -= 2;
	}
}

enum cpio_result cpio_next(struct cpio_reader *reader, struct cpio_entry *entry)
{
	static const char trailer[] = "TRAILER!!!";
	uint32_t fields[FIELDS];
	uint64_t begin = reader->at;
	const uint8_t *header;

	if (HEADER_SIZE > reader->size - begin)
		return CPIO_DAMAGED;
	header = reader->bytes + begin;
	/* The header has no padding of its own: name and header have it together. */
	reader->at += HEADER_SIZE;
	if (memcmp(header, "070701", 6) && memcmp(header, "070702", 6))
		return CPIO_DAMAGED;
	for (int i = 0; i < FIELDS; i++) {
		if (!read_field(header + 6 + 8 * i, &fields[i]))
			return CPIO_DAMAGED;
	}
	if (!read_name(reader, entry, fields[FIELD_NAME_SIZE]))
		return CPIO_DAMAGED;
	if (entry->name_size == sizeof(trailer) - 1 && !memcmp(entry->name, trailer, sizeof(trailer) - 1))
		return CPIO_END;
	entry->data = take(reader, fields[FIELD_DATA_SIZE]);
	if (!entry->data)
		return CPIO_DAMAGED;
	entry->data_size = fields[FIELD_DATA_SIZE];
	entry->mode = fields[FIELD_MODE];
	entry->links = fields[FIELD_LINKS];
	entry->mtime = fields[FIELD_MTIME];
	strip(entry);
	return CPIO_ENTRY;
}
