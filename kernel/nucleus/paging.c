/* Ring 3's address space: everything below VA_KERNEL. It may put any physical page
 * there but those of the nucleus, of the image's code and constants, and of the
 * interrupt controllers: what is left, RAM or device, is ring 3's own, and nothing
 * of it is executable.
 *
 * Page-table pages come from a pool at the end of the nucleus's slot, zero as loaded.
 * A table goes back when all of its 2 MiB are mapped anew or unmapped at once; until
 * then it may lie empty, for the next mapping. When the pool is used up, calls are
 * refused. */
#include "internal.h"

#define PHYSICAL_END (1ull << 46)
#define ENTRIES 512
#define UNROLL 16

static char *pool_next = nucleus_pool_start;
static uint64_t *free_tables; /* each links to the next by its first word, else zero */

bool nucleus_user_range(uint64_t va, uint64_t size)
{
	uint64_t end;

	if (__builtin_add_overflow(va, size, &end))
		return false;
	return end <= VA_KERNEL ||
	       (va >= (uint64_t)walnut_image_text && end <= (uint64_t)walnut_image_end);
}

static inline uint64_t *table_of(uint64_t entry)
{
	/* No bits beyond the address but the low ones: PTE_NX is for pages only. */
	return (uint64_t *)(VA_KERNEL + (entry & -PAGE_SIZE));
}

/* Puts a new table below *entry and returns what *entry is then; 0: no more. */
static __attribute__((noinline)) uint64_t add_table(uint64_t *entry)
{
	uint64_t *table = free_tables;

	if (table) {
		free_tables = (uint64_t *)table[0];
		table[0] = 0;
	} else {
		if (pool_next == nucleus_pool_end)
			return 0;
		table = (uint64_t *)pool_next;
		pool_next += PAGE_SIZE;
	}
	*entry = ((uint64_t)table - VA_KERNEL) | PTE_P | PTE_W | PTE_U;
	return *entry;
}

/* The caller has its entry overwritten, and flushes. */
static __attribute__((noinline)) void free_table(uint64_t *table)
{
	uint64_t *at = table;
	uint64_t count = ENTRIES;

	__asm__ volatile("rep stosq" : "+D"(at), "+c"(count) : "a"(0) : "memory");
	table[0] = (uint64_t)free_tables;
	free_tables = table;
}

/* The page directory's entry for va; NULL when there are no more tables. */
static inline uint64_t *directory_entry(uint64_t va)
{
	uint64_t *entry = &nucleus_pml4[va >> 39];
	uint64_t value = *entry;

	if (value == 0 && (value = add_table(entry)) == 0)
		return NULL;
	entry = &table_of(value)[va >> 30 & (ENTRIES - 1)];
	value = *entry;
	if (value == 0 && (value = add_table(entry)) == 0)
		return NULL;
	return &table_of(value)[va >> 21 & (ENTRIES - 1)];
}

/* Fills `count` entries with page, page + step, … Unrolled: every instruction counts
 * where ring 0 is emulated. */
static void fill(uint64_t *entry, uint64_t page, uint64_t step, uint64_t count)
{
	for (; count >= UNROLL; count -= UNROLL, entry += UNROLL) {
#pragma clang loop unroll(full)
		for (int i = 0; i < UNROLL; i++, page += step)
			entry[i] = page;
	}
#pragma clang loop unroll(disable)
	for (; count; count--, page += step)
		*entry++ = page;
}

/* Replaces a 2 MiB page by a table of 4 KiB pages with the same content. */
static uint64_t split(uint64_t *entry)
{
	uint64_t page = *entry & ~(uint64_t)PTE_PS, value = add_table(entry);

	if (value)
		fill(table_of(value), page, PAGE_SIZE, ENTRIES);
	return value;
}

/* The page table below a page directory's entry, made if there is none. */
static uint64_t *page_table(uint64_t *entry)
{
	uint64_t value = *entry;

	if (value == 0)
		value = add_table(entry);
	else if (value & PTE_PS)
		value = split(entry);
	return value ? table_of(value) : NULL;
}

/* Forgets whatever was cached of the address space: cheaper than looking at each
 * entry for whether it was there before. */
static void flush(void)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"((uint64_t)nucleus_pml4 - VA_KERNEL) : "memory");
}

/* Replaces whatever a page directory's entry had. */
static void set_entry(uint64_t *entry, uint64_t value)
{
	uint64_t old = *entry;

	*entry = value;
	if (old && !(old & PTE_PS))
		free_table(table_of(old));
}

/* Maps the range at va to what `page`, its first 4 KiB entry, says. */
static int64_t map(uint64_t va, uint64_t page, uint64_t size)
{
	do {
		uint64_t *entry = directory_entry(va), *table;
		uint64_t part = SLOT_SIZE;

		if (entry == NULL)
			break;
		if (((va | page) & (SLOT_SIZE - PAGE_SIZE)) == 0 && size >= SLOT_SIZE) {
			set_entry(entry, page | PTE_PS);
		} else {
			table = page_table(entry);
			if (table == NULL)
				break;
			part -= va % SLOT_SIZE;
			if (part > size)
				part = size;
			fill(table + va / PAGE_SIZE % ENTRIES, page, PAGE_SIZE, part / PAGE_SIZE);
		}
		va += part;
		page += part;
		size -= part;
	} while (size);
	flush();
	return size ? REFUSED : 0;
}

static inline bool user_pages(uint64_t va, uint64_t size)
{
	uint64_t end = va + size;

	return ((va | size) & (PAGE_SIZE - 1)) == 0 && va < end && end <= VA_KERNEL;
}

/* `size` has passed user_pages(). */
static inline bool mappable(uint64_t pa, uint64_t size)
{
	uint64_t end = pa + size;

	if (pa & (PAGE_SIZE - 1) || pa >= PHYSICAL_END || end > PHYSICAL_END)
		return false;
	if (pa < (uint64_t)walnut_image_data - VA_KERNEL && end > SLOT_SIZE)
		return false;
	return pa >= PA_APIC_END || end <= PA_IOAPIC;
}

int64_t nucleus_map(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
	if (!user_pages(va, size) || !mappable(pa, size) || flags > NUCLEUS_MAP_WRITE)
		return REFUSED;
	return map(va, pa | PTE_NX | PTE_U | PTE_P | flags * PTE_W, size);
}

int64_t nucleus_mmio_map(uint64_t va, uint64_t pa, uint64_t size)
{
	if (!user_pages(va, size) || !mappable(pa, size))
		return REFUSED;
	return map(va, pa | PTE_NX | PTE_PCD | PTE_U | PTE_W | PTE_P, size);
}

int64_t nucleus_unmap(uint64_t va, uint64_t size)
{
	if (!user_pages(va, size))
		return REFUSED;
	do {
		uint64_t *entry = directory_entry(va), *table;
		uint64_t part = SLOT_SIZE - va % SLOT_SIZE;

		if (entry == NULL)
			break;
		if (part > size)
			part = size;
		if (part == SLOT_SIZE) {
			set_entry(entry, 0);
		} else if (*entry) {
			table = page_table(entry);
			if (table == NULL)
				break;
			fill(table + va / PAGE_SIZE % ENTRIES, 0, 0, part / PAGE_SIZE);
		}
		va += part;
		size -= part;
	} while (size);
	flush();
	return size ? REFUSED : 0;
}
