/* vmm/boot/: zero page, tables, command line, launch block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "boot/command_line.h"
#include "boot/libkrun_words.h"
#include "boot/launch_block.h"
#include "boot/layout.h"
#include "boot/zero_page.h"
#include "config.h"
#include "failure.h"
#include "vm/guest_mem.h"

#include "boot_params.h"
#include "launch.h"
#include "pvh.h"

#define MIB (1ull << 20)

static struct guest_mem memory(uint64_t size)
{
	struct failure failure;
	struct guest_mem mem;

	assert_int_equal(guest_mem_create(&mem, size, &failure), 0);
	return mem;
}

static void zero_page_tells_what_linux_reads(void **state)
{
	struct guest_mem mem = memory(128 * MIB);
	struct boot_params params = { 0 };
	struct boot_facts facts = {
		.map = memory_map(&mem, false), .cmdline_size = 77, .initrd = { 0x123456789000, 0x1122334455 },
		.rsdp = 0xe0000,
	};

	zero_page_fill(&params, &facts);
	assert_int_equal(params.header, 0x53726448);
	assert_int_equal(params.boot_flag, 0xaa55);
	assert_int_equal(params.type_of_loader, 0xff);
	assert_int_equal(params.cmd_line_ptr, BOOT_CMDLINE);
	assert_int_equal(params.cmdline_size, 77);
	assert_int_equal(params.ramdisk_image, 0x56789000);
	assert_int_equal(params.ext_ramdisk_image, 0x1234);
	assert_int_equal(params.ramdisk_size, 0x22334455);
	assert_int_equal(params.ext_ramdisk_size, 0x11);
	assert_int_equal(params.acpi_rsdp_addr, 0xe0000);
	assert_int_equal(params.e820_entries, 2);
	assert_int_equal(params.e820_table[1].addr, MIB);
	guest_mem_destroy(&mem);
}

static void zero_page_keeps_a_kernels_own_header(void **state)
{
	struct guest_mem mem = memory(128 * MIB);
	struct boot_params params = { .header = BOOT_PARAMS_HEADER_MAGIC, .cmdline_size = 2047, .kernel_alignment = 0x200000 };
	struct boot_facts facts = { .map = memory_map(&mem, false), .cmdline_size = 77 };

	zero_page_fill(&params, &facts);
	assert_int_equal(params.cmdline_size, 2047);
	assert_int_equal(params.kernel_alignment, 0x200000);
	assert_int_equal(params.type_of_loader, 0xff);
	guest_mem_destroy(&mem);
}

static void start_info_tells_the_same(void **state)
{
	struct guest_mem mem = memory(128 * MIB);
	struct boot_facts facts = { .map = memory_map(&mem, true), .cmdline_size = 77, .initrd = { 0x7000000, 4711 },
				    .rsdp = 0xe0000 };
	const struct pvh_start_info *info = guest_mem_range(&mem, BOOT_PVH_START_INFO, sizeof(*info));
	const struct pvh_memmap_entry *map;
	const struct pvh_module *module;

	pvh_start_info_write(&mem, &facts);
	assert_int_equal(info->magic, 0x336ec578);
	assert_int_equal(info->version, 1);
	assert_int_equal(info->cmdline, BOOT_CMDLINE);
	assert_int_equal(info->rsdp, 0xe0000);
	assert_int_equal(info->memmap_count, 4);
	map = guest_mem_range(&mem, info->memmap, 4 * sizeof(*map));
	assert_int_equal(map[1].address, 0x9fc00);
	assert_int_equal(map[1].type, E820_RESERVED);
	assert_int_equal(map[3].size, 127 * MIB);
	assert_int_equal(info->module_count, 1);
	module = guest_mem_range(&mem, info->modules, sizeof(*module));
	assert_int_equal(module->address, 0x7000000);
	assert_int_equal(module->size, 4711);
	guest_mem_destroy(&mem);
}

static void map_tells_all_ram_and_nothing_else(void **state)
{
	struct guest_mem mem = memory(128 * MIB);
	struct memory_map map = memory_map(&mem, false);

	assert_int_equal(map.count, 2);
	assert_int_equal(map.entries[0].addr, 0);
	assert_int_equal(map.entries[0].size, 0x9fc00);
	assert_int_equal(map.entries[0].type, E820_RAM);
	assert_int_equal(map.entries[1].addr, MIB);
	assert_int_equal(map.entries[1].size, 127 * MIB);
	guest_mem_destroy(&mem);
}

static void map_leaves_the_device_gap_out(void **state)
{
	struct guest_mem mem = memory(8192 * MIB);
	struct memory_map map = memory_map(&mem, true);

	assert_int_equal(map.count, 5);
	assert_int_equal(map.entries[3].addr + map.entries[3].size, 0xd0000000);
	assert_int_equal(map.entries[4].addr, 0x100000000);
	assert_int_equal(map.entries[4].size, 8192 * MIB - 0xd0000000);
	guest_mem_destroy(&mem);
}

static void map_reserves_what_tables_occupy(void **state)
{
	struct guest_mem mem = memory(128 * MIB);
	struct memory_map map = memory_map(&mem, true);

	for (unsigned i = 1; i < map.count; i++)
		assert_true(map.entries[i - 1].addr + map.entries[i - 1].size <= map.entries[i].addr);
	assert_int_equal(map.entries[1].type, E820_RESERVED);
	assert_int_equal(map.entries[1].addr, BOOT_MP_TABLE);
	assert_int_equal(map.entries[2].type, E820_RESERVED);
	assert_int_equal(map.entries[2].addr, BOOT_ACPI);
	assert_int_equal(map.entries[2].addr + map.entries[2].size, MIB);
	guest_mem_destroy(&mem);
}

static void first_gigabyte_is_mapped_one_to_one(void **state)
{
	struct guest_mem mem = memory(16 * MIB);
	const uint64_t *pd;

	boot_tables_write(&mem, KERNEL_ENTRY_LINUX_64);
	assert_int_equal(*(uint64_t *)guest_mem_range(&mem, BOOT_PML4, 8), BOOT_PDPT | 3);
	assert_int_equal(*(uint64_t *)guest_mem_range(&mem, BOOT_PDPT, 8), BOOT_PD | 3);
	pd = guest_mem_range(&mem, BOOT_PD, 4096);
	assert_int_equal(pd[0], 0x83);
	assert_int_equal(pd[511], 0x3fe00083);
	guest_mem_destroy(&mem);
}

static void protected_mode_has_the_segments_linux_wants(void **state)
{
	struct guest_mem mem = memory(16 * MIB);
	const uint64_t *gdt = guest_mem_range(&mem, BOOT_GDT, 32);

	boot_tables_write(&mem, KERNEL_ENTRY_LINUX_32);
	assert_int_equal(gdt[0x10 / 8], 0x00cf9b000000ffff);
	assert_int_equal(gdt[0x18 / 8], 0x00cf93000000ffff);
	guest_mem_destroy(&mem);
}

static void guest_ranges_end_where_ram_ends(void **state)
{
	struct guest_mem mem = memory(4096 * MIB);

	assert_non_null(guest_mem_range(&mem, 0, 0xd0000000));
	assert_null(guest_mem_range(&mem, 0, 0xd0000001));
	assert_non_null(guest_mem_range(&mem, 0xcfffffff, 1));
	assert_null(guest_mem_range(&mem, 0xcfffffff, 2));
	assert_null(guest_mem_range(&mem, 0xd0000000, 1));
	assert_non_null(guest_mem_range(&mem, 0x100000000, 768 * MIB));
	assert_null(guest_mem_range(&mem, 0x100000000, 768 * MIB + 1));
	assert_null(guest_mem_range(&mem, UINT64_MAX, 1));
	assert_null(guest_mem_range(&mem, 1, UINT64_MAX));
	assert_null(guest_mem_range(&mem, 0x1000, 0));
	guest_mem_destroy(&mem);
}

static void command_line_joins_words(void **state)
{
	struct command_line line;
	char buffer[32];

	command_line_init(&line, buffer, sizeof(buffer));
	command_line_add(&line, "a=%d", 1);
	command_line_add_text(&line, "b c");
	assert_string_equal(line.text, "a=1 b c");
	assert_int_equal(line.size, 7);
	assert_false(line.overflow || line.unprintable);
}

static void libkrun_words(const struct vm_config *config, char *text, size_t size)
{
	struct command_line line;

	command_line_init(&line, text, size);
	libkrun_words_begin(&line, config);
	command_line_add(&line, "device");
	libkrun_words_end(&line, config);
	assert_false(line.overflow);
	assert_false(line.unprintable);
}

static void linux_is_told_what_libkrun_tells_it(void **state)
{
	struct vm_config config = {
		.argv = (char *[]){ "/bin/app", "one", "two words", NULL },
		.envp = (char *[]){ "A=b c", "BAD=\"", "UGLY=\033", "Z=", NULL },
		.rlimits = (char *[]){ "6=1:2", "7=3:4", NULL },
		.workdir = "/work",
	};
	char text[1024];

	libkrun_words(&config, text, sizeof(text));
	assert_string_equal(text, "reboot=k panic=-1 panic_print=0 nomodule console=hvc0 rootfstype=virtiofs rw quiet "
			    "no-kvmapf init=/init.krun KRUN_INIT=/bin/app KRUN_WORKDIR=/work "
			    "KRUN_RLIMITS=\"6=1:2,7=3:4\" \"A=b c\" \"Z=\" device -- \"one\" \"two words\"");
	config = (struct vm_config){ .cmdline = "quiet" };
	libkrun_words(&config, text, sizeof(text));
	assert_string_equal(text, "quiet device");
}

static void the_consoles_name_is_replaced(void **state)
{
	const struct { const char *words, *expected; } table[] = {
		{ "console=hvc0", "console=ttyS1 device" },
		{ "a console=hvc0 b", "a console=ttyS1 b device" },
		{ "a console=x console=y", "a console=ttyS1 console=y device" },
		{ "noconsole=x", "noconsole=x console=ttyS1 device" },
		{ "", "console=ttyS1 device" },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct vm_config config = { .cmdline = (char *)table[i].words, .kernel_console = "ttyS1" };

		libkrun_words(&config, text, sizeof(text));
		assert_string_equal(text, table[i].expected);
	}
}

static void what_cannot_be_a_word_is_refused(void **state)
{
	const struct vm_config configs[] = {
		{ .cmdline = "", .argv = (char *[]){ "/bin/app", "\"", NULL } },
		{ .cmdline = "", .argv = (char *[]){ "/bin/my app", NULL } },
		{ .cmdline = "", .workdir = "/a\nb" },
		{ .cmdline = "\t" },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		struct command_line line;

		command_line_init(&line, text, sizeof(text));
		libkrun_words_begin(&line, &configs[i]);
		libkrun_words_end(&line, &configs[i]);
		assert_true(line.unprintable);
	}
}

static void command_line_stops_at_its_end(void **state)
{
	struct command_line line;
	char buffer[8];

	command_line_init(&line, buffer, sizeof(buffer));
	command_line_add(&line, "1234567");
	assert_false(line.overflow);
	command_line_add(&line, "8");
	assert_true(line.overflow);
	assert_string_equal(line.text, "1234567");

	command_line_init(&line, buffer, sizeof(buffer));
	command_line_add(&line, "12345678");
	assert_true(line.overflow);
	assert_string_equal(line.text, "");
}

static void command_line_notices_control_characters(void **state)
{
	struct command_line line;
	char buffer[32];

	command_line_init(&line, buffer, sizeof(buffer));
	command_line_add_text(&line, "a\nb");
	assert_true(line.unprintable);
}

static void launch_block_holds_arguments_then_environment(void **state)
{
	char *argv[] = { "prog", "", "two words", NULL };
	char *envp[] = { "A=1", NULL };
	struct vm_config config = { .argv = argv, .envp = envp, .invoke = "main", .input_fd = -1,
				    .output_fd = -1, .error_fd = -1 };
	static const char strings[] = "prog\0\0two words\0A=1\0main";
	long size = launch_block_size(&config);
	struct walnut_launch *launch = malloc((size_t)size);

	assert_int_equal(size, sizeof(*launch) + sizeof(strings));
	launch_block_write(&config, launch);
	assert_int_equal(launch->magic, WALNUT_LAUNCH_MAGIC);
	assert_int_equal(launch->total_size, size);
	assert_int_equal(launch->argc, 3);
	assert_int_equal(launch->envc, 1);
	assert_int_equal(launch->flags, 0);
	assert_memory_equal((char *)launch + launch->strings_offset, strings, sizeof(strings));
	assert_string_equal((char *)launch + launch->invoke_offset, "main");
	free(launch);
}

static void launch_block_without_settings_is_empty(void **state)
{
	struct vm_config config = { .input_fd = -1, .output_fd = -1, .error_fd = -1 };
	struct walnut_launch launch;

	assert_int_equal(launch_block_size(&config), sizeof(launch));
	launch_block_write(&config, &launch);
	assert_int_equal(launch.argc + launch.envc + launch.invoke_offset, 0);
}

static void launch_block_has_a_limit(void **state)
{
	size_t size = LAUNCH_BLOCK_MAX;
	char *big = malloc(size);
	char *argv[] = { big, NULL };
	struct vm_config config = { .argv = argv };

	memset(big, 'x', size - 1);
	big[size - 1] = '\0';
	assert_true(launch_block_size(&config) < 0);
	big[size - 1000] = '\0';
	assert_true(launch_block_size(&config) > 0);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zero_page_tells_what_linux_reads),
		cmocka_unit_test(zero_page_keeps_a_kernels_own_header),
		cmocka_unit_test(start_info_tells_the_same),
		cmocka_unit_test(map_tells_all_ram_and_nothing_else),
		cmocka_unit_test(map_leaves_the_device_gap_out),
		cmocka_unit_test(map_reserves_what_tables_occupy),
		cmocka_unit_test(first_gigabyte_is_mapped_one_to_one),
		cmocka_unit_test(protected_mode_has_the_segments_linux_wants),
		cmocka_unit_test(guest_ranges_end_where_ram_ends),
		cmocka_unit_test(command_line_joins_words),
		cmocka_unit_test(command_line_stops_at_its_end),
		cmocka_unit_test(linux_is_told_what_libkrun_tells_it),
		cmocka_unit_test(the_consoles_name_is_replaced),
		cmocka_unit_test(what_cannot_be_a_word_is_refused),
		cmocka_unit_test(command_line_notices_control_characters),
		cmocka_unit_test(launch_block_holds_arguments_then_environment),
		cmocka_unit_test(launch_block_without_settings_is_empty),
		cmocka_unit_test(launch_block_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
