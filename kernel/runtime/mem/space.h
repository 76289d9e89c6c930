/* The runtime's address space: where RAM appears, and what was handed out. */
#ifndef WALNUT_RUNTIME_SPACE_H
#define WALNUT_RUNTIME_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem/pages.h"

void space_init(const struct nucleus_info *info);

/* Shows `size` bytes of RAM at physical address `start` to the runtime, for reading.
 * NULL: refused. */
const void *space_show(uint64_t start, uint64_t size);

/* Device registers; NULL: refused. */
volatile void *space_device(uint64_t start, uint64_t size);

/* Address space for `size` bytes, without RAM yet; NULL: none left. */
void *space_reserve(uint64_t size);

/* Backs [address, address + size), page aligned, with RAM, by 2 MiB pages where
 * possible. False: not enough RAM, and nothing is there. */
bool space_back(uint64_t address, uint64_t size);

/* Nothing is there any more; its RAM is lost. */
void space_hide(uint64_t address, uint64_t size);

/* Like space_back(), but one run of 2 MiB frames filled from the start: *frame is
 * the physical address of the last frame begun, kept by the caller between calls
 * that continue each other. False: nothing was changed. */
bool space_extend(uint64_t address, uint64_t size, uint64_t *frame);

/* Memory for the runtime, 16-byte aligned, zero, never freed; NULL: none left. */
void *space_allocate(size_t size);

/* The physical address of a static object of the kernel. */
uint64_t space_physical(const void *object);

/* Where the program's first memory is: how many bytes from this address on lie one behind the other
 * from *physical on. 0: that is not known, and so for all but the first 4 GiB of it. */
uint64_t space_run(const void *address, uint64_t *physical);

uint64_t space_ram_total(void); /* bytes of RAM free for programs at the start */
uint64_t space_ram_used(void);	/* bytes handed out */
uint64_t space_ram_left(void);	/* bytes that can still be had, by single pages */
uint64_t space_frames_left(void); /* bytes that can still be had in frames of 2 MiB */

/* What linear memories may take of it in all, bytes; default: all. */
void space_limit_memories(uint64_t size);
uint64_t space_memories_left(void);
void space_take_memory(uint64_t size);

/* Whether fresh RAM reads as zero; else it is cleared where that matters. */
void space_set_zeroed(bool zeroed);

#endif
