/* Reduces the boot protocols to struct nucleus_info: the Linux zero page (abi/boot_params.h), PVH's
 * hvm_start_info (abi/pvh.h, version 1) and multiboot's information (abi/multiboot.h). */
#include "boot/information.h"

#include <stddef.h>

#include "boot_params.h"
#include "multiboot.h"
#include "pvh.h"

#define PAGE_SIZE 4096ull
#define COMMAND_LINE_DEFAULT_MAX 65536u /* where no length is told */

/* Nothing a loader leaves lies at address 0. */
static const void *reach(uint64_t pa, uint64_t size)
{
	return pa ? nucleus_direct(pa, size) : NULL;
}

static void add_range(struct nucleus_info *info, uint64_t start, uint64_t end)
{
	start = (start + PAGE_SIZE - 1) & -PAGE_SIZE;
	end &= -PAGE_SIZE;
	if (start >= end || info->ram_count == NUCLEUS_RAM_MAX)
		return;
	info->ram[info->ram_count].start = start;
	info->ram[info->ram_count].size = end - start;
	info->ram_count++;
}

/* Adds RAM but for what the image occupies. */
static void add_ram(struct nucleus_info *info, uint64_t start, uint64_t size)
{
	uint64_t image_start = info->image_start;
	uint64_t image_end = image_start + info->image_size;
	uint64_t end;

	if (__builtin_add_overflow(start, size, &end) || end > 1ull << 52)
		return;
	if (start < image_start)
		add_range(info, start, end < image_start ? end : image_start);
	if (end > image_end)
		add_range(info, start > image_end ? start : image_end, end);
}

static bool read_zero_page(const struct boot_params *params, struct nucleus_info *info)
{
	if (params == NULL || params->e820_entries > BOOT_PARAMS_E820_MAX)
		return false;
	for (uint32_t i = 0; i < params->e820_entries; i++)
		if (params->e820_table[i].type == E820_RAM)
			add_ram(info, params->e820_table[i].addr, params->e820_table[i].size);
	info->command_line = (uint64_t)params->ext_cmd_line_ptr << 32 | params->cmd_line_ptr;
	info->command_line_max = params->cmdline_size ? params->cmdline_size + 1ull : COMMAND_LINE_DEFAULT_MAX;
	info->initrd_size = (uint64_t)params->ext_ramdisk_size << 32 | params->ramdisk_size;
	if (info->initrd_size)
		info->initrd = (uint64_t)params->ext_ramdisk_image << 32 | params->ramdisk_image;
	info->rsdp = params->acpi_rsdp_addr;
	return true;
}

static bool read_start_info(const struct pvh_start_info *start, struct nucleus_info *info)
{
	const struct pvh_memmap_entry *memory;
	const struct pvh_module *module;

	if (start == NULL || start->magic != PVH_MAGIC || start->version < 1)
		return false;
	memory = reach(start->memmap, (uint64_t)start->memmap_count * sizeof(*memory));
	if (memory == NULL)
		return false;
	for (uint32_t i = 0; i < start->memmap_count; i++)
		if (memory[i].type == E820_RAM)
			add_ram(info, memory[i].address, memory[i].size);
	info->command_line = start->cmdline;
	info->command_line_max = COMMAND_LINE_DEFAULT_MAX;
	if (start->module_count > 0) {
		module = reach(start->modules, sizeof(*module));
		if (module == NULL)
			return false;
		info->initrd = module->address;
		info->initrd_size = module->size;
	}
	info->rsdp = start->rsdp;
	return true;
}

/* Entries have sizes of their own. */
static bool read_memory_map(const struct multiboot_info *boot, struct nucleus_info *info)
{
	const uint8_t *map = reach(boot->mmap_addr, boot->mmap_length);
	uint32_t at = 0;

	if (!map)
		return false;
	while (boot->mmap_length - at >= sizeof(struct multiboot_memory)) {
		const struct multiboot_memory *entry = (const void *)(map + at);
		uint32_t size = entry->size;

		if (size < sizeof(*entry) - sizeof(size) || size > boot->mmap_length - at - sizeof(size))
			return false;
		if (entry->type == E820_RAM)
			add_ram(info, entry->address, entry->length);
		at += (uint32_t)sizeof(size) + size;
	}
	return true;
}

static bool read_multiboot(const struct multiboot_info *boot, struct nucleus_info *info)
{
	const struct multiboot_module *module;

	if (boot == NULL || !(boot->flags & MULTIBOOT_INFO_MEMORY_MAP) || !read_memory_map(boot, info))
		return false;
	if (boot->flags & MULTIBOOT_INFO_CMDLINE) {
		info->command_line = boot->cmdline;
		info->command_line_max = COMMAND_LINE_DEFAULT_MAX;
	}
	if (!(boot->flags & MULTIBOOT_INFO_MODULES) || boot->mods_count == 0)
		return true;
	module = reach(boot->mods_addr, sizeof(*module));
	if (module == NULL || module->end < module->start)
		return false;
	info->initrd = module->start;
	info->initrd_size = module->end - module->start;
	return true;
}

/* PVH says nothing of EAX, where multiboot has its magic number: PVH's own is in the structure. */
static bool is_multiboot(uint64_t magic, uint64_t start_info)
{
	const uint32_t *first = reach(start_info, sizeof(*first));

	return (uint32_t)magic == MULTIBOOT_BOOT_MAGIC && first && *first != PVH_MAGIC;
}

bool boot_information_read(uint64_t zero_page, uint64_t start_info, struct nucleus_info *info)
{
	if (start_info != 0 && is_multiboot(zero_page, start_info))
		return read_multiboot(reach(start_info, sizeof(struct multiboot_info)), info);
	if (start_info != 0)
		return read_start_info(reach(start_info, sizeof(struct pvh_start_info)), info);
	return read_zero_page(reach(zero_page, sizeof(struct boot_params)), info);
}
