/* Records of one size, stored once each: equal ones have the same index. Records are
 * compared byte by byte, so they have no padding, and are a multiple of 4 bytes. */
#ifndef WALNUT_COMPILER_RECORDS_H
#define WALNUT_COMPILER_RECORDS_H

#include <stddef.h>
#include <stdint.h>

struct record_table {
	size_t record_size;
	void *records;
	uint32_t count, capacity;
	uint32_t *slots; /* index + 1; 0: free */
	uint32_t slot_count;
};

#define RECORD_TABLE_OF(type) ((struct record_table){ .record_size = sizeof(type) })

/* 0 and *index, or -1 without memory. */
int record_table_add(struct record_table *table, const void *record, uint32_t *index);
void record_table_free(struct record_table *table);

#endif
