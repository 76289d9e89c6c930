/* Tests kernel/runtime/boot/information.c: the boot protocols, reduced to one structure.
 * It reads physical memory at VA_KERNEL + address; here that is a mapping of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>

#include "boot/information.h"
#include "boot_params.h"
#include "multiboot.h"

#define MEMORY_SIZE 0x20000
#define ZERO_PAGE 0x7000
#define START_INFO 0x1000
#define MAP 0x2000
#define MODULES 0x3000
#define IMAGE_START 0x200000
#define IMAGE_SIZE 0x800000

static char *memory;

static void put(uint64_t address, const void *data, size_t size)
{
	memcpy(memory + address, data, size);
}

static void put32(uint64_t address, uint32_t value)
{
	put(address, &value, sizeof(value));
}

static void put64(uint64_t address, uint64_t value)
{
	put(address, &value, sizeof(value));
}

static int setup(void **state)
{
	memory = mmap((void *)VA_KERNEL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	return memory == (void *)VA_KERNEL ? 0 : -1;
}

static int teardown(void **state)
{
	return munmap(memory, MEMORY_SIZE);
}

static struct nucleus_info new_info(void)
{
	return (struct nucleus_info){ .image_start = IMAGE_START, .image_size = IMAGE_SIZE };
}

static struct boot_params *zero_page(void)
{
	struct boot_params *params = (struct boot_params *)(memory + ZERO_PAGE);

	memset(params, 0, sizeof(*params));
	return params;
}

static void add_e820(struct boot_params *params, uint64_t start, uint64_t size, uint32_t type)
{
	params->e820_table[params->e820_entries++] = (struct e820_entry){ start, size, type };
}

static void assert_ram(const struct nucleus_info *info, const struct nucleus_range *want,
		       uint32_t count)
{
	assert_int_equal(info->ram_count, count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(info->ram[i].start, want[i].start);
		assert_int_equal(info->ram[i].size, want[i].size);
	}
}

static void zero_page_fields_are_read(void **state)
{
	struct boot_params *params = zero_page();
	struct nucleus_info info = new_info();

	params->cmd_line_ptr = 0x20000;
	params->cmdline_size = 2047;
	params->ramdisk_image = 0x7ff0000;
	params->ext_ramdisk_image = 1;
	params->ramdisk_size = 4096;
	params->acpi_rsdp_addr = 0xe0000;
	assert_true(boot_information_read(ZERO_PAGE, 0, &info));
	assert_int_equal(info.command_line, 0x20000);
	assert_int_equal(info.command_line_max, 2048);
	assert_int_equal(info.initrd, 0x107ff0000);
	assert_int_equal(info.initrd_size, 4096);
	assert_int_equal(info.rsdp, 0xe0000);
}

static void initrd_without_size_is_none(void **state)
{
	struct boot_params *params = zero_page();
	struct nucleus_info info = new_info();

	params->ramdisk_image = 0x7ff0000;
	assert_true(boot_information_read(ZERO_PAGE, 0, &info));
	assert_int_equal(info.initrd, 0);
	assert_true(info.command_line_max > 0);
}

static void ram_leaves_out_the_image_and_what_is_no_ram(void **state)
{
	static const struct nucleus_range want[] = {
		{ 0, 0x9f000 },
		{ 0x100000, 0x100000 },
		{ IMAGE_START + IMAGE_SIZE, 0x7600000 },
		{ 0x100000000, 0x1000 },
	};
	struct boot_params *params = zero_page();
	struct nucleus_info info = new_info();

	add_e820(params, 0, 0x9fc00, E820_RAM);
	add_e820(params, 0x9fc00, 0x400, E820_RESERVED);
	add_e820(params, 0x100000, 0x7f00000, E820_RAM);
	add_e820(params, 0xfec00000, 0x1000, E820_ACPI);
	add_e820(params, 0x100000000 - 1, 0x1002, E820_RAM);
	assert_true(boot_information_read(ZERO_PAGE, 0, &info));
	assert_ram(&info, want, 4);
}

static void ram_that_wraps_or_is_less_than_a_page_is_dropped(void **state)
{
	struct boot_params *params = zero_page();
	struct nucleus_info info = new_info();

	add_e820(params, UINT64_MAX - 0xfff, 0x2000, E820_RAM);
	add_e820(params, 0x1001, 0x1ffe, E820_RAM);
	add_e820(params, 1ull << 53, 0x2000, E820_RAM);
	add_e820(params, 0x5000, 0, E820_RAM);
	add_e820(params, IMAGE_START, IMAGE_SIZE, E820_RAM);
	add_e820(params, IMAGE_START + 0x1000, 0x1000, E820_RAM);
	assert_true(boot_information_read(ZERO_PAGE, 0, &info));
	assert_ram(&info, NULL, 0);
}

static void more_ram_ranges_than_fit_are_dropped(void **state)
{
	struct boot_params *params = zero_page();
	struct nucleus_info info = new_info();

	for (int i = 0; i < BOOT_PARAMS_E820_MAX; i++)
		add_e820(params, 0x10000000 + i * 0x10000ull, 0x1000, E820_RAM);
	assert_true(boot_information_read(ZERO_PAGE, 0, &info));
	assert_int_equal(info.ram_count, NUCLEUS_RAM_MAX);
	params->e820_entries = BOOT_PARAMS_E820_MAX + 1;
	assert_false(boot_information_read(ZERO_PAGE, 0, &info));
}

static void put_start_info(uint32_t version, uint32_t map_count, uint32_t module_count)
{
	memset(memory + START_INFO, 0, 56);
	put32(START_INFO, 0x336ec578);
	put32(START_INFO + 4, version);
	put32(START_INFO + 12, module_count);
	put64(START_INFO + 16, MODULES);
	put64(START_INFO + 24, 0x6040);
	put64(START_INFO + 32, 0xe0000);
	put64(START_INFO + 40, MAP);
	put32(START_INFO + 48, map_count);
}

static void start_info_is_read(void **state)
{
	static const struct nucleus_range want[] = { { 0x1000000, 0x7000000 } };
	struct nucleus_info info = new_info();

	put_start_info(1, 2, 1);
	put64(MODULES, 0x5000000);
	put64(MODULES + 8, 123);
	put64(MAP, 0xf0000);
	put64(MAP + 8, 0x10000);
	put32(MAP + 16, E820_RESERVED);
	put64(MAP + 24, 0x1000000);
	put64(MAP + 32, 0x7000000);
	put32(MAP + 40, E820_RAM);
	assert_true(boot_information_read(0, START_INFO, &info));
	assert_ram(&info, want, 1);
	assert_int_equal(info.command_line, 0x6040);
	assert_int_equal(info.initrd, 0x5000000);
	assert_int_equal(info.initrd_size, 123);
	assert_int_equal(info.rsdp, 0xe0000);
}

static void start_info_without_map_or_magic_is_refused(void **state)
{
	struct nucleus_info info = new_info();

	put_start_info(0, 0, 0);
	assert_false(boot_information_read(0, START_INFO, &info));
	put_start_info(1, 0, 0);
	put64(START_INFO + 40, 0);
	assert_false(boot_information_read(0, START_INFO, &info));
	put_start_info(1, UINT32_MAX, 0);
	assert_false(boot_information_read(0, START_INFO, &info));
	put_start_info(1, 0, 1);
	put64(START_INFO + 16, UINT64_MAX - 8);
	assert_false(boot_information_read(0, START_INFO, &info));
	put32(START_INFO, 0);
	assert_false(boot_information_read(0, START_INFO, &info));
}

static void information_out_of_reach_is_refused(void **state)
{
	struct nucleus_info info = new_info();

	assert_false(boot_information_read(0, 0, &info));
	assert_false(boot_information_read(NUCLEUS_DIRECT_END - 8, 0, &info));
	assert_false(boot_information_read(0, UINT64_MAX - 8, &info));
}

/* What GRUB and QEMU leave: entries whose size does not count itself. */
static struct multiboot_info *multiboot(uint32_t entries)
{
	struct multiboot_info *boot = (struct multiboot_info *)(memory + START_INFO);

	*boot = (struct multiboot_info){
		.flags = MULTIBOOT_INFO_CMDLINE | MULTIBOOT_INFO_MODULES | MULTIBOOT_INFO_MEMORY_MAP, .cmdline = 0x5000,
		.mods_count = 1, .mods_addr = MODULES, .mmap_addr = MAP, .mmap_length = entries * sizeof(struct multiboot_memory),
	};
	for (uint32_t i = 0; i < entries; i++)
		put(MAP + i * sizeof(struct multiboot_memory), &(struct multiboot_memory){ 20, 0x1000000ull * (i + 1), 0x10000, 1 },
		    sizeof(struct multiboot_memory));
	put(MODULES, &(struct multiboot_module){ 0x900000, 0x900123, 0, 0 }, sizeof(struct multiboot_module));
	return boot;
}

static bool read_multiboot(struct nucleus_info *info)
{
	*info = new_info();
	return boot_information_read(0xabcd00000000 | MULTIBOOT_BOOT_MAGIC, START_INFO, info);
}

static void multiboot_is_read(void **state)
{
	struct nucleus_info info;
	struct multiboot_info *boot = multiboot(2);

	assert_true(read_multiboot(&info));
	assert_ram(&info, (struct nucleus_range[]){ { 0x1000000, 0x10000 }, { 0x2000000, 0x10000 } }, 2);
	assert_int_equal(info.command_line, 0x5000);
	assert_int_equal(info.initrd, 0x900000);
	assert_int_equal(info.initrd_size, 0x123);
	boot->flags = MULTIBOOT_INFO_MEMORY_MAP; /* the other fields mean nothing now */
	assert_true(read_multiboot(&info));
	assert_int_equal(info.command_line, 0);
	assert_int_equal(info.initrd, 0);
	put32(MAP + 20, 2); /* reserved */
	assert_true(read_multiboot(&info));
	assert_int_equal(info.ram_count, 1);
}

static void broken_multiboot_is_refused(void **state)
{
	struct nucleus_info info;
	struct multiboot_info *boot = multiboot(2);

	boot->flags = 0; /* no memory map */
	assert_false(read_multiboot(&info));
	multiboot(2);
	put32(MAP + sizeof(struct multiboot_memory), 21); /* ends behind the map */
	assert_false(read_multiboot(&info));
	put32(MAP + sizeof(struct multiboot_memory), 19); /* too short for one */
	assert_false(read_multiboot(&info));
	put32(MAP, UINT32_MAX);
	assert_false(read_multiboot(&info));
	multiboot(2)->mmap_addr = 0xfffffff0;
	assert_false(read_multiboot(&info));
	multiboot(2)->mods_addr = 0xfffffff0;
	assert_false(read_multiboot(&info));
	multiboot(2);
	put32(MODULES, 0x900124); /* ends before it begins */
	assert_false(read_multiboot(&info));
}

/* PVH promises nothing of EAX. */
static void pvh_is_known_by_its_own_magic_number(void **state)
{
	struct nucleus_info info = new_info();

	memset(memory + START_INFO, 0, 0x100);
	put32(START_INFO, 0x336ec578);
	put32(START_INFO + 4, 1);
	put64(START_INFO + 24, 0x5000);
	put64(START_INFO + 40, MAP);
	assert_true(boot_information_read(MULTIBOOT_BOOT_MAGIC, START_INFO, &info));
	assert_int_equal(info.command_line, 0x5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zero_page_fields_are_read),
		cmocka_unit_test(initrd_without_size_is_none),
		cmocka_unit_test(ram_leaves_out_the_image_and_what_is_no_ram),
		cmocka_unit_test(ram_that_wraps_or_is_less_than_a_page_is_dropped),
		cmocka_unit_test(more_ram_ranges_than_fit_are_dropped),
		cmocka_unit_test(start_info_is_read),
		cmocka_unit_test(start_info_without_map_or_magic_is_refused),
		cmocka_unit_test(information_out_of_reach_is_refused),
		cmocka_unit_test(multiboot_is_read),
		cmocka_unit_test(broken_multiboot_is_refused),
		cmocka_unit_test(pvh_is_known_by_its_own_magic_number),
	};

	return cmocka_run_group_tests_name("boot information", tests, setup, teardown);
}
