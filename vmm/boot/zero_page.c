/* What a boot loader leaves in memory: Documentation/arch/x86/boot.rst for Linux's entry
 * points, abi/pvh.h for PVH's. */
#include "boot/zero_page.h"

#include <assert.h>
#include <string.h>

#include "boot/layout.h"
#include "vm/guest_mem.h"

#include "boot_params.h"
#include "pvh.h"

#define LOADER_UNDEFINED 0xff
#define KERNEL_ALIGNMENT 0x1000000

/* Code of 64 or 32 bits in ring 0, flat data, busy TSS; sregs_fill() in vm/vcpu.c has the
 * same in the hidden parts of the registers. */
static const uint64_t gdt_64[BOOT_GDT_ENTRIES] = {
	[BOOT_GDT_CODE_64] = 0x00af9b000000ffff,
	[BOOT_GDT_DATA_64] = 0x00cf93000000ffff,
	[BOOT_GDT_TSS_64] = 0x008f8b000000ffff,
};
static const uint64_t gdt_32[BOOT_GDT_ENTRIES] = {
	[BOOT_GDT_CODE_32] = 0x00cf9b000000ffff,
	[BOOT_GDT_DATA_32] = 0x00cf93000000ffff,
	[BOOT_GDT_TSS_32] = 0x008f8b000000ffff,
};

#define PTE_PRESENT 0x01
#define PTE_WRITE 0x02
#define PTE_LARGE 0x80
#define TABLE_ENTRIES 512

void zero_page_fill(struct boot_params *params, const struct boot_facts *facts)
{
	params->type_of_loader = LOADER_UNDEFINED;
	if (params->header == 0) {
		params->boot_flag = BOOT_PARAMS_BOOT_FLAG;
		params->header = BOOT_PARAMS_HEADER_MAGIC;
		params->kernel_alignment = KERNEL_ALIGNMENT;
		params->cmdline_size = facts->cmdline_size;
	}
	params->cmd_line_ptr = BOOT_CMDLINE;
	params->ramdisk_image = (uint32_t)facts->initrd.gpa;
	params->ext_ramdisk_image = (uint32_t)(facts->initrd.gpa >> 32);
	params->ramdisk_size = (uint32_t)facts->initrd.size;
	params->ext_ramdisk_size = (uint32_t)(facts->initrd.size >> 32);
	params->acpi_rsdp_addr = facts->rsdp;
	params->e820_entries = (uint8_t)facts->map.count;
	memcpy(params->e820_table, facts->map.entries, facts->map.count * sizeof(params->e820_table[0]));
}

static void *at(const struct guest_mem *mem, uint64_t gpa, uint64_t size)
{
	void *there = guest_mem_range(mem, gpa, size);

	assert(there);
	return there;
}

void pvh_start_info_write(const struct guest_mem *mem, const struct boot_facts *facts)
{
	struct pvh_start_info *info = at(mem, BOOT_PVH_START_INFO, sizeof(*info));
	struct pvh_memmap_entry *map = at(mem, BOOT_PVH_MEMMAP, MEMORY_MAP_MAX * sizeof(*map));
	struct pvh_module *module = at(mem, BOOT_PVH_MODULES, sizeof(*module));

	*info = (struct pvh_start_info){
		.magic = PVH_MAGIC,
		.version = 1,
		.cmdline = BOOT_CMDLINE,
		.rsdp = facts->rsdp,
		.memmap = BOOT_PVH_MEMMAP,
		.memmap_count = facts->map.count,
	};
	for (unsigned i = 0; i < facts->map.count; i++)
		map[i] = (struct pvh_memmap_entry){
			.address = facts->map.entries[i].addr,
			.size = facts->map.entries[i].size,
			.type = facts->map.entries[i].type,
		};
	if (facts->initrd.size) {
		info->module_count = 1;
		info->modules = BOOT_PVH_MODULES;
		*module = (struct pvh_module){ .address = facts->initrd.gpa, .size = facts->initrd.size };
	}
}

static void page_tables_write(const struct guest_mem *mem)
{
	uint64_t *pml4 = at(mem, BOOT_PML4, 4096);
	uint64_t *pdpt = at(mem, BOOT_PDPT, 4096);
	uint64_t *pd = at(mem, BOOT_PD, 4096);

	pml4[0] = BOOT_PDPT | PTE_WRITE | PTE_PRESENT;
	pdpt[0] = BOOT_PD | PTE_WRITE | PTE_PRESENT;
	for (uint64_t i = 0; i < TABLE_ENTRIES; i++)
		pd[i] = i << 21 | PTE_LARGE | PTE_WRITE | PTE_PRESENT;
}

void boot_tables_write(const struct guest_mem *mem, enum kernel_entry entry)
{
	bool long_mode = entry == KERNEL_ENTRY_LINUX_64;

	memcpy(at(mem, BOOT_GDT, sizeof(gdt_64)), long_mode ? gdt_64 : gdt_32, sizeof(gdt_64));
	if (long_mode)
		page_tables_write(mem);
}
