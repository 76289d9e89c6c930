/* Reads the headers of a cpio archive ("newc"), from any bytes. Pure. */
#ifndef WALNUT_RUNTIME_CPIO_H
#define WALNUT_RUNTIME_CPIO_H

#include <stdbool.h>
#include <stdint.h>

#define CPIO_TYPE 0170000u
#define CPIO_DIRECTORY 0040000u
#define CPIO_REGULAR 0100000u
#define CPIO_LINK 0120000u

struct cpio_reader {
	const uint8_t *bytes;
	uint64_t size, at;
};

struct cpio_entry {
	const char *name; /* without "./" in front; name_size 0: the root */
	uint32_t name_size;
	const uint8_t *data;
	uint32_t data_size;
	uint32_t mode;
	uint32_t links;
	uint32_t mtime; /* s since 1970 */
};

enum cpio_result {
	CPIO_ENTRY,
	CPIO_END,
	CPIO_DAMAGED,
};

enum cpio_result cpio_next(struct cpio_reader *reader, struct cpio_entry *entry);

#endif
