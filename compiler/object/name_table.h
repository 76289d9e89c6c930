/* A hash table from names to numbers. Names are pointed to, not copied. */
#ifndef WALNUT_COMPILER_NAME_TABLE_H
#define WALNUT_COMPILER_NAME_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct name_table {
	struct name_slot *slots;
	size_t size, used; /* size: a power of two */
};

/* The number of the name, which is `*number` where the name is new. 1: it was there, 0:
 * it is new, -1: no memory. A zeroed table is empty. */
int name_table_add(struct name_table *table, const char *name, uint32_t *number);
void name_table_release(struct name_table *table);

#endif
