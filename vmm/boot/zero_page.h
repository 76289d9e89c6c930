/* The memory a 64-bit Linux entry expects: zero page with e820 map, command line,
 * descriptor tables, identity page tables. */
#ifndef WALNUT_VMM_BOOT_ZERO_PAGE_H
#define WALNUT_VMM_BOOT_ZERO_PAGE_H

#include <stdint.h>

struct boot_params;
struct guest_mem;

/* Fills in a zeroed zero page. The command line must already lie at BOOT_CMDLINE. */
void zero_page_fill(struct boot_params *params, const struct guest_mem *mem, uint32_t cmdline_size,
		    uint64_t initrd, uint64_t initrd_size);

/* Writes GDT and page tables (first GiB mapped one to one) into the guest's first
 * pages, which must be fresh. */
void boot_tables_write(const struct guest_mem *mem);

#endif
