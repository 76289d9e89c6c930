/* Memory that file systems take and give back. Pieces of a page and less have size
 * classes; larger ones come in powers of two, too. What is given back serves pieces
 * of the same class. */
#ifndef WALNUT_RUNTIME_FS_HEAP_H
#define WALNUT_RUNTIME_FS_HEAP_H

#include <stddef.h>

#define FS_ALLOCATION_MAX (1u << 20)

/* 16-byte aligned, of any content; NULL: none left. */
void *fs_allocate(size_t size);

/* `size` as it was asked for; NULL is fine. */
void fs_free(void *memory, size_t size);

#endif
