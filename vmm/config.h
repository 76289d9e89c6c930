/* What one run is to be: a context's settings, collected by the krun_set_* calls
 * and handed, unchanged from then on, to whoever runs the VM (vm/ or qemu/). */
#ifndef WALNUT_VMM_CONFIG_H
#define WALNUT_VMM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vsock/policy.h"

#include "walnut.h"

/* A port of the guest's vsock that leads to a unix socket. */
struct vsock_port_config {
	uint32_t number;
	char *path;
	bool listen; /* the host's side listens at the path; else the guest connects to it */
};

struct vsock_config {
	bool implicit_disabled;
	bool added; /* by krun_add_vsock() */
	struct vsock_port_config *ports;
	unsigned port_count;
	bool tsi; /* the guest's sockets may be the host's, as far as the policy goes; also set,
		   * if the device is implicit, when there is a policy */
	struct net_policy policy;
};

struct disk_config {
	char *id;   /* what the guest reads as its serial number; the first 20 bytes of it */
	char *path; /* NULL: no disk here */
	bool read_only;
	bool direct; /* past the host's page cache */
	bool flush;  /* the guest may ask for stable storage */
};

/* A directory of the host for the guest, by virtio-fs. */
struct fs_config {
	char *tag;  /* at most 36 bytes */
	char *path;
	char *guest_path; /* what a WebAssembly program calls it; NULL: the tag */
	bool read_only;
	bool detached; /* of the jail's: in a mount of its own that nothing leads out of */
};

enum net_kind { NET_UNIX_STREAM, NET_UNIX_DATAGRAM, NET_TAP };

#define NETS_MAX 8

struct net_config {
	enum net_kind kind;
	char *path; /* socket, or interface of NET_TAP; NULL: fd is connected */
	int fd;	    /* the caller's, stays open; NET_TAP: attached already, -1: not */
	char *pcap_path; /* where its frames are recorded, or NULL */
	int pcap_fd;	 /* that file */
	uint8_t mac[6];
	uint64_t features; /* of virtio-net, beyond what every such device has */
	bool vfkit;	   /* the other side waits for gvproxy's first word */
	bool dhcp;	   /* the guest's first process is to ask for an address */
};

/* A file system of the guest's own: struct walnut_mount. */
struct mount_config {
	uint32_t kind; /* WALNUT_MOUNT_* */
	char *path;    /* what the program calls it */
	uint64_t size; /* of the archive, or what it may hold; 0: the kernel's choice */
	int archive_fd; /* -1: none */
};

/* The two disks that have functions of their own. */
enum { DISK_ROOT, DISK_DATA, DISK_NAMED_COUNT };

#define CONSOLE_PORTS_MAX 7 /* a queue for each direction of each, and two for control */
#define CONSOLES_MAX 8

/* A port of a console that was added. Descriptors are the caller's; below 0: none. */
struct port_config {
	char *name; /* NULL: it has none */
	bool tty;   /* a terminal for the guest, too; else a stream of bytes */
	int input_fd;
	int output_fd;
};

struct console_config {
	bool fixed; /* its ports came with it */
	struct port_config ports[CONSOLE_PORTS_MAX];
	unsigned port_count;
};

#define SERIALS_CONFIG_MAX 4

/* A serial port's streams, owned; below 0: none. */
struct serial_config {
	int input_fd;
	int output_fd;
};

enum sandbox_choice {
	SANDBOX_DEFAULT, /* on where the process is the machine's alone */
	SANDBOX_ON,
	SANDBOX_OFF,
};

struct vm_config {
	unsigned vcpu_count;
	unsigned ram_mib;
	enum krun_walnut_accel accel;

	enum sandbox_choice sandbox;
	bool jail;	     /* is wanted */
	struct jail *walls;  /* in the jailed process: to be closed before the guest runs; else NULL */

	char *kernel_path;  /* never NULL once the run starts */
	unsigned kernel_format; /* KRUN_KERNEL_FORMAT_* */
	char *initramfs_path; /* NULL: none */
	char *cmdline;	    /* NULL: none of the user's; else the line's beginning */

	/* The program's arguments (argv[0] included) and environment, both
	 * NULL-terminated; NULL when krun_set_exec() was not called. */
	char **argv;
	char **envp;
	char *gdb;	    /* where GDB may connect, [ADDRESS:]PORT; NULL: nowhere */
	char *invoke;	    /* export to call instead of _start, or NULL */

	struct vsock_config vsock;
	enum krun_walnut_transport transport;
	bool balloon_chosen; /* else external kernels have one */
	bool balloon;
	struct disk_config *disks; /* in the guest's order */
	unsigned disk_count;
	struct disk_config named_disks[DISK_NAMED_COUNT]; /* count only if there are no others */

	struct fs_config *shares; /* in the guest's order */
	unsigned share_count;
	struct mount_config *mounts;
	unsigned mount_count;

	char *workdir;	    /* the program's; NULL: not set */
	char **rlimits;	    /* "NUMBER=SOFT:HARD", NULL-terminated; NULL: not set */

	/* What the process becomes before it builds the machine; -1: what it is. */
	uid_t uid;
	gid_t gid;
	bool nested_virt; /* the guest may see VMX or SVM */

	struct net_config nets[NETS_MAX]; /* in the guest's order */
	unsigned net_count;
	bool net_legacy;    /* the only one, from krun_set_passt_fd() or krun_set_gvproxy_path() */
	uint8_t net_mac[6]; /* for that one */

	bool implicit_console_disabled;
	char *console_output;	/* file for the implicit console's output; NULL: none */
	char *kernel_console;	/* value of console= for a foreign kernel; NULL: not set */
	struct console_config consoles[CONSOLES_MAX]; /* in the order they were added */
	unsigned console_count;
	struct serial_config serials[SERIALS_CONFIG_MAX]; /* COM1 and so on */
	unsigned serial_count;
	bool serial_escape; /* Ctrl-A at a terminal is ours */

	/* The caller's descriptors, never closed here; -1: none. */
	int input_fd;
	int output_fd;
	int error_fd;
};

#endif
