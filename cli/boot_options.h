/* What `walnut boot` was asked to do. */
#ifndef WALNUT_CLI_BOOT_OPTIONS_H
#define WALNUT_CLI_BOOT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "net_option.h"

#define BOOT_DISKS_MAX 8
#define BOOT_SHARES_MAX 8

struct boot_disk {
	char *path;
	bool read_only;
};

struct boot_share {
	char *path, *tag; /* tag: a part of path */
	bool read_only;
};

struct boot_options {
	const char *kernel, *initrd, *cmdline; /* all but the kernel may be NULL */
	uint32_t ram_mib;
	uint8_t cpus;
	struct boot_disk disks[BOOT_DISKS_MAX];
	unsigned disk_count;
	struct boot_share shares[BOOT_SHARES_MAX];
	unsigned share_count;
	struct net_option net;
	bool pci;
	bool jail;
	bool no_reboot;
	bool verbose;
};

/* 0; OPTIONS_HELP; or -EXIT_WALNUT_FAILED after a message. Release with boot_options_free() in
 * every case. */
int boot_options_parse(struct boot_options *options, int argc, char **argv);
void boot_options_free(struct boot_options *options);

#endif
