/* Building, running and taking apart a VM.
 *
 * The order of the steps is chosen for speed: see docs/vmm.md. Memory slots come before
 * the interrupt chips, because adding a slot waits for KVM's pending grace periods and
 * the chips start one; the slow query for CPUID runs beside all of it on the I/O thread;
 * the grace period ends beside the running guest (settle.c). */
#include "vm/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "boot/command_line.h"
#include "boot/elf.h"
#include "boot/launch_block.h"
#include "boot/layout.h"
#include "boot/zero_page.h"
#include "config.h"
#include "gdb/server.h"
#include "log.h"
#include "vm/clock.h"
#include "vm/devices.h"
#include "vm/kvm.h"
#include "vm/settle.h"

#include "boot_params.h"
#include "walnut.h"

#define SETTLE_STACK_SIZE (64u << 10)
#define EXIT_SIGNALLED 128
#define EXIT_FAILED 125

static int add_memslots(struct vm *vm)
{
	for (unsigned i = 0; i < vm->mem.count; i++) {
		const struct guest_region *region = &vm->mem.regions[i];
		struct kvm_userspace_memory_region slot = {
			.slot = i,
			.guest_phys_addr = region->gpa,
			.memory_size = region->size,
			.userspace_addr = (uint64_t)region->hva,
		};
		int error = KVM_CALL(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot, &vm->failure);

		if (error)
			return error;
	}
	return 0;
}

/* That KVM cannot be used here, but for what would stop any other way to run, too. */
static int no_kvm(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM ? error : -ENODEV;
}

static int create_machine(struct vm *vm)
{
	int error;

	vm->fd = kvm_create_vm(vm->kvm_fd, &vm->failure);
	if (vm->fd < 0)
		return no_kvm(vm->fd);
	error = guest_mem_create(&vm->mem, (uint64_t)vm->config->ram_mib << 20, &vm->failure);
	if (!error)
		error = add_memslots(vm);
	if (!error)
		error = KVM_CALL(vm->fd, KVM_SET_TSS_ADDR, BOOT_TSS, &vm->failure);
	if (!error)
		error = KVM_CALL(vm->fd, KVM_CREATE_IRQCHIP, 0, &vm->failure);
	return error;
}

static void *settle_main(void *opaque)
{
	struct vm *vm = opaque;

	vm_settle(vm->fd);
	return NULL;
}

static void start_settling(struct vm *vm)
{
	pthread_attr_t attr;
	sigset_t all, mask;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, SETTLE_STACK_SIZE);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	vm->settling = pthread_create(&vm->settle_thread, &attr, settle_main, vm) == 0;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	pthread_attr_destroy(&attr);
}

static int load_image(struct vm *vm, struct elf_image *image)
{
	const char *path = vm->config->kernel_path;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return failure_errno(&vm->failure, -errno, "%s", path);
	error = elf_load(fd, path, &vm->mem, image, &vm->failure);
	close(fd);
	return error;
}

/* Behind the command line, in the same page if it is small, since each page the guest
 * touches costs; else at the top of low RAM. */
static int write_launch_block(struct vm *vm, uint64_t cmdline_size, const struct elf_image *image,
			      uint64_t *gpa, uint64_t *size)
{
	const struct guest_region *low = &vm->mem.regions[0];
	long need = launch_block_size(vm->config);
	void *block;

	if (need < 0)
		return failure_set(&vm->failure, -E2BIG, "arguments and environment are too long");
	*size = (uint64_t)need;
	*gpa = (BOOT_CMDLINE + cmdline_size + 15) & ~15ull;
	if (*size > BOOT_LOW_RAM_END - *gpa) {
		if (*size + 4096 > low->size || ((low->size - *size) & ~4095ull) < image->end)
			return failure_set(&vm->failure, -ENOMEM, "arguments and environment do not fit into guest memory");
		*gpa = (low->size - *size) & ~4095ull;
	}
	block = guest_mem_range(&vm->mem, *gpa, *size);
	if (!block)
		return failure_set(&vm->failure, -ENOMEM, "not enough guest memory");
	launch_block_write(vm->config, block);
	return 0;
}

/* What a Walnut kernel need not find out by itself (kernel/runtime/cmdline.h); others
 * ignore it. */
static void add_hints(struct vm *vm, struct command_line *line)
{
	struct failure ignored;
	int tsc_khz = KVM_CALL(vm->vcpu.fd, KVM_GET_TSC_KHZ, 0, &ignored);

	/* A stream that leads nowhere is left out: then the program knows at once. */
	command_line_add(line, "walnut.ports=stdin:%d,stdout:%d,stderr:%d,status:%d", VM_PORT_STDIN,
			 vm->config->output_fd < 0 ? 0 : VM_PORT_STDOUT,
			 vm->config->error_fd < 0 ? 0 : VM_PORT_STDERR, VM_PORT_STATUS);
	if (tsc_khz > 0)
		command_line_add(line, "walnut.tsc_hz=%llu", tsc_khz * 1000ull);
	command_line_add(line, "walnut.epoch_ns=%llu", (unsigned long long)clock_epoch_ns());
}

static int write_boot_data(struct vm *vm, const struct elf_image *image)
{
	uint64_t initrd, initrd_size;
	struct command_line line;
	struct boot_params *zero_page = guest_mem_range(&vm->mem, BOOT_ZERO_PAGE, sizeof(*zero_page));
	char *text = guest_mem_range(&vm->mem, BOOT_CMDLINE, BOOT_CMDLINE_MAX);
	int error;

	if (!zero_page || !text || vm->mem.regions[0].size <= BOOT_HIGH_RAM)
		return failure_set(&vm->failure, -ENOMEM, "not enough guest memory");
	command_line_init(&line, text, BOOT_CMDLINE_MAX);
	if (vm->config->cmdline)
		command_line_add_text(&line, vm->config->cmdline);
	devices_describe(vm, &line);
	add_hints(vm, &line);
	if (line.overflow || line.unprintable)
		return failure_set(&vm->failure, -EINVAL, "kernel command line: %s",
				   line.overflow ? "too long" : "not printable ASCII");

	error = write_launch_block(vm, line.size + 1, image, &initrd, &initrd_size);
	if (error)
		return error;
	zero_page_fill(zero_page, &vm->mem, (uint32_t)line.size + 1, initrd, initrd_size);
	boot_tables_write(&vm->mem);
	return 0;
}

static int build(struct vm *vm, struct krun_walnut_stats *stats)
{
	const struct kvm_cpuid2 *cpuid;
	struct elf_image image;
	int error;

	vm->kvm_fd = kvm_open(&vm->failure);
	if (vm->kvm_fd < 0)
		return no_kvm(vm->kvm_fd);
	vcpu_attach(&vm->vcpu);
	error = io_thread_start(&vm->io, vm, &vm->failure);
	if (!error)
		error = create_machine(vm);
	if (!error)
		error = devices_create(vm);
	if (error)
		return error;
	start_settling(vm);
	error = vcpu_create(&vm->vcpu, vm->kvm_fd, vm->fd, &vm->failure);
	if (error)
		return error;
	stats->vm_created_ns = clock_now_ns();

	error = load_image(vm, &image);
	if (!error)
		error = write_boot_data(vm, &image);
	if (error)
		return error;
	stats->image_loaded_ns = clock_now_ns();

	cpuid = io_thread_cpuid(&vm->io, &vm->failure);
	if (!cpuid)
		return -EIO;
	error = vcpu_set_boot_state(&vm->vcpu, cpuid, image.entry, &vm->failure);
	/* As late as can be: what it says on stderr is then true. */
	if (!error && vm->config->gdb)
		error = gdb_server_open(&vm->gdb, vm->config->gdb, &vm->failure);
	if (!error && vm->gdb)
		error = gdb_server_attach(vm->gdb, &vm->vcpu, &vm->mem, &image, &vm->io.loop,
					  vm->config->kernel_path, &vm->failure);
	return error;
}

static void destroy(struct vm *vm)
{
	io_thread_finish(&vm->io);
	devices_stop(vm);
	devices_destroy(vm);
	vcpu_destroy(&vm->vcpu);
	if (vm->settling)
		pthread_join(vm->settle_thread, NULL);
	if (vm->fd >= 0)
		close(vm->fd);
	if (vm->kvm_fd >= 0)
		close(vm->kvm_fd);
	guest_mem_destroy(&vm->mem);
	io_thread_destroy(&vm->io);
	vcpu_detach(&vm->vcpu);
	gdb_server_close(vm->gdb);
	free(vm);
}

/* The guest's TSC readings as host time. They come from the guest: those that cannot be
 * true count as not reached. */
static void convert_timeline(struct vm *vm, struct krun_walnut_stats *stats)
{
	const struct walnut_status_timeline *t = &vm->status.timeline;
	const uint64_t tsc[] = { t->runtime_up, t->first_instruction, t->exit };
	uint64_t *const ns[] = { &stats->runtime_up_ns, &stats->first_instruction_ns, &stats->exit_ns };
	struct failure ignored;
	int khz = KVM_CALL(vm->vcpu.fd, KVM_GET_TSC_KHZ, 0, &ignored);
	uint64_t tsc_now = vcpu_read_tsc(&vm->vcpu);
	uint64_t now = clock_now_ns();

	if (!vm->status.has_timeline || khz <= 0 || tsc_now == 0)
		return;
	for (unsigned i = 0; i < sizeof(tsc) / sizeof(tsc[0]); i++) {
		unsigned __int128 ago = tsc_now - tsc[i];

		ago = ago * 1000000 / (unsigned)khz;
		if (tsc[i] != 0 && tsc[i] <= tsc_now && ago <= now - stats->guest_entered_ns)
			*ns[i] = now - (uint64_t)ago;
	}
}

/* For a guest that ended without a word on its status port. */
static void describe_silence(struct vm *vm, enum vcpu_stop stop, char *text, size_t size)
{
	const char *last = guest_log_last(&vm->serial_log);

	if (last[0] == '\0')
		last = guest_log_last(&vm->console_log);
	if (stop == VCPU_STOP_ERROR)
		snprintf(text, size, "%s", vm->failure.text);
	else
		snprintf(text, size, "the guest kernel %s%s%s",
			 stop == VCPU_STOP_RESET ? "ended without a result" : "crashed",
			 last[0] ? ": " : "", last);
}

/* A program that ended well before its output met a full disk must not look well. */
static void check_output(struct vm *vm, struct krun_walnut_result *result)
{
	static const char *const names[VM_PORT_COUNT] = {
		[VM_PORT_STDOUT] = "standard output",
		[VM_PORT_STDERR] = "standard error",
	};
	unsigned port;
	int error = console_lost(vm->console, &port);

	if (!error || !names[port] || result->outcome != KRUN_WALNUT_EXITED || result->exit_status)
		return;
	result->outcome = KRUN_WALNUT_FAILED;
	result->exit_status = EXIT_FAILED;
	snprintf(result->message, sizeof(result->message), "%s: %s", names[port], strerror(-error));
}

static void fill_result(struct vm *vm, enum vcpu_stop stop, struct krun_walnut_result *result)
{
	struct krun_walnut_stats *stats = &result->stats;
	char silent[sizeof(result->message)];

	memcpy(stats->exits, vm->vcpu.exits, sizeof(stats->exits));
	stats->notifies = devices_notifies(vm);
	stats->irqs_injected = devices_interrupts(vm);
	convert_timeline(vm, stats);
	describe_silence(vm, stop, silent, sizeof(silent));
	status_decoder_result(&vm->status, silent, result);
	check_output(vm, result);
	if (vm->gdb && vm->gdb->killed)
		vm->io.signal = SIGKILL;
	if (vm->io.signal && !vm->status.exited) {
		result->outcome = KRUN_WALNUT_SIGNALLED;
		result->signal = vm->io.signal;
		result->exit_status = EXIT_SIGNALLED + vm->io.signal;
		result->message[0] = '\0';
	}
}

/* A process may be started with its standard streams closed. Asked before we open
 * anything that could get their numbers. */
static int open_or_none(int fd)
{
	return fd >= 0 && fcntl(fd, F_GETFD) >= 0 ? fd : -1;
}

int vm_run(const struct vm_config *config, struct krun_walnut_result *result)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	enum vcpu_stop stop;
	int error;

	if (!vm) {
		snprintf(result->message, sizeof(result->message), "out of memory");
		return -ENOMEM;
	}
	vm->config = config;
	vm->streams[0] = open_or_none(config->input_fd);
	vm->streams[1] = open_or_none(config->output_fd);
	vm->streams[2] = open_or_none(config->error_fd);
	vm->kvm_fd = -1;
	vm->fd = -1;
	error = build(vm, &result->stats);
	if (error) {
		snprintf(result->message, sizeof(result->message), "%s", vm->failure.text);
		destroy(vm);
		return error;
	}
	result->stats.guest_entered_ns = clock_now_ns();
	stop = vcpu_run(&vm->vcpu, &vm->ports, &vm->mmio, &vm->i8042.reset_requested, &vm->failure);
	result->stats.exit_ns = clock_now_ns();
	io_thread_finish(&vm->io);
	devices_stop(vm);
	fill_result(vm, stop, result);
	gdb_server_finish(vm->gdb, result);
	destroy(vm);
	return 0;
}
