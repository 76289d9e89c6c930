/* vmm/boot/: zero page, tables, command line, launch block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "boot/command_line.h"
#include "boot/launch_block.h"
#include "boot/layout.h"
#include "boot/zero_page.h"
#include "config.h"
#include "failure.h"
#include "vm/guest_mem.h"

#include "boot_params.h"
#include "launch.h"

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

	zero_page_fill(&params, &mem, 77, 0x123456789000, 0x1122334455);
	assert_int_equal(params.header, 0x53726448);
	assert_int_equal(params.boot_flag, 0xaa55);
	assert_int_equal(params.type_of_loader, 0xff);
	assert_int_equal(params.cmd_line_ptr, BOOT_CMDLINE);
	assert_int_equal(params.cmdline_size, 77);
	assert_int_equal(params.ramdisk_image, 0x56789000);
	assert_int_equal(params.ext_ramdisk_image, 0x1234);
	assert_int_equal(params.ramdisk_size, 0x22334455);
	assert_int_equal(params.ext_ramdisk_size, 0x11);
	guest_mem_destroy(&mem);
}

static void e820_tells_all_ram_and_nothing_else(void **state)
{
	struct guest_mem mem = memory(128 * MIB);
	struct boot_params params = { 0 };

	zero_page_fill(&params, &mem, 1, 0, 0);
	assert_int_equal(params.e820_entries, 2);
	assert_int_equal(params.e820_table[0].addr, 0);
	assert_int_equal(params.e820_table[0].size, 0x9fc00);
	assert_int_equal(params.e820_table[0].type, E820_RAM);
	assert_int_equal(params.e820_table[1].addr, MIB);
	assert_int_equal(params.e820_table[1].size, 127 * MIB);
	guest_mem_destroy(&mem);
}

static void e820_leaves_the_device_gap_out(void **state)
{
	struct guest_mem mem = memory(8192 * MIB);
	struct boot_params params = { 0 };

	zero_page_fill(&params, &mem, 1, 0, 0);
	assert_int_equal(params.e820_entries, 3);
	assert_int_equal(params.e820_table[1].addr + params.e820_table[1].size, 0xd0000000);
	assert_int_equal(params.e820_table[2].addr, 0x100000000);
	assert_int_equal(params.e820_table[2].size, 8192 * MIB - 0xd0000000);
	guest_mem_destroy(&mem);
}

static void first_gigabyte_is_mapped_one_to_one(void **state)
{
	struct guest_mem mem = memory(16 * MIB);
	const uint64_t *pd;

	boot_tables_write(&mem);
	assert_int_equal(*(uint64_t *)guest_mem_range(&mem, BOOT_PML4, 8), BOOT_PDPT | 3);
	assert_int_equal(*(uint64_t *)guest_mem_range(&mem, BOOT_PDPT, 8), BOOT_PD | 3);
	pd = guest_mem_range(&mem, BOOT_PD, 4096);
	assert_int_equal(pd[0], 0x83);
	assert_int_equal(pd[511], 0x3fe00083);
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
		cmocka_unit_test(e820_tells_all_ram_and_nothing_else),
		cmocka_unit_test(e820_leaves_the_device_gap_out),
		cmocka_unit_test(first_gigabyte_is_mapped_one_to_one),
		cmocka_unit_test(guest_ranges_end_where_ram_ends),
		cmocka_unit_test(command_line_joins_words),
		cmocka_unit_test(command_line_stops_at_its_end),
		cmocka_unit_test(command_line_notices_control_characters),
		cmocka_unit_test(launch_block_holds_arguments_then_environment),
		cmocka_unit_test(launch_block_without_settings_is_empty),
		cmocka_unit_test(launch_block_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
