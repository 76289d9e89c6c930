/* walnut boot: an external kernel, with this terminal as its serial port. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot_options.h"
#include "command.h"
#include "fail.h"
#include "libkrun.h"
#include "options.h"
#include "process.h"
#include "supervise.h"
#include "walnut.h"

#define CONSOLE "console=ttyS0"
#define STATUS_REBOOTED 194

/* What the user said, after the console that we provide unless he named one. */
static char *command_line(const struct boot_options *options)
{
	const char *words = options->cmdline ? options->cmdline : "";
	bool named = strncmp(words, "console=", 8) == 0 || strstr(words, " console=");
	char *line = NULL;

	if (asprintf(&line, "%s%s%s", named ? "" : CONSOLE, named || !*words ? "" : " ", words) < 0)
		return NULL;
	return line;
}

static int set_kernel(const struct boot_options *options, uint32_t context)
{
	char *line = command_line(options);
	int32_t code;

	if (!line)
		return fail("boot: out of memory");
	code = krun_set_kernel(context, options->kernel, KRUN_WALNUT_KERNEL_FORMAT_AUTO, options->initrd, line);
	free(line);
	return code ? fail("%s: %s", options->kernel, strerror(-code)) : 0;
}

/* The guest reads the file's name as the disk's serial number. */
static int add_disks(const struct boot_options *options, uint32_t context)
{
	for (unsigned i = 0; i < options->disk_count; i++) {
		const char *path = options->disks[i].path, *slash = strrchr(path, '/');
		int32_t code = krun_add_disk3(context, slash ? slash + 1 : path, path, KRUN_DISK_FORMAT_RAW,
					      options->disks[i].read_only, false, KRUN_SYNC_FULL);

		if (code)
			return fail("boot: --disk %s: %s", path, strerror(-code));
	}
	return 0;
}

static int add_shares(const struct boot_options *options, uint32_t context)
{
	for (unsigned i = 0; i < options->share_count; i++) {
		int32_t code = krun_add_virtiofs3(context, options->shares[i].tag, options->shares[i].path, 0,
						  options->shares[i].read_only);

		if (code)
			return fail("boot: --dir %s: %s", options->shares[i].path, strerror(-code));
	}
	return 0;
}

static int add_net(const struct boot_options *options, uint32_t context, int *passt_fd)
{
	bool tsi = options->net.kind == NET_OPTION_TSI;
	char message[256];
	int32_t code = 0;

	if (!tsi && net_option_add(&options->net, context, NULL, passt_fd, message, sizeof(message)))
		return fail("boot: %s", message);
	if (tsi || options->net.port_count > 0)
		code = krun_add_vsock(context, tsi ? KRUN_TSI_HIJACK_INET : 0);
	if (code)
		return fail("boot: the socket device: %s", strerror(-code));
	return net_option_connect_ports(&options->net, context, message, sizeof(message)) ? fail("boot: %s", message) : 0;
}

/* The library closes what it is given. */
static int add_serial(uint32_t context)
{
	int input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0), output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	int32_t code = krun_add_serial_console_default(context, input, output);

	if (!code)
		code = krun_walnut_set_serial_escape(context, true);
	return code ? fail("boot: serial port: %s", strerror(-code)) : 0;
}

static int configure(const struct boot_options *options, uint32_t context, int *passt_fd)
{
	int32_t code = krun_set_vm_config(context, options->cpus, options->ram_mib);
	int status;

	if (!code)
		code = krun_disable_implicit_console(context);
	if (!code)
		code = krun_disable_implicit_vsock(context);
	if (!code)
		code = krun_walnut_set_accel(context, KRUN_WALNUT_ACCEL_KVM);
	if (!code)
		code = krun_walnut_set_balloon(context, true);
	if (!code)
		code = krun_walnut_set_sandbox(context, true);
	if (!code)
		code = krun_walnut_set_jail(context, options->jail);
	if (!code && options->pci)
		code = krun_walnut_set_transport(context, KRUN_WALNUT_TRANSPORT_PCI);
	if (code)
		return fail("boot: %s", strerror(-code));
	status = set_kernel(options, context);
	if (!status)
		status = add_disks(options, context);
	if (!status)
		status = add_shares(options, context);
	if (!status)
		status = add_net(options, context, passt_fd);
	return status ? status : add_serial(context);
}

static int boot_once(const struct boot_options *options, struct krun_walnut_result *result)
{
	int32_t context = krun_create_ctx(), code;
	int passt_fd = -1, status;

	if (context < 0)
		return fail("boot: %s", strerror(-context));
	status = configure(options, (uint32_t)context, &passt_fd);
	if (status) {
		krun_free_ctx((uint32_t)context);
	} else {
		code = krun_walnut_run((uint32_t)context, result);
		if (code)
			status = fail("boot: %s", result->message[0] ? result->message : strerror(-code));
	}
	if (passt_fd >= 0)
		close(passt_fd);
	return status;
}

/* Its own end of a child, which tells a restart by a status that nothing else has. */
static int boot(void *opaque)
{
	const struct boot_options *options = opaque;
	struct krun_walnut_result result;
	int status = boot_once(options, &result);

	if (status)
		return status;
	if (result.outcome == KRUN_WALNUT_REBOOTED)
		return STATUS_REBOOTED;
	if (result.outcome == KRUN_WALNUT_SIGNALLED)
		process_end_by_signal(result.signal);
	if (result.outcome == KRUN_WALNUT_FAILED)
		return fail("boot: %s", result.message);
	return result.exit_status;
}

static int boot_until_off(struct boot_options *options)
{
	int status;

	/* A jail has a process of its own for each machine. */
	do
		status = options->jail ? boot(options) : supervise(boot, options);
	while (status == STATUS_REBOOTED && !options->no_reboot);
	return status == STATUS_REBOOTED ? 0 : status;
}

int cmd_boot(int argc, char **argv)
{
	struct boot_options options;
	int status = boot_options_parse(&options, argc, argv);

	if (!status) {
		krun_set_log_level(options.verbose ? KRUN_LOG_LEVEL_INFO : KRUN_LOG_LEVEL_WARN);
		status = boot_until_off(&options);
	} else {
		status = status == OPTIONS_HELP ? 0 : -status;
	}
	boot_options_free(&options);
	return status;
}
