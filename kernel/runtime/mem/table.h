/* Which tables there are. */
#ifndef WALNUT_RUNTIME_TABLE_H
#define WALNUT_RUNTIME_TABLE_H

#include "app_object.h"

/* Calls visit() for each table that has been initialised. */
void table_each(void (*visit)(const struct walnut_table *table, void *opaque), void *opaque);

#endif
