/* Kernel, command line, and then what differs: a Walnut kernel gets a launch block in the
 * place of an initial RAM file system, others get firmware tables and their own. */
#include "vm/load.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "boot/command_line.h"
#include "boot/launch_block.h"
#include "boot/layout.h"
#include "boot/libkrun_words.h"
#include "boot/zero_page.h"
#include "config.h"
#include "program/limits.h"
#include "vm/clock.h"
#include "vm/devices.h"
#include "vm/kvm.h"
#include "vm/vm.h"

/* Behind the command line, in the same page if it is small, since each page the guest
 * touches costs; else at the top of low RAM. */
static int write_launch_block(struct vm *vm, uint64_t cmdline_size, struct initrd *place)
{
	const struct guest_region *low = &vm->mem.regions[0];
	long need = launch_block_size(vm->config);
	void *block;

	if (need < 0)
		return failure_set(&vm->failure, -E2BIG, "arguments and environment are too long");
	place->size = (uint64_t)need;
	place->gpa = (BOOT_CMDLINE + cmdline_size + 15) & ~15ull;
	if (place->size > BOOT_LOW_RAM_END - place->gpa) {
		place->gpa = initrd_place(&vm->mem, vm->kernel.image.end, low->size - 1, place->size);
		if (place->gpa == 0)
			return failure_set(&vm->failure, -ENOMEM, "arguments, environment and archives (%llu MiB) do not fit"
					   " into the machine's memory", (unsigned long long)(place->size >> 20));
	}
	block = guest_mem_range(&vm->mem, place->gpa, place->size);
	if (!block)
		return failure_set(&vm->failure, -ENOMEM, "not enough guest memory");
	launch_block_write(vm->config, block);
	return 0;
}

/* What a Walnut kernel need not find out by itself (kernel/runtime/cmdline.h). */
static void add_hints(struct vm *vm, struct command_line *line)
{
	struct failure ignored;
	int tsc_khz = KVM_CALL(vm->vcpus.cpu[0].fd, KVM_GET_TSC_KHZ, 0, &ignored);

	/* A stream that leads nowhere is left out: then the program knows at once. */
	command_line_add(line, "walnut.ports=stdin:%d,stdout:%d,stderr:%d,status:%d", VM_PORT_STDIN,
			 vm->config->output_fd < 0 ? 0 : VM_PORT_STDOUT,
			 vm->config->error_fd < 0 ? 0 : VM_PORT_STDERR, VM_PORT_STATUS);
	if (tsc_khz > 0)
		command_line_add(line, "walnut.tsc_hz=%llu", tsc_khz * 1000ull);
	command_line_add(line, "walnut.epoch_ns=%llu", (unsigned long long)clock_epoch_ns());
}

static int write_command_line(struct vm *vm, uint32_t *size)
{
	uint32_t max = kernel_cmdline_max(&vm->kernel);
	char *text = guest_mem_range(&vm->mem, BOOT_CMDLINE, BOOT_CMDLINE_MAX);
	struct command_line line;

	command_line_init(&line, text, max);
	if (vm_is_pc(vm))
		libkrun_words_begin(&line, vm->config);
	else if (vm->config->cmdline)
		command_line_add_text(&line, vm->config->cmdline);
	devices_describe(vm, &line);
	if (vm_is_pc(vm)) {
		libkrun_words_end(&line, vm->config);
	} else {
		add_hints(vm, &line);
		limits_add(&line, vm->config->rlimits);
	}
	*size = (uint32_t)line.size + 1;
	if (line.unprintable)
		return failure_set(&vm->failure, -EINVAL, "kernel command line: not printable ASCII, or with quotes in an "
				   "argument or a space in a path");
	if (line.overflow)
		return failure_set(&vm->failure, -EINVAL, "kernel command line: too long (the kernel takes %u bytes)",
				   max - 1);
	return 0;
}

static int load_initrd(struct vm *vm, struct initrd *initrd)
{
	if (!vm->config->initramfs_path)
		return 0;
	return initrd_load(vm->config->initramfs_path, &vm->mem, vm->kernel.image.end, kernel_initrd_max(&vm->kernel),
			   initrd, &vm->failure);
}

static void tell(struct vm *vm, const struct boot_facts *facts)
{
	struct boot_params *zero_page = guest_mem_range(&vm->mem, BOOT_ZERO_PAGE, sizeof(*zero_page));

	if (vm->kernel.entry == KERNEL_ENTRY_PVH) {
		pvh_start_info_write(&vm->mem, facts);
	} else {
		if (vm->kernel.kind == KERNEL_BZIMAGE)
			*zero_page = vm->kernel.bzimage.header;
		zero_page_fill(zero_page, facts);
	}
	boot_tables_write(&vm->mem, vm->kernel.entry);
}

int load_guest(struct vm *vm)
{
	struct boot_facts facts = { .map = memory_map(&vm->mem, vm_is_pc(vm)) };
	int error;

	error = kernel_load(&vm->kernel, &vm->mem);
	if (!error && vm->mem.regions[0].size <= BOOT_HIGH_RAM)
		error = failure_set(&vm->failure, -ENOMEM, "not enough guest memory");
	if (!error)
		error = write_command_line(vm, &facts.cmdline_size);
	if (!error && vm_is_pc(vm)) {
		error = load_initrd(vm, &facts.initrd);
		if (!error)
			error = pc_write_tables(vm, &facts.rsdp);
	} else if (!error) {
		error = write_launch_block(vm, facts.cmdline_size, &facts.initrd);
	}
	if (!error)
		tell(vm, &facts);
	return error;
}
