/* What `walnut run` was asked to do. */
#ifndef WALNUT_CLI_RUN_OPTIONS_H
#define WALNUT_CLI_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "net_option.h"
#include "toolchain.h"
#include "walnut.h"

/* A folder of the host for the program. */
struct shared_dir {
	char *host;
	char *guest;
	bool read_only;
};

/* A file system of the guest's own. */
struct guest_mount {
	char *path;
	uint64_t size;	/* of one in RAM; 0: the kernel's choice */
	int archive_fd; /* -1: it is in RAM */
};

struct run_options {
	struct compile_settings settings;
	enum krun_walnut_accel accel;
	uint32_t ram_mib;
	const char *invoke;  /* or NULL */
	const char *gdb;     /* [ADDRESS:]PORT or NULL */
	const char **environment; /* K=V, NULL-terminated; from malloc */
	unsigned environment_count;
	const char **published; /* --publish, --allow-net; from malloc */
	const char **allowed;
	const char **listeners; /* --listen */
	unsigned published_count, allowed_count, listener_count;
	struct net_option net;
	const char *address, *gateway, *dns; /* --ip and so on, or NULL */
	struct shared_dir *dirs; /* from malloc */
	unsigned dir_count;
	struct guest_mount *mounts; /* from malloc */
	unsigned mount_count;
	bool jail;
	bool no_cache;
	bool verbose;
	bool stats;
	int operand; /* index in argv of the program */
};

/* 0; OPTIONS_HELP; or -EXIT_WALNUT_FAILED after a message. Release with
 * run_options_free() in every case. */
int run_options_parse(struct run_options *options, int argc, char **argv);
void run_options_free(struct run_options *options);

#endif
