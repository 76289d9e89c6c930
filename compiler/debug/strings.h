/* Strings stored once each, one behind the other, each with its NUL; the first is the
 * empty one. */
#ifndef WALNUT_COMPILER_STRINGS_H
#define WALNUT_COMPILER_STRINGS_H

#include <stdint.h>

struct string_table {
	char *bytes;
	uint32_t size, capacity;
	uint32_t *slots; /* offsets + 1; 0: free */
	uint32_t slot_count, count;
	int failed; /* memory ran out, or 1 GiB is full: offsets are 0 from then on */
};

/* Its offset. Accepts a zeroed table. */
uint32_t string_table_add(struct string_table *table, const char *string);
void string_table_free(struct string_table *table);

#endif
