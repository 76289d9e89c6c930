/* One KVM virtual machine: everything about it is in this struct. */
#ifndef WALNUT_VMM_VM_H
#define WALNUT_VMM_VM_H

#include <stdbool.h>
#include <stdint.h>

#include "device/bus.h"
#include "device/guest_log.h"
#include "device/i8042.h"
#include "device/serial.h"
#include "failure.h"
#include "status_decoder.h"
#include "virtio/console.h"
#include "virtio/rng.h"
#include "vm/guest_mem.h"
#include "vm/io_thread.h"
#include "vm/vcpu.h"

struct gdb_server;
struct krun_walnut_result;
struct vm_config;

struct vm {
	const struct vm_config *config;
	int streams[3]; /* the program's 0, 1 and 2: the caller's descriptors, -1: none */
	int kvm_fd;
	int fd;
	struct guest_mem mem;
	struct vcpu vcpu;
	struct io_thread io;
	struct gdb_server *gdb; /* NULL: no debugger is wanted */
	pthread_t settle_thread;
	bool settling;

	struct bus ports;
	struct bus mmio;
	struct guest_log serial_log;
	struct guest_log console_log;
	struct serial serial;
	struct i8042 i8042;
	struct console console;
	struct virtio_device rng;

	struct status_decoder status;
	struct failure failure;
};

/* Builds the VM that config describes, runs it on the calling thread to its end, and
 * takes it apart. 0 and *result, or a negative errno and result->message; -ENODEV: KVM cannot
 * be used at all. The caller has zeroed *result and set stats.start_ns. */
int vm_run(const struct vm_config *config, struct krun_walnut_result *result);

#endif
