#include "boot/memory_map.h"

#include <assert.h>

#include "boot/layout.h"
#include "vm/guest_mem.h"

static void add(struct memory_map *map, uint64_t start, uint64_t end, enum e820_type type)
{
	assert(map->count < MEMORY_MAP_MAX);
	map->entries[map->count++] = (struct e820_entry){ .addr = start, .size = end - start, .type = type };
}

struct memory_map memory_map(const struct guest_mem *mem, bool firmware_tables)
{
	struct memory_map map = { 0 };

	add(&map, 0, BOOT_LOW_RAM_END, E820_RAM);
	if (firmware_tables) {
		add(&map, BOOT_MP_TABLE, BOOT_LOW_MEMORY_END, E820_RESERVED);
		add(&map, BOOT_ACPI, BOOT_ACPI + BOOT_ACPI_SIZE, E820_RESERVED);
	}
	for (unsigned i = 0; i < mem->count; i++) {
		uint64_t start = mem->regions[i].gpa;
		uint64_t end = start + mem->regions[i].size;

		add(&map, start < BOOT_HIGH_RAM ? BOOT_HIGH_RAM : start, end, E820_RAM);
	}
	return map;
}
