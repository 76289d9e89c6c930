/* The program's linear memory as WASI functions see it: every pointer comes from the
 * program, and this is the only way to use one. Addresses are valid until the memory
 * grows, which no WASI function does. Mind that address 0 of the program is a null
 * pointer here, and a good one. */
#ifndef WALNUT_RUNTIME_GUEST_H
#define WALNUT_RUNTIME_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "app_object.h"
#include "fs/vfs.h"
#include "wasi/wasi.h"

/* The memory that WASI functions use: the program's export "memory"; NULL: none. */
void guest_set_memory(const struct walnut_memory *memory);

/* [address, address + size) of linear memory. False: not all of it is there. */
bool guest_range(uint32_t address, uint64_t size, uint8_t **out);

/* Copies out of, and into, linear memory. False: not all of it is there. */
bool guest_read(uint32_t address, void *to, uint32_t size);
bool guest_write(uint32_t address, const void *from, uint32_t size);
bool guest_write_u32(uint32_t address, uint32_t value);
bool guest_write_u64(uint32_t address, uint64_t value);

/* A path, where it lies. */
bool guest_path(uint32_t address, uint32_t size, struct vfs_name *path);

/* Element `index` of an array of iovecs, and the bytes it names. */
bool guest_iovec(uint32_t array, uint32_t index, uint8_t **out, uint32_t *size);

/* Whether the whole array and all that it names is there; *total gets the number of
 * bytes. Returns an errno. */
uint32_t guest_check_iovecs(uint32_t array, uint32_t count, uint32_t *total);

#endif
