/* boot-vm: runs a kernel through libkrun's functions, for tests. Its exit status is the
 * machine's, 125 where there was none. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libkrun.h"
#include "walnut.h"

#define EXIT_FAILED 125
#define DISKS_MAX 8
#define SHARES_MAX 8
#define VSOCK_PORTS_MAX 4

struct choice {
	const char *kernel;
	const char *initrd;
	const char *cmdline;
	unsigned format;
	unsigned cpus;
	unsigned ram_mib;
	struct {
		const char *path;
		bool read_only, direct;
	} disks[DISKS_MAX];
	unsigned disk_count;
	bool pci;
	bool jail;
	char *shares[SHARES_MAX]; /* TAG=PATH[:ro] */
	unsigned share_count;
	const char *root;
	const char *tap, *passt;
	const char *console; /* a file for its output */
	bool program; /* with all that a program is given */
	char *port; /* NAME:INPUT:OUTPUT */
	char *terminal; /* NAME:WORDS */
	char *vsock_ports[VSOCK_PORTS_MAX]; /* PORT=PATH[:listen] */
	unsigned vsock_port_count;
};

static int complain(const char *what, int error)
{
	fprintf(stderr, "boot-vm: %s: %s\n", what, strerror(-error));
	return EXIT_FAILED;
}

static int add_share(uint32_t ctx, char *words)
{
	char *path = strchr(words, '='), *end;
	bool read_only;

	if (!path)
		return -EINVAL;
	*path++ = '\0';
	end = path + strlen(path);
	read_only = end - path > 3 && strcmp(end - 3, ":ro") == 0;
	if (read_only)
		end[-3] = '\0';
	return krun_add_virtiofs3(ctx, words, path, 0, read_only);
}

static int add_net(uint32_t ctx, const struct choice *choice)
{
	static uint8_t mac[6] = { 0x5a, 0x94, 0xef, 0xe4, 0x0c, 0xee };
	int error = 0;

	if (choice->passt)
		error = krun_add_net_unixstream(ctx, choice->passt, -1, mac, COMPAT_NET_FEATURES, 0);
	if (!error && choice->tap)
		error = krun_add_net_tap(ctx, (char *)choice->tap, mac, COMPAT_NET_FEATURES, 0);
	return error;
}

static int set_program(uint32_t ctx)
{
	const char *const argv[] = { "one", "two words", NULL }, *const envp[] = { "A=b c", NULL };
	const char *const limits[] = { "7=100:200", NULL };
	int error = krun_set_exec(ctx, "/bin/app", argv, envp);

	if (!error)
		error = krun_set_workdir(ctx, "/work");
	if (!error)
		error = krun_set_rlimits(ctx, limits);
	return error ? error : krun_set_kernel_console(ctx, "ttyS0,9600");
}

/* A console of its own, with a port that reads one file and writes another. */
static int add_port(uint32_t ctx, char *words)
{
	char *name = strsep(&words, ":"), *from = strsep(&words, ":");
	int in = from ? open(from, O_RDONLY) : -1;
	int out = words ? open(words, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
	int id = krun_add_virtio_console_multiport(ctx);

	if (in < 0 || out < 0 || id < 0)
		return id < 0 ? id : -EINVAL;
	return krun_add_console_port_inout(ctx, (uint32_t)id, name, in, out);
}

/* Types the words when the guest has printed something. */
static void sit_at_terminal(int master, const char *words)
{
	char text[256];
	ssize_t size = read(master, text, sizeof(text) - 1);

	if (size > 0) {
		dprintf(STDOUT_FILENO, "terminal: %.*s\n", (int)size, text);
		dprintf(master, "%s\n", words);
		/* What comes after it keeps the terminal alive. */
		while (read(master, text, sizeof(text)) > 0)
			;
	}
	_exit(0);
}

/* A console of its own with a terminal of 100 columns and 30 lines. */
static int add_terminal(uint32_t ctx, char *words)
{
	const struct winsize size = { .ws_row = 30, .ws_col = 100 };
	char *name = strsep(&words, ":");
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave = -1;
	int id = krun_add_virtio_console_multiport(ctx);

	if (master >= 0 && !grantpt(master) && !unlockpt(master))
		slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0 || !words || id < 0 || ioctl(slave, TIOCSWINSZ, &size))
		return id < 0 ? id : -EINVAL;
	if (fork() == 0) {
		close(slave);
		sit_at_terminal(master, words);
	}
	close(master);
	return krun_add_console_port_tty(ctx, (uint32_t)id, name, slave);
}

static int add_vsock_port(uint32_t ctx, char *words)
{
	char *path = strchr(words, '='), *listen = strstr(words, ":listen");

	if (!path)
		return -EINVAL;
	*path++ = '\0';
	if (listen)
		*listen = '\0';
	return krun_add_vsock_port2(ctx, (uint32_t)atoi(words), path, listen);
}

/* The serial number of a disk is its file's name. */
static int add_devices(uint32_t ctx, const struct choice *choice)
{
	int error = 0;

	if (choice->root)
		error = krun_set_root(ctx, choice->root);
	for (unsigned i = 0; i < choice->share_count && !error; i++)
		error = add_share(ctx, choice->shares[i]);
	for (unsigned i = 0; i < choice->vsock_port_count && !error; i++)
		error = add_vsock_port(ctx, choice->vsock_ports[i]);
	for (unsigned i = 0; i < choice->disk_count && !error; i++) {
		const char *path = choice->disks[i].path;
		const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

		error = krun_add_disk3(ctx, name, path, KRUN_DISK_FORMAT_RAW, choice->disks[i].read_only,
				       choice->disks[i].direct, KRUN_SYNC_FULL);
	}
	if (!error)
		error = add_net(ctx, choice);
	if (!error && choice->program)
		error = set_program(ctx);
	if (!error && choice->console)
		error = krun_set_console_output(ctx, choice->console);
	if (!error && choice->port)
		error = add_port(ctx, choice->port);
	if (!error && choice->terminal)
		error = add_terminal(ctx, choice->terminal);
	if (!error && choice->pci)
		error = krun_walnut_set_transport(ctx, KRUN_WALNUT_TRANSPORT_PCI);
	return error;
}

static void add_disk(struct choice *choice, const char *path, bool read_only, bool direct)
{
	if (choice->disk_count == DISKS_MAX)
		return;
	choice->disks[choice->disk_count].path = path;
	choice->disks[choice->disk_count].read_only = read_only;
	choice->disks[choice->disk_count++].direct = direct;
}

static int run(const struct choice *choice)
{
	int ctx = krun_create_ctx();
	struct krun_walnut_result result;
	int error;

	if (ctx < 0)
		return complain("context", ctx);
	error = krun_set_vm_config((uint32_t)ctx, (uint8_t)choice->cpus, choice->ram_mib);
	if (error)
		return complain("vm_config", error);
	error = krun_set_kernel((uint32_t)ctx, choice->kernel, choice->format, choice->initrd, choice->cmdline);
	if (error)
		return complain("set_kernel", error);
	error = add_devices((uint32_t)ctx, choice);
	if (error)
		return complain("devices", error);
	error = krun_walnut_set_accel((uint32_t)ctx, KRUN_WALNUT_ACCEL_KVM);
	if (error)
		return complain("accel", error);
	error = krun_walnut_set_jail((uint32_t)ctx, choice->jail);
	if (error)
		return complain("jail", error);
	error = krun_walnut_set_sandbox((uint32_t)ctx, true);
	if (error)
		return complain("sandbox", error);
	error = krun_walnut_run((uint32_t)ctx, &result);
	if (result.outcome == KRUN_WALNUT_FAILED)
		fprintf(stderr, "boot-vm: %s\n", result.message);
	printf("boot-vm: outcome %d, status %d\n", result.outcome, error ? EXIT_FAILED : result.exit_status);
	return error ? EXIT_FAILED : result.exit_status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "cmdline", required_argument, NULL, 'c' },
		{ "format", required_argument, NULL, 'f' },
		{ "cpus", required_argument, NULL, 'n' },
		{ "share", required_argument, NULL, 's' },
		{ "root", required_argument, NULL, 'R' },
		{ "mem", required_argument, NULL, 'm' },
		{ "disk", required_argument, NULL, 'd' },
		{ "disk-ro", required_argument, NULL, 'r' },
		{ "disk-direct", required_argument, NULL, 'D' },
		{ "vsock", required_argument, NULL, 'v' },
		{ "pci", no_argument, NULL, 'p' },
		{ "jail", no_argument, NULL, 'j' },
		{ "console", required_argument, NULL, 'C' },
		{ "program", no_argument, NULL, 'x' },
		{ "tap", required_argument, NULL, 'T' },
		{ "passt", required_argument, NULL, 'P' },
		{ "port", required_argument, NULL, 'o' },
		{ "terminal", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	struct choice choice = { .format = KRUN_KERNEL_FORMAT_ELF, .cpus = 1, .ram_mib = 256 };
	int option;

	krun_set_log_level(KRUN_LOG_LEVEL_INFO);
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'k': choice.kernel = optarg; break;
		case 'i': choice.initrd = optarg; break;
		case 'c': choice.cmdline = optarg; break;
		case 'f': choice.format = (unsigned)atoi(optarg); break;
		case 'n': choice.cpus = (unsigned)atoi(optarg); break;
		case 'j': choice.jail = true; break;
		case 'm': choice.ram_mib = (unsigned)atoi(optarg); break;
		case 'd': add_disk(&choice, optarg, false, false); break;
		case 'r': add_disk(&choice, optarg, true, false); break;
		case 'D': add_disk(&choice, optarg, false, true); break;
		case 'p': choice.pci = true; break;
		case 'C': choice.console = optarg; break;
		case 'x': choice.program = true; break;
		case 'T': choice.tap = optarg; break;
		case 'P': choice.passt = optarg; break;
		case 'o': choice.port = optarg; break;
		case 't': choice.terminal = optarg; break;
		case 'v':
			if (choice.vsock_port_count == VSOCK_PORTS_MAX)
				return EXIT_FAILED;
			choice.vsock_ports[choice.vsock_port_count++] = optarg;
			break;
		case 'R': choice.root = optarg; break;
		case 's':
			if (choice.share_count == SHARES_MAX)
				return EXIT_FAILED;
			choice.shares[choice.share_count++] = optarg;
			break;
		default: return EXIT_FAILED;
		}
	}
	return run(&choice);
}
