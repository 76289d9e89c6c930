/* The guest's memory as its program sees it: by virtual address. Tables and addresses are
 * the guest's; every byte comes through guest_mem_range(). */
#ifndef WALNUT_VMM_GDB_MEMORY_H
#define WALNUT_VMM_GDB_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct guest_mem;

struct gdb_mapping {
	uint64_t gpa;
	uint64_t left; /* bytes from there to the end of its page */
	bool user;     /* ring 3 may use it */
};

/* Follows the four levels of page tables at `cr3`. False: not mapped. */
bool gdb_translate(const struct guest_mem *mem, uint64_t cr3, uint64_t address, struct gdb_mapping *mapping);

#endif
