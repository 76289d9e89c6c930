/* Page tables: Intel's manual volume 3, section 4.5. */
#include "gdb/memory.h"

#include <string.h>

#include "vm/guest_mem.h"

#define PRESENT 0x1u
#define USER 0x4u
#define LARGE 0x80u
#define ADDRESS_MASK 0x000ffffffffff000ull
#define TOP_SHIFT 39
#define PAGE_SHIFT 12
#define LEVEL_BITS 9
#define LARGEST_SHIFT 30 /* of a page: 1 GiB */

bool gdb_translate(const struct guest_mem *mem, uint64_t cr3, uint64_t address, struct gdb_mapping *mapping)
{
	uint64_t table = cr3 & ADDRESS_MASK, entry, page_size;

	/* Bits 48 … 63 repeat bit 47. */
	if ((uint64_t)((int64_t)(address << 16) >> 16) != address)
		return false;
	mapping->user = true;
	for (unsigned shift = TOP_SHIFT;; shift -= LEVEL_BITS) {
		uint64_t index = address >> shift & ((1u << LEVEL_BITS) - 1);
		const void *place = guest_mem_range(mem, table + index * sizeof(entry), sizeof(entry));

		if (!place)
			return false;
		memcpy(&entry, place, sizeof(entry));
		if (!(entry & PRESENT))
			return false;
		mapping->user &= (entry & USER) != 0;
		table = entry & ADDRESS_MASK;
		page_size = 1ull << shift;
		if (shift == PAGE_SHIFT || (shift <= LARGEST_SHIFT && entry & LARGE))
			break;
	}
	mapping->gpa = (table & ~(page_size - 1)) | (address & (page_size - 1));
	mapping->left = page_size - (address & (page_size - 1));
	return true;
}
