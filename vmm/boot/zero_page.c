/* Documentation/arch/x86/boot.rst: what a boot loader leaves in memory for the 64-bit
 * entry point. */
#include "boot/zero_page.h"

#include <assert.h>
#include <string.h>

#include "boot/layout.h"
#include "vm/guest_mem.h"

#include "boot_params.h"

#define LOADER_UNDEFINED 0xff
#define KERNEL_ALIGNMENT 0x1000000

/* Code 64-bit ring 0, flat data, busy TSS; sregs_fill() in vm/vcpu.c has the same
 * in the hidden parts of the registers. */
static const uint64_t boot_gdt[] = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x008f8b000000ffff };

#define PTE_PRESENT 0x01
#define PTE_WRITE 0x02
#define PTE_LARGE 0x80
#define TABLE_ENTRIES 512

static void e820_add(struct boot_params *params, uint64_t start, uint64_t end)
{
	params->e820_table[params->e820_entries++] =
		(struct e820_entry){ .addr = start, .size = end - start, .type = E820_RAM };
}

void zero_page_fill(struct boot_params *params, const struct guest_mem *mem, uint32_t cmdline_size,
		    uint64_t initrd, uint64_t initrd_size)
{
	params->boot_flag = BOOT_PARAMS_BOOT_FLAG;
	params->header = BOOT_PARAMS_HEADER_MAGIC;
	params->type_of_loader = LOADER_UNDEFINED;
	params->kernel_alignment = KERNEL_ALIGNMENT;
	params->cmd_line_ptr = BOOT_CMDLINE;
	params->cmdline_size = cmdline_size;
	params->ramdisk_image = (uint32_t)initrd;
	params->ext_ramdisk_image = (uint32_t)(initrd >> 32);
	params->ramdisk_size = (uint32_t)initrd_size;
	params->ext_ramdisk_size = (uint32_t)(initrd_size >> 32);

	e820_add(params, 0, BOOT_LOW_RAM_END);
	for (unsigned i = 0; i < mem->count; i++) {
		uint64_t start = mem->regions[i].gpa;
		uint64_t end = start + mem->regions[i].size;

		e820_add(params, start < BOOT_HIGH_RAM ? BOOT_HIGH_RAM : start, end);
	}
}

void boot_tables_write(const struct guest_mem *mem)
{
	uint64_t *gdt = guest_mem_range(mem, BOOT_GDT, sizeof(boot_gdt));
	uint64_t *pml4 = guest_mem_range(mem, BOOT_PML4, 4096);
	uint64_t *pdpt = guest_mem_range(mem, BOOT_PDPT, 4096);
	uint64_t *pd = guest_mem_range(mem, BOOT_PD, 4096);

	assert(gdt && pml4 && pdpt && pd);
	memcpy(gdt, boot_gdt, sizeof(boot_gdt));
	pml4[0] = BOOT_PDPT | PTE_WRITE | PTE_PRESENT;
	pdpt[0] = BOOT_PD | PTE_WRITE | PTE_PRESENT;
	for (uint64_t i = 0; i < TABLE_ENTRIES; i++)
		pd[i] = i << 21 | PTE_LARGE | PTE_WRITE | PTE_PRESENT;
}
