/* Devices come and go here; what they do is in device/ and virtio/. */
#include "vm/devices.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <sys/resource.h>

#include "boot/command_line.h"
#include "boot/layout.h"
#include "config.h"
#include "log.h"
#include "device/i8042.h"
#include "virtio/balloon.h"
#include "virtio/block.h"
#include "virtio/fs.h"
#include "virtio/mmio.h"
#include "virtio/net.h"
#include "virtio/rng.h"
#include "virtio/vsock.h"
#include "vm/kvm.h"
#include "vm/vm.h"

#include "libkrun.h"
#include "virtio_mmio.h"

/* Registers that only prepare something, in front of one that acts on it (Status,
 * QueueReady) or is read back, which makes KVM hand over what it has collected. A
 * write that exits takes 40 us on some hosts, a collected one 9. */
static const struct { uint32_t start, end; } coalesced[] = {
	{ VIRTIO_MMIO_DEVICE_FEATURES_SEL, VIRTIO_MMIO_QUEUE_NUM + 4 },
	{ VIRTIO_MMIO_QUEUE_DESC_LOW, VIRTIO_MMIO_QUEUE_DEVICE_HIGH + 4 },
};

#define SHARES_FDS_MAX 65536

static bool on_pci(const struct vm *vm)
{
	return vm->config->transport == KRUN_WALNUT_TRANSPORT_PCI;
}

/* Lets KVM signal the device's descriptors without leaving the kernel. */
static int connect_to_kvm(struct vm *vm, struct virtio_device *device)
{
	struct kvm_ioeventfd notify = {
		.addr = device->base + VIRTIO_MMIO_QUEUE_NOTIFY,
		.len = 4,
		.fd = device->notify.fd,
	};
	struct kvm_irqfd irq = { .fd = (uint32_t)device->irq_fd, .gsi = device->irq };
	bool at_once = device->ops->notified && !vm_is_pc(vm);
	int error = at_once ? 0 : KVM_CALL(vm->fd, KVM_IOEVENTFD, &notify, &vm->failure);

	if (!error)
		error = KVM_CALL(vm->fd, KVM_IRQFD, &irq, &vm->failure);
	for (unsigned i = 0; i < sizeof(coalesced) / sizeof(coalesced[0]); i++) {
		struct kvm_coalesced_mmio_zone zone = {
			.addr = device->base + coalesced[i].start,
			.size = coalesced[i].end - coalesced[i].start,
		};

		/* Where KVM cannot, each write exits: slower, nothing else. */
		ioctl(vm->fd, KVM_REGISTER_COALESCED_MMIO, &zone);
	}
	return error;
}

static uint32_t virtio_irq(const struct vm *vm, unsigned place)
{
	return vm_is_pc(vm) ? pc_virtio_irq(place) : BOOT_VIRTIO_IRQ + place;
}

static int create_on_mmio(struct vm *vm, struct virtio_device *device, const struct virtio_device_ops *ops,
			  struct event_loop *loop)
{
	unsigned place = vm->virtio_count;
	int error = virtio_mmio_create(device, ops, &vm->mem, loop, BOOT_VIRTIO_BASE + place * BOOT_VIRTIO_SIZE,
				       virtio_irq(vm, place), &vm->failure);

	if (error)
		return error;
	virtio_mmio_add(device, &vm->mmio);
	error = connect_to_kvm(vm, device);
	if (error)
		virtio_device_destroy(device);
	return error;
}

static int create_on_pci(struct vm *vm, struct virtio_device *device, const struct virtio_device_ops *ops,
			 struct event_loop *loop)
{
	unsigned place = vm->virtio_count;
	struct virtio_pci *pci = calloc(1, sizeof(*pci));
	int error;

	if (!pci)
		return failure_set(&vm->failure, -ENOMEM, "virtio %s: out of memory", ops->name);
	error = virtio_pci_create(pci, device, ops, &vm->mem, loop, BOOT_PCI_WINDOW + place * VIRTIO_PCI_BAR_SIZE,
				  virtio_irq(vm, place), &vm->pci.machine, &vm->failure);
	if (error)
		free(pci);
	else
		pci_host_add(&vm->pci.host, &pci->function);
	return error;
}

/* A new device of `size` bytes, the struct that begins with its virtio_device, zeroed but
 * for that and attached; its queues are served by the loop. The VM owns it. Host resources
 * are for its own open function, which may still change `features` and `queue_count`. */
static int add(struct vm *vm, size_t size, const struct virtio_device_ops *ops, struct event_loop *loop,
	       struct virtio_device **created)
{
	struct virtio_device *device;
	int error;

	if (vm->virtio_count == VM_VIRTIO_MAX)
		return failure_set(&vm->failure, -ENOSPC, "more than %u virtio devices", VM_VIRTIO_MAX);
	device = calloc(1, size);
	if (!device)
		return failure_set(&vm->failure, -ENOMEM, "virtio %s: out of memory", ops->name);
	error = on_pci(vm) ? create_on_pci(vm, device, ops, loop) : create_on_mmio(vm, device, ops, loop);
	if (error) {
		free(device);
		return error;
	}
	vm->virtio[vm->virtio_count++] = device;
	*created = device;
	return 0;
}

static void status_output(void *opaque, const void *data, size_t size)
{
	status_decoder_feed(opaque, data, size);
}

static void console_output(void *opaque, const void *data, size_t size)
{
	guest_log_write(opaque, data, size);
}

static int open_console(struct vm *vm, const struct console_port_config *ports, unsigned count)
{
	struct virtio_device *device;
	int error = add(vm, sizeof(struct console), &console_ops, &vm->io.loop, &device);

	if (error)
		return error;
	vm->consoles[vm->console_count++] = (struct console *)device;
	return console_open((struct console *)device, ports, count, &vm->failure);
}

static int add_walnut_console(struct vm *vm)
{
	const struct console_port_config ports[VM_PORT_COUNT] = {
		[VM_PORT_CONSOLE] = { .terminal = true, .direction = CONSOLE_OUTPUT, .output = console_output, .opaque = &vm->console_log },
		[VM_PORT_STDIN] = { .name = WALNUT_STDIN_PORT, .direction = CONSOLE_INPUT, .fd = vm->streams[0] },
		[VM_PORT_STDOUT] = { .name = WALNUT_STDOUT_PORT, .direction = CONSOLE_OUTPUT, .fd = vm->streams[1] },
		[VM_PORT_STDERR] = { .name = WALNUT_STDERR_PORT, .direction = CONSOLE_OUTPUT, .fd = vm->streams[2] },
		[VM_PORT_STATUS] = { .name = WALNUT_STATUS_PORT, .direction = CONSOLE_OUTPUT,
				     .output = status_output, .opaque = &vm->status },
	};
	int error = open_console(vm, ports, VM_PORT_COUNT);

	if (vm->console_count > 0)
		vm->console = vm->consoles[0];
	return error;
}

/* The directions that have a descriptor; a port without any has ended. What the guest says on a
 * terminal that leads nowhere goes to the log. */
static unsigned port_halves(struct vm *vm, const struct port_config *port, struct console_port_config *halves)
{
	unsigned count = 0;

	if (port->input_fd >= 0)
		halves[count++] = (struct console_port_config){
			.name = port->name, .terminal = port->tty, .when_open = true,
			.direction = CONSOLE_INPUT, .fd = port->input_fd };
	if (port->output_fd >= 0 || port->tty || count == 0)
		halves[count++] = (struct console_port_config){
			.name = port->name, .terminal = port->tty, .direction = CONSOLE_OUTPUT,
			.joined = port->input_fd >= 0, .fd = port->output_fd,
			.output = port->tty && port->output_fd < 0 ? console_output : NULL, .opaque = &vm->console_log };
	return count;
}

static void terminal_resized(struct terminal *terminal)
{
	struct vm *vm = (struct vm *)((char *)terminal - offsetof(struct vm, console_terminal));

	for (unsigned i = 0; i < vm->console_count; i++)
		console_resized(vm->consoles[i]);
}

/* A terminal for the guest is raw while it runs; the first one has the job control. */
static int connect_terminal(struct vm *vm, const struct port_config *port)
{
	if (!port->tty || port->input_fd < 0 || !isatty(port->input_fd) || vm->serials.terminal.open ||
	    vm->console_terminal.open)
		return 0;
	vm->console_terminal.resized = terminal_resized;
	return terminal_open(&vm->console_terminal, port->input_fd, &vm->io.loop, &vm->failure);
}

static int add_ports_console(struct vm *vm, const struct port_config *ports, unsigned port_count)
{
	struct console_port_config halves[2 * CONSOLE_PORTS_MAX];
	unsigned count = 0;
	int error = 0;

	for (unsigned i = 0; i < port_count && !error; i++) {
		error = connect_terminal(vm, &ports[i]);
		count += port_halves(vm, &ports[i], halves + count);
	}
	return error ? error : open_console(vm, halves, count);
}

/* libkrun's: what is a terminal is the console, what is none a stream of its own. A terminal that
 * is a serial port already is not read twice. */
static int add_implicit_console(struct vm *vm)
{
	bool file = vm->config->console_output;
	bool input_tty = isatty(vm->streams[0]), output_tty = file || isatty(vm->streams[1]);
	struct port_config ports[4] = {
		{ .tty = true, .input_fd = input_tty && !vm->serials.terminal.open ? vm->streams[0] : -1,
		  .output_fd = output_tty ? vm->streams[1] : -1 },
	};
	unsigned count = 1;

	if (vm->streams[0] >= 0 && !input_tty)
		ports[count++] = (struct port_config){ WALNUT_STDIN_PORT, false, vm->streams[0], -1 };
	if (vm->streams[1] >= 0 && !output_tty)
		ports[count++] = (struct port_config){ WALNUT_STDOUT_PORT, false, -1, vm->streams[1] };
	if (vm->streams[2] >= 0 && !file && !isatty(vm->streams[2]))
		ports[count++] = (struct port_config){ WALNUT_STDERR_PORT, false, -1, vm->streams[2] };
	return add_ports_console(vm, ports, count);
}

/* A Walnut guest has one console, with the streams that were found for it before. */
static int add_consoles(struct vm *vm)
{
	const struct vm_config *config = vm->config;
	int error = 0;

	if (!vm_is_pc(vm))
		return add_walnut_console(vm);
	if (!config->implicit_console_disabled)
		error = add_implicit_console(vm);
	for (unsigned i = 0; i < config->console_count && !error; i++)
		error = add_ports_console(vm, config->consoles[i].ports, config->consoles[i].port_count);
	return error;
}

static int add_disk(struct vm *vm, const struct disk_config *config)
{
	struct virtio_device *device;
	struct worker *worker = &vm->workers[vm->worker_count++];
	int error;

	worker->sandbox = vm_sandbox(vm, SANDBOX_IO);
	error = worker_start_many(worker, "disk", BLOCK_LANES, &vm->failure);
	if (!error)
		error = add(vm, sizeof(struct block), &block_ops, &worker->loop, &device);
	return error ? error : block_open((struct block *)device, config, vm->config->vcpu_count,
					  &worker->stopping, &vm->failure);
}

static int add_disks(struct vm *vm)
{
	const struct vm_config *config = vm->config;
	int error = 0;

	for (unsigned i = 0; i < config->disk_count && !error; i++)
		error = add_disk(vm, &config->disks[i]);
	for (unsigned i = 0; i < DISK_NAMED_COUNT && config->disk_count == 0 && !error; i++)
		if (config->named_disks[i].path)
			error = add_disk(vm, &config->named_disks[i]);
	return error;
}

/* Shares may use half of the process's descriptors, in equal parts. */
static uint32_t share_fd_limit(const struct vm *vm)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > SHARES_FDS_MAX)
		limit.rlim_cur = SHARES_FDS_MAX;
	return (uint32_t)limit.rlim_cur / 2 / vm->config->share_count;
}

static int add_share(struct vm *vm, const struct fs_config *config)
{
	struct virtio_device *device;
	struct worker *worker = &vm->workers[vm->worker_count++];
	int error;

	worker->sandbox = vm_sandbox(vm, SANDBOX_FILES);
	error = worker_start(worker, "fs", &vm->failure);
	if (!error)
		error = add(vm, sizeof(struct virtio_fs), &virtio_fs_ops, &worker->loop, &device);
	if (!error && strcmp(config->tag, KRUN_FS_ROOT_TAG) == 0)
		((struct virtio_fs *)device)->fs.exit_status = &vm->exit_status;
	return error ? error : virtio_fs_open((struct virtio_fs *)device, config, share_fd_limit(vm), &vm->failure);
}

static enum sandbox_kind sockets_kind(const struct vm *vm)
{
	const struct vsock_config *config = &vm->config->vsock;

	if (net_policy_allows_names(&config->policy))
		return vm->config->walls ? SANDBOX_RESOLVER_JAILED : SANDBOX_RESOLVER;
	return config->port_count > 0 ? SANDBOX_UNIX_SOCKETS : SANDBOX_SOCKETS;
}

static int add_vsock(struct vm *vm)
{
	const struct vsock_config *config = &vm->config->vsock;
	struct virtio_device *device;
	struct worker *worker;
	int error;

	if (!config->added && (config->implicit_disabled || (config->port_count == 0 && !config->tsi)))
		return 0;
	worker = &vm->workers[vm->worker_count++];
	worker->sandbox = vm_sandbox(vm, sockets_kind(vm));
	error = worker_start(worker, "vsock", &vm->failure);
	if (!error)
		error = add(vm, sizeof(struct vsock), &vsock_ops, &worker->loop, &device);
	return error ? error : vsock_open((struct vsock *)device, config, &vm->failure);
}

static bool has_balloon(const struct vm *vm)
{
	return vm->config->balloon_chosen ? vm->config->balloon : vm_is_pc(vm);
}

static int add_net(struct vm *vm, const struct net_config *config)
{
	struct virtio_device *device;
	struct worker *worker = &vm->workers[vm->worker_count++];
	int error;

	worker->sandbox = vm_sandbox(vm, SANDBOX_IO);
	error = worker_start(worker, "net", &vm->failure);
	if (!error)
		error = add(vm, sizeof(struct net), &net_ops, &worker->loop, &device);
	return error ? error : net_open((struct net *)device, config, &vm->failure);
}

int devices_create(struct vm *vm)
{
	struct virtio_device *balloon, *rng;
	int error = 0;

	vm->serial_log.source = "serial";
	vm->console_log.source = "console";
	i8042_add(&vm->power, &vm->ports);
	if (vm_is_pc(vm))
		pc_add_devices(vm);
	error = serials_create(vm);
	if (on_pci(vm))
		vm_pci_create(&vm->pci, vm->fd, &vm->ports, &vm->mmio);
	if (!error && has_balloon(vm))
		error = add(vm, sizeof(struct balloon), &balloon_ops, &vm->io.loop, &balloon);
	if (!error)
		error = add_consoles(vm);
	if (!error)
		error = add(vm, sizeof(*rng), &rng_ops, &vm->io.loop, &rng);
	for (unsigned i = 0; i < vm->config->share_count && !error; i++)
		error = add_share(vm, &vm->config->shares[i]);
	if (!error)
		error = add_disks(vm);
	if (!error)
		error = add_vsock(vm);
	for (unsigned i = 0; i < vm->config->net_count && !error; i++)
		error = add_net(vm, &vm->config->nets[i]);
	return error;
}

void devices_describe(const struct vm *vm, struct command_line *line)
{
	if (vm->config->vsock.added && vm->config->vsock.tsi)
		command_line_add(line, "tsi_hijack"); /* to Linux, if it has libkrun's patches */
	for (unsigned i = 0; i < vm->config->net_count; i++)
		if (vm->config->nets[i].dhcp) {
			command_line_add(line, "KRUN_DHCP=1"); /* to libkrun's first process */
			break;
		}
	for (unsigned i = 0; i < vm->virtio_count && !on_pci(vm); i++)
		command_line_add(line, "virtio_mmio.device=%uK@0x%llx:%u", BOOT_VIRTIO_SIZE >> 10,
				 (unsigned long long)vm->virtio[i]->base, vm->virtio[i]->irq);
}

void devices_poll(struct vm *vm)
{
	for (unsigned i = 0; i < vm->virtio_count; i++)
		if (vm->virtio[i]->loop == &vm->io.loop)
			virtio_device_poll(vm->virtio[i]);
}

void devices_stop(struct vm *vm)
{
	for (unsigned i = 0; i < vm->worker_count; i++)
		worker_stop(&vm->workers[i]);
}

void devices_destroy(struct vm *vm)
{
	for (unsigned i = 0; i < vm->virtio_count; i++) {
		struct virtio_device *device = vm->virtio[i];

		if (device->ops->close)
			device->ops->close(device);
		virtio_device_destroy(device);
		free(device->pci);
		free(device);
	}
	vm->virtio_count = 0;
	for (unsigned i = 0; i < vm->worker_count; i++)
		worker_destroy(&vm->workers[i]);
	vm->worker_count = 0;
}

uint64_t devices_notifies(const struct vm *vm)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < vm->virtio_count; i++)
		sum += vm->virtio[i]->notifies;
	return sum;
}

uint64_t devices_interrupts(const struct vm *vm)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < vm->virtio_count; i++)
		sum += vm->virtio[i]->interrupts;
	return sum;
}
