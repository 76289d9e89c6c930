/* Memory that lives as long as one module: allocated piece by piece, released at
 * once. Not thread-safe. */
#ifndef WALNUT_COMPILER_WASM_ARENA_H
#define WALNUT_COMPILER_WASM_ARENA_H

#include <stddef.h>

struct wasm_arena;

/* NULL when out of memory. */
struct wasm_arena *wasm_arena_new(void);
void wasm_arena_free(struct wasm_arena *arena);

/* `count` zeroed elements of `size` bytes, aligned for any type; NULL when out of
 * memory or when the product overflows. A count of 0 gives a valid pointer. */
void *wasm_arena_alloc(struct wasm_arena *arena, size_t count, size_t size);

#endif
