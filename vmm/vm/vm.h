/* One KVM virtual machine: everything about it is in this struct. */
#ifndef WALNUT_VMM_VM_H
#define WALNUT_VMM_VM_H

#include <stdbool.h>
#include <stdint.h>

#include "boot/kernel.h"
#include "device/bus.h"
#include "device/guest_log.h"
#include "device/power.h"
#include "failure.h"
#include "sandbox/sandbox.h"
#include "status_decoder.h"
#include "virtio/console.h"
#include "vm/guest_mem.h"
#include "vm/io_thread.h"
#include "vm/pc.h"
#include "vm/pci.h"
#include "vm/serials.h"
#include "vm/vcpus.h"
#include "vm/worker.h"

struct gdb_server;
struct krun_walnut_result;
struct vm_config;

/* Interrupt lines 5 to 15, as on libkrun. */
#define VM_VIRTIO_MAX 11
#define VM_WORKERS_MAX VM_VIRTIO_MAX

/* The ports of a Walnut guest's console; 0 is the console proper. */
enum vm_port {
	VM_PORT_CONSOLE,
	VM_PORT_STDIN,
	VM_PORT_STDOUT,
	VM_PORT_STDERR,
	VM_PORT_STATUS,
	VM_PORT_COUNT,
};

struct vm {
	const struct vm_config *config;
	int streams[3]; /* the program's 0, 1 and 2: the caller's descriptors, -1: none */
	int kvm_fd;
	int fd;
	struct guest_mem mem;
	struct kernel kernel;
	bool kernel_opened;
	struct vcpus vcpus;
	struct io_thread io;
	struct gdb_server *gdb; /* NULL: no debugger is wanted */
	pthread_t settle_thread;
	bool settling;
	bool confined; /* the threads are */

	struct bus ports;
	struct bus mmio;
	struct guest_log serial_log;
	struct guest_log console_log;
	struct serials serials;
	struct power power;
	struct pc pc; /* vm_is_pc() */
	struct vm_pci pci; /* if config->transport says so */
	struct virtio_device *virtio[VM_VIRTIO_MAX]; /* owned, in the order of their addresses */
	unsigned virtio_count;
	struct console *console; /* the implicit one; NULL: there is none, or not yet */
	struct console *consoles[1 + CONSOLES_MAX]; /* all of them */
	unsigned console_count;
	struct terminal console_terminal; /* if a port of theirs is one, and no serial port */
	struct worker workers[VM_WORKERS_MAX];
	unsigned worker_count;

	struct status_decoder status;
	_Atomic int exit_status; /* an external kernel's, by FUSE_IOCTL_EXIT_STATUS; else 0 */
	struct failure failure;
};

/* What a thread of this kind is confined to. */
static inline enum sandbox_kind vm_sandbox(const struct vm *vm, enum sandbox_kind kind)
{
	return (vm->confined ? kind : SANDBOX_NONE) | (vm->config->walls ? SANDBOX_JAILED : 0);
}

/* Whether the machine is a PC, for an external kernel; else it has only what Walnut's own needs.
 * Known from the beginning: the kernel's file is opened first. */
static inline bool vm_is_pc(const struct vm *vm)
{
	return vm->kernel.kind != KERNEL_WALNUT;
}

/* Builds the VM that config describes, runs it on the calling thread to its end, and
 * takes it apart. 0 and *result, or a negative errno and result->message; -ENODEV: KVM cannot
 * be used at all. The caller has zeroed *result and set stats.start_ns. */
int vm_run(const struct vm_config *config, struct krun_walnut_result *result);

#endif
