#include "boot_options.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "option_values.h"
#include "options.h"

#define RAM_DEFAULT_MIB 512
#define CPUS_MAX 8
#define TAG_SIZE_MAX 36

enum { OPTION_KERNEL = 1, OPTION_INITRD, OPTION_CMDLINE, OPTION_DISK, OPTION_DIR, OPTION_NET, OPTION_PCAP, OPTION_VSOCK, OPTION_VSOCK_LISTEN, OPTION_MEM, OPTION_CPUS,
       OPTION_PCI, OPTION_JAIL, OPTION_NO_REBOOT, OPTION_VERBOSE };

static const struct option_spec specs[] = {
	{ "kernel", 'k', "FILE", "what to boot: an ELF kernel (vmlinux) or a bzImage", OPTION_KERNEL },
	{ "initrd", 'i', "FILE", "its initial RAM file system", OPTION_INITRD },
	{ "cmdline", 'c', "WORDS", "its command line, after console=ttyS0", OPTION_CMDLINE },
	{ "disk", 'd', "FILE[:ro]", "a disk, raw (repeatable): /dev/vda, vdb, …", OPTION_DISK },
	{ "dir", 0, "HOST[::TAG][:ro]", "share a folder by virtio-fs (repeatable)", OPTION_DIR },
	{ "net", 0, "MODE", "passt, tap:NAME, tsi, or none (default)", OPTION_NET },
	{ "pcap", 0, "FILE", "record the interface's frames, for tcpdump and Wireshark", OPTION_PCAP },
	{ "vsock", 0, "PORT:PATH", "lead this AF_VSOCK port of the host's to a Unix socket (repeatable)", OPTION_VSOCK },
	{ "vsock-listen", 0, "PORT:PATH", "make a Unix socket that leads to the guest's AF_VSOCK port (repeatable)",
	  OPTION_VSOCK_LISTEN },
	{ "mem", 'm', "SIZE", "RAM of the machine, default 512M; used as it is touched", OPTION_MEM },
	{ "cpus", 0, "N", "processors, 1 (default) to 8", OPTION_CPUS },
	{ "pci", 0, NULL, "devices on PCI instead of virtio-mmio", OPTION_PCI },
	{ "jail", 0, NULL, "lock the machine's process in (namespaces, empty root, limits)", OPTION_JAIL },
	{ "no-reboot", 0, NULL, "end when the guest restarts its machine", OPTION_NO_REBOOT },
	{ "verbose", 'v', NULL, "say what is being done", OPTION_VERBOSE },
	{ 0 },
};

static const struct usage usage = {
	"boot", "--kernel FILE",
	"Boot Linux, or any kernel that its boot protocol loads, in a microVM with this terminal\n"
	"as its serial port. Ctrl-A x leaves, Ctrl-A a sends Ctrl-A, Ctrl-A h helps.",
	specs,
	"Exit status: 0 when the guest switched off or Ctrl-A x was typed; 128 + N when signal N\n"
	"ended it; 125 when walnut itself failed, with one line on standard error.",
};

static int add_disk(struct boot_options *options, const char *argument)
{
	struct boot_disk *disk = &options->disks[options->disk_count];

	if (options->disk_count == BOOT_DISKS_MAX)
		return fail("boot: --disk %s: at most %d disks", argument, BOOT_DISKS_MAX);
	disk->path = strdup(argument);
	if (!disk->path)
		return fail("boot: out of memory");
	disk->read_only = option_read_only(disk->path);
	options->disk_count++;
	return 0;
}

/* The tag is the folder's name where none is given. */
static int set_tag(struct boot_options *options, const char *argument)
{
	char *path = options->shares[options->share_count].path, *tag = strstr(path, "::");

	if (tag) {
		*tag = '\0';
		tag += 2;
	} else {
		for (char *end = path + strlen(path); end > path + 1 && end[-1] == '/'; end--)
			end[-1] = '\0';
		tag = strrchr(path, '/') && strrchr(path, '/')[1] ? strrchr(path, '/') + 1 : path;
	}
	options->shares[options->share_count].tag = tag;
	if (!*tag || strlen(tag) > TAG_SIZE_MAX || !*path)
		return fail("boot: --dir %s: the folder's tag has 1 to %d bytes (HOST::TAG)", argument,
			    TAG_SIZE_MAX);
	for (unsigned i = 0; i < options->share_count; i++)
		if (strcmp(options->shares[i].tag, tag) == 0)
			return fail("boot: --dir %s: there is a folder with the tag %s already", argument, tag);
	options->share_count++;
	return 0;
}

static int add_share(struct boot_options *options, const char *argument)
{
	struct boot_share *share = &options->shares[options->share_count];
	int status;

	if (options->share_count == BOOT_SHARES_MAX)
		return fail("boot: --dir %s: at most %d folders", argument, BOOT_SHARES_MAX);
	share->path = strdup(argument);
	if (!share->path)
		return fail("boot: out of memory");
	share->read_only = option_read_only(share->path);
	status = set_tag(options, argument);
	if (status)
		free(share->path);
	return status;
}

static int set_cpus(struct boot_options *options, const char *argument)
{
	if (argument[0] < '1' || argument[0] > '0' + CPUS_MAX || argument[1])
		return fail("boot: --cpus %s: between 1 and %d", argument, CPUS_MAX);
	options->cpus = (uint8_t)(argument[0] - '0');
	return 0;
}

static int apply(void *opaque, int id, const char *argument)
{
	struct boot_options *options = opaque;

	switch (id) {
	case OPTION_KERNEL:
		options->kernel = argument;
		return 0;
	case OPTION_INITRD:
		options->initrd = argument;
		return 0;
	case OPTION_CMDLINE:
		options->cmdline = argument;
		return 0;
	case OPTION_DISK:
		return add_disk(options, argument);
	case OPTION_DIR:
		return add_share(options, argument);
	case OPTION_NET:
		return net_option_parse(&options->net, "boot", argument);
	case OPTION_VSOCK:
	case OPTION_VSOCK_LISTEN:
		return net_option_add_port(&options->net, "boot", argument, id == OPTION_VSOCK_LISTEN);
	case OPTION_PCAP:
		options->net.pcap = argument;
		return 0;
	case OPTION_MEM:
		return option_memory("boot", argument, &options->ram_mib);
	case OPTION_CPUS:
		return set_cpus(options, argument);
	case OPTION_PCI:
		options->pci = true;
		return 0;
	case OPTION_JAIL:
		options->jail = true;
		return 0;
	case OPTION_NO_REBOOT:
		options->no_reboot = true;
		return 0;
	case OPTION_VERBOSE:
		options->verbose = true;
		return 0;
	default:
		return fail("boot: internal: option %d", id);
	}
}

int boot_options_parse(struct boot_options *options, int argc, char **argv)
{
	int operand;

	*options = (struct boot_options){ .ram_mib = RAM_DEFAULT_MIB, .cpus = 1 };
	operand = options_parse(&usage, argc, argv, apply, options);
	if (operand < 0)
		return operand;
	if (operand < argc)
		return -fail("boot: %s: not an option (the kernel is given by --kernel)", argv[operand]);
	if (!options->kernel)
		return -fail("boot: no kernel given (walnut boot --help)");
	return 0;
}

void boot_options_free(struct boot_options *options)
{
	for (unsigned i = 0; i < options->disk_count; i++)
		free(options->disks[i].path);
	for (unsigned i = 0; i < options->share_count; i++)
		free(options->shares[i].path);
}
