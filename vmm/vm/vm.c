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

#include "boot/layout.h"
#include "config.h"
#include "gdb/server.h"
#include "log.h"
#include "vm/clock.h"
#include "vm/devices.h"
#include "vm/kvm.h"
#include "vm/load.h"
#include "vm/settle.h"

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
	if (!error && vm_is_pc(vm))
		error = pc_create_chips(vm);
	return error;
}

static void *settle_main(void *opaque)
{
	struct vm *vm = opaque;

	sandbox_enter(vm_sandbox(vm, SANDBOX_VCPU));
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

static int open_kernel(struct vm *vm)
{
	int error = kernel_open(&vm->kernel, vm->config->kernel_path, vm->config->kernel_format, &vm->failure);

	vm->kernel_opened = !error;
	if (!error && vm_is_pc(vm) && kvm_emulates_kernels())
		log_line(LOG_LEVEL_INFO, "KVM on this host has no hardware virtualization: it emulates %s, slowly and not "
			 "completely", vm->config->kernel_path);
	if (!error && !vm_is_pc(vm) && vm->config->initramfs_path)
		error = failure_set(&vm->failure, -EINVAL, "%s: a Walnut image takes no initial RAM file system",
				    vm->config->kernel_path);
	return error;
}

/* A Walnut guest has one processor. */
static int create_vcpus(struct vm *vm)
{
	unsigned count = vm_is_pc(vm) ? vm->config->vcpu_count : 1;

	if (count > 1 && vm->config->gdb)
		return failure_set(&vm->failure, -ENOTSUP, "the debugger is for machines with one processor");
	return vcpus_create(&vm->vcpus, count, vm->kvm_fd, vm->fd, &vm->failure);
}

static int set_boot_state(struct vm *vm)
{
	const struct kvm_cpuid2 *cpuid = io_thread_cpuid(&vm->io, &vm->failure);
	int error = cpuid ? vcpus_set_cpuid(&vm->vcpus, cpuid, &vm->failure) : -EIO;

	for (unsigned i = 0; vm_is_pc(vm) && i < vm->vcpus.count && !error; i++)
		error = vcpu_set_firmware_msrs(&vm->vcpus.cpu[i], &vm->failure);
	return error ? error : vcpu_set_entry(&vm->vcpus.cpu[0], vm->kernel.entry, vm->kernel.image.entry,
					      &vm->failure);
}

/* Debuggers look into everything, and the user is there. */
static int decide_confinement(struct vm *vm)
{
	int error;

	if (vm->config->sandbox != SANDBOX_ON || vm->config->gdb)
		return 0;
	error = sandbox_available();
	if (error == -ENOTSUP)
		return 0;
	vm->confined = !error;
	if (!error)
		error = sandbox_prepare();
	return error ? failure_set(&vm->failure, error, "this host's kernel cannot confine the machine's process "
				   "(seccomp); WALNUT_SANDBOX=off runs without that") : 0;
}

static bool listens_for_guest(const struct vsock_config *config)
{
	for (unsigned i = 0; i < config->port_count; i++)
		if (config->ports[i].listen)
			return true;
	return false;
}

static enum sandbox_kind vcpu_kind(const struct vm *vm)
{
	if (vm->config->share_count > 0 && !vm_is_pc(vm))
		return SANDBOX_VCPU_FILES;
	return listens_for_guest(&vm->config->vsock) ? SANDBOX_VCPU_LISTENER : SANDBOX_VCPU;
}

static int build(struct vm *vm, struct krun_walnut_stats *stats)
{
	int error;

	vm->kvm_fd = kvm_open(&vm->failure);
	if (vm->kvm_fd < 0)
		return no_kvm(vm->kvm_fd);
	vcpus_attach(&vm->vcpus);
	error = decide_confinement(vm);
	if (error)
		return error;
	vm->vcpus.walls = vm->config->walls;
	error = io_thread_start(&vm->io, vm, &vm->failure);
	if (!error)
		error = open_kernel(vm);
	if (!error)
		error = create_machine(vm);
	if (!error)
		error = devices_create(vm);
	if (error)
		return error;
	start_settling(vm);
	vm->vcpus.sandbox = vm_sandbox(vm, vcpu_kind(vm));
	error = create_vcpus(vm);
	if (error)
		return error;
	stats->vm_created_ns = clock_now_ns();

	error = load_guest(vm);
	if (error)
		return error;
	stats->image_loaded_ns = clock_now_ns();

	error = set_boot_state(vm);
	/* As late as can be: what it says on stderr is then true. */
	if (!error && vm->config->gdb)
		error = gdb_server_open(&vm->gdb, vm->config->gdb, &vm->failure);
	if (!error && vm->gdb)
		error = gdb_server_attach(vm->gdb, &vm->vcpus.cpu[0], &vm->mem, &vm->kernel.image, &vm->io.loop,
					  vm->config->kernel_path, &vm->failure);
	return error;
}

static void destroy(struct vm *vm)
{
	io_thread_finish(&vm->io);
	devices_stop(vm);
	devices_destroy(vm);
	serials_destroy(&vm->serials);
	terminal_close(&vm->console_terminal);
	vcpus_destroy(&vm->vcpus);
	if (vm->settling)
		pthread_join(vm->settle_thread, NULL);
	if (vm->fd >= 0)
		close(vm->fd);
	if (vm->kvm_fd >= 0)
		close(vm->kvm_fd);
	guest_mem_destroy(&vm->mem);
	io_thread_destroy(&vm->io);
	vcpus_detach(&vm->vcpus);
	if (vm->kernel_opened)
		kernel_close(&vm->kernel);
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
	int khz = KVM_CALL(vm->vcpus.cpu[0].fd, KVM_GET_TSC_KHZ, 0, &ignored);
	uint64_t tsc_now = vcpu_read_tsc(&vm->vcpus.cpu[0]);
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
	int error = vm->console ? console_lost(vm->console, &port) : 0;

	if (!error || !names[port] || result->outcome != KRUN_WALNUT_EXITED || result->exit_status)
		return;
	result->outcome = KRUN_WALNUT_FAILED;
	result->exit_status = EXIT_FAILED;
	snprintf(result->message, sizeof(result->message), "%s: %s", names[port], strerror(-error));
}

static void end_of_pc(struct vm *vm, enum vcpu_stop stop, struct krun_walnut_result *result)
{
	result->outcome = stop == VCPU_STOP_RESET ? KRUN_WALNUT_REBOOTED : KRUN_WALNUT_EXITED;
	result->exit_status = vm->exit_status;
}

static void fill_result(struct vm *vm, enum vcpu_stop stop, struct krun_walnut_result *result)
{
	struct krun_walnut_stats *stats = &result->stats;
	char silent[sizeof(result->message)];

	for (unsigned i = 0; i < vm->vcpus.count; i++)
		for (unsigned kind = 0; kind < KRUN_WALNUT_EXIT_KINDS; kind++)
			stats->exits[kind] += vm->vcpus.cpu[i].exits[kind];
	stats->notifies = devices_notifies(vm);
	stats->irqs_injected = devices_interrupts(vm);
	convert_timeline(vm, stats);
	describe_silence(vm, stop, silent, sizeof(silent));
	if (vm->serials.left)
		result->outcome = KRUN_WALNUT_EXITED;
	else if (vm_is_pc(vm) && !vm->status.exited && (stop == VCPU_STOP_POWER_OFF || stop == VCPU_STOP_RESET))
		end_of_pc(vm, stop, result);
	else
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
	vm->vcpus.world.ports = &vm->ports;
	vm->vcpus.world.mmio = &vm->mmio;
	vm->vcpus.world.power = &vm->power;
	error = build(vm, &result->stats);
	if (error) {
		snprintf(result->message, sizeof(result->message), "%s", vm->failure.text);
		destroy(vm);
		return error;
	}
	result->stats.guest_entered_ns = clock_now_ns();
	stop = vcpus_run(&vm->vcpus, &vm->failure);
	result->stats.exit_ns = clock_now_ns();
	io_thread_finish(&vm->io);
	devices_stop(vm);
	fill_result(vm, stop, result);
	gdb_server_finish(vm->gdb, result);
	destroy(vm);
	return 0;
}
