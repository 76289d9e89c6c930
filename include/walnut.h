/* Walnut's additions to the libkrun API (libkrun.h): run a Walnut image and come
 * back with its result, choose the accelerator, read what happened.
 *
 * Typical use:
 *	ctx = krun_create_ctx();
 *	krun_set_vm_config(ctx, 1, 128);
 *	krun_set_kernel(ctx, "app.elf", KRUN_KERNEL_FORMAT_ELF, NULL, NULL);
 *	krun_set_exec(ctx, "app", argv, envp);
 *	krun_walnut_set_stdio(ctx, 0, 1, 2);
 *	krun_walnut_run(ctx, &result);
 * Functions return 0 or a negative errno unless they say otherwise. */
#ifndef WALNUT_H
#define WALNUT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum krun_walnut_accel {
	KRUN_WALNUT_ACCEL_AUTO = 0, /* KVM; QEMU TCG where KVM cannot be used, said once on stderr */
	KRUN_WALNUT_ACCEL_KVM = 1,
	KRUN_WALNUT_ACCEL_TCG = 2,
};

/* How the guest finds the virtio devices. */
enum krun_walnut_transport {
	KRUN_WALNUT_TRANSPORT_MMIO, /* by words on the kernel's command line */
	KRUN_WALNUT_TRANSPORT_PCI,  /* on a PCI bus; not for Walnut's own kernel */
};

/* Why krun_walnut_run() came back. */
enum krun_walnut_outcome {
	KRUN_WALNUT_EXITED = 0,	  /* the program ended: exit_status; an external kernel switched off: 0 */
	KRUN_WALNUT_TRAPPED = 1,  /* it trapped (exit_status 134); the report went to its stderr */
	KRUN_WALNUT_SIGNALLED = 2, /* SIGINT or SIGTERM (with a jail SIGHUP, SIGQUIT, too) reached this process: signal */
	KRUN_WALNUT_FAILED = 3,	  /* the guest kernel or the VMM failed: message; exit_status 125 */
	KRUN_WALNUT_REBOOTED = 4, /* an external kernel restarted its machine; exit_status 0 */
};

#define KRUN_WALNUT_EXIT_KINDS 8
enum krun_walnut_exit_kind {
	KRUN_WALNUT_EXIT_IO = 0,
	KRUN_WALNUT_EXIT_MMIO = 1,
	KRUN_WALNUT_EXIT_HLT = 2,
	KRUN_WALNUT_EXIT_INTR = 3,
	KRUN_WALNUT_EXIT_SHUTDOWN = 4,
	KRUN_WALNUT_EXIT_OTHER = 5,
};

/* Times are CLOCK_MONOTONIC nanoseconds; 0: not reached or not known (TCG). */
struct krun_walnut_stats {
	uint64_t start_ns; /* krun_walnut_run() called */
	uint64_t vm_created_ns;
	uint64_t image_loaded_ns;
	uint64_t guest_entered_ns;
	uint64_t runtime_up_ns;
	uint64_t first_instruction_ns;
	uint64_t exit_ns;
	uint64_t exits[KRUN_WALNUT_EXIT_KINDS]; /* by enum krun_walnut_exit_kind */
	uint64_t notifies;     /* queue notifications by ioeventfd */
	uint64_t irqs_injected;
	uint64_t guest_irqs;
	uint64_t guest_page_faults;
	uint64_t guest_peak_memory_bytes;
};

struct krun_walnut_result {
	enum krun_walnut_outcome outcome;
	int exit_status;
	int signal;
	char message[256]; /* KRUN_WALNUT_FAILED: one line, no newline */
	struct krun_walnut_stats stats;
};

/* Whether the machine has a memory balloon, by which a guest reports free pages and the host
 * gets them back. Default: external kernels have it; Walnut's own makes no use of it. */
int32_t krun_walnut_set_balloon(uint32_t ctx_id, bool enabled);

/* Whether Ctrl-A is a key of the VMM's where a serial port (krun_add_serial_console_default()) is
 * a terminal: Ctrl-A x ends the machine (KRUN_WALNUT_EXITED), Ctrl-A a sends Ctrl-A, Ctrl-A h
 * says so; default false. The terminal is in raw mode in either case. */
int32_t krun_walnut_set_serial_escape(uint32_t ctx_id, bool enabled);

/* A format for krun_set_kernel(): whatever the file turns out to be, of a Walnut image, an ELF
 * kernel and a bzImage. */
#define KRUN_WALNUT_KERNEL_FORMAT_AUTO 0x10000

/* Default MMIO. */
int32_t krun_walnut_set_transport(uint32_t ctx_id, enum krun_walnut_transport transport);

/* Whether the process is confined before the guest's first instruction: system calls that a running
 * machine has no use for kill it from then on. That includes the calling thread, for good: after
 * krun_walnut_run() it can write to what is open and end, and little else. The default is yes for
 * krun_start_enter(), which does not come back, and no for krun_walnut_run(). The environment variable
 * WALNUT_SANDBOX=off turns it off in either case; with a debugger it is off. See docs/security.md. */
int32_t krun_walnut_set_sandbox(uint32_t ctx_id, bool enabled);

/* Whether the machine runs in a jail: in a process of its own, with namespaces of its own (users, mounts,
 * processes, IPC, host name, and network unless the guest's sockets may reach something), an empty root directory,
 * no capabilities and narrow limits, all of it before the guest's first instruction. Default false. Where
 * there can be none, as with a debugger, under QEMU, with ports that lead to unix sockets, or because the host permits
 * no user namespaces, krun_walnut_run() and krun_start_enter() fail. The caller's process stays outside and is
 * not confined. See docs/security.md. */
int32_t krun_walnut_set_jail(uint32_t ctx_id, bool enabled);

/* Which accelerator krun_walnut_run() uses; default AUTO. */
int32_t krun_walnut_set_accel(uint32_t ctx_id, enum krun_walnut_accel accel);

/* The program's standard streams: descriptors of the caller, not closed here; -1
 * gives the guest end of file (input) or an error (output). */
int32_t krun_walnut_set_stdio(uint32_t ctx_id, int input_fd, int output_fd, int error_fd);

/* File systems of a WebAssembly program's own, under the names by which it knows them: one in RAM,
 * empty at the start, that holds at most `size` bytes (0: half of the RAM); and a read-only one, a
 * cpio archive ("newc") in a regular file, which is read when the machine is built. The descriptor
 * stays the caller's. -EEXIST: there is one of that name. */
int32_t krun_walnut_add_tmpfs(uint32_t ctx_id, const char *guest_path, uint64_t size);
int32_t krun_walnut_add_archive(uint32_t ctx_id, const char *guest_path, int archive_fd);

/* Call this export instead of _start. */
int32_t krun_walnut_set_invoke(uint32_t ctx_id, const char *export_name);

/* Lets GDB debug the program: krun_walnut_run() waits for it at "[ADDRESS:]PORT" (numeric;
 * without an address on 127.0.0.1; port 0: any free one, named on stderr) before the
 * guest's first instruction. Whoever can connect can do in the guest what he likes. NULL:
 * no debugger. */
int32_t krun_walnut_set_gdb(uint32_t ctx_id, const char *address);

/* The network: programs in the guest use sockets of the host's, where that is allowed, and
 * nothing is unless these say so. -EINVAL: not understood; -ENODEV: there will be no vsock
 * device.
 * publish: "[ADDRESS:]HOST:GUEST[/tcp|/udp]": what listens on (udp: is bound to) port GUEST
 * appears on the host's port HOST (0: any free one), at ADDRESS or at the address that
 * the guest asked for. -EEXIST: GUEST is published already.
 * allow_net: "all" or "ADDRESS[/PREFIX]", then nothing, ":PORT" or ":FIRST-LAST" (IPv6 in
 * brackets then): where the guest may connect and send datagrams to. */
int32_t krun_walnut_publish(uint32_t ctx_id, const char *port);
int32_t krun_walnut_allow_net(uint32_t ctx_id, const char *destination);

/* Records the frames of the network interface that was added last (krun_add_net_*()), both ways, in a
 * file of pcap's format, which is emptied first. A disk that is full ends the record, with a line in
 * the log. -ENOENT: there is no interface yet; -EINVAL: it has a record already; or open()'s errors. */
int32_t krun_walnut_set_net_pcap(uint32_t ctx_id, const char *path);

/* Shares a directory of the host with a WebAssembly program, which knows it as guest_path.
 * -EEXIST: it knows another one by that name. */
int32_t krun_walnut_add_dir(uint32_t ctx_id, const char *host_path, const char *guest_path, bool read_only);

/* Tells whether /dev/kvm can run a guest: 0, or the negative errno of the step
 * that failed, with one line of explanation in `why` (size bytes). */
int32_t krun_walnut_probe_kvm(char *why, uint64_t size);

/* Builds the VM and runs it to its end. Consumes the context like
 * krun_start_enter(), but returns: 0 with *result filled in, or a negative errno
 * with result->message when the VM could not be built. While it runs, SIGINT and
 * SIGTERM end the VM in order; the terminal's settings are as before on return. */
int32_t krun_walnut_run(uint32_t ctx_id, struct krun_walnut_result *result);

#ifdef __cplusplus
}
#endif

#endif
