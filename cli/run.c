/* walnut run: find or make the image, boot it, become what the program became. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "fail.h"
#include "find_image.h"
#include "image.h"
#include "libkrun.h"
#include "options.h"
#include "process.h"
#include "run_network.h"
#include "run_options.h"
#include "stats.h"

/* QEMU's TCG knows no AVX-512; every 64-bit CPU of the last decade has this. */
#define TCG_CPU "x86-64-v2"

struct run {
	struct run_options options;
	struct source source;
	struct scratch scratch;
	struct toolchain_times times;
	uint64_t start_ns;
	FILE *process; /* for --stats; NULL: none, or printed */
	int image_fd; /* -1: none yet */
	char **argv;  /* the program's arguments after its name, NULL-terminated */
};

static int given_image(struct run *run)
{
	run->image_fd = dup(run->source.fd);
	return run->image_fd < 0 ? fail("%s: %s", run->source.name, strerror(errno)) : 0;
}

/* Before the boot, so that the message can name the option. What further memories, tables
 * and long arguments take besides, the kernel says itself. */
static int check_image(const struct run *run)
{
	uint64_t memory_mib, ram_mib;
	struct image image;
	int code = image_read(run->image_fd, &image);

	if (code)
		return fail("%s: %s", run->source.name,
			    code == -ENOENT ? "is an ELF file, but not a Walnut image" :
			    code == -ENOEXEC ? "is an object, not an image (walnut build makes one)" :
			    "is not an ELF executable, or is damaged");
	memory_mib = image_memory_mib(&image);
	ram_mib = image_ram_mib(&image);
	if (ram_mib > run->options.ram_mib)
		return fail("%s: needs %llu MiB for itself and the kernel and %llu MiB for its memory, "
			    "the machine has %u MiB: raise --mem", run->source.name,
			    (unsigned long long)(ram_mib - memory_mib), (unsigned long long)memory_mib,
			    run->options.ram_mib);
	return 0;
}

/* -1 for a descriptor that cannot be used this way: the program then knows at once. */
static int stream_or_none(int fd, int other_way)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || (flags & O_ACCMODE) == other_way ? -1 : fd;
}

#define IMAGE_NAME_SIZE 64

/* By our process number: QEMU opens it too. */
static void image_name(const struct run *run, char name[IMAGE_NAME_SIZE])
{
	if (run->options.jail) /* a process of its own, which may not look at this one */
		snprintf(name, IMAGE_NAME_SIZE, "/proc/self/fd/%d", run->image_fd);
	else
		snprintf(name, IMAGE_NAME_SIZE, "/proc/%ld/fd/%d", (long)getpid(), run->image_fd);
}

/* The library's line without the image's name, which tells the user nothing. */
static const char *reason_of(const struct run *run, const struct krun_walnut_result *result, int code)
{
	char name[IMAGE_NAME_SIZE];
	size_t size;

	image_name(run, name);
	size = strlen(name);
	if (strncmp(result->message, name, size) == 0 && strncmp(result->message + size, ": ", 2) == 0)
		return result->message + size + 2;
	return result->message[0] ? result->message : strerror(-code);
}

static int configure(const struct run *run, uint32_t context, enum krun_walnut_accel accel, int *passt_fd,
		     struct krun_walnut_result *result)
{
	char image[IMAGE_NAME_SIZE];
	int32_t code;

	image_name(run, image);
	code = krun_set_vm_config(context, 1, run->options.ram_mib);
	if (!code)
		code = krun_set_kernel(context, image, KRUN_KERNEL_FORMAT_ELF, NULL, NULL);
	if (!code)
		code = krun_set_exec(context, run->source.name, (const char *const *)run->argv,
				     run->options.environment);
	if (!code)
		code = krun_walnut_set_stdio(context, stream_or_none(STDIN_FILENO, O_WRONLY),
					     stream_or_none(STDOUT_FILENO, O_RDONLY),
					     stream_or_none(STDERR_FILENO, O_RDONLY));
	for (unsigned i = 0; i < run->options.dir_count && !code; i++)
		code = krun_walnut_add_dir(context, run->options.dirs[i].host, run->options.dirs[i].guest,
					   run->options.dirs[i].read_only);
	for (unsigned i = 0; i < run->options.mount_count && !code; i++) {
		const struct guest_mount *mount = &run->options.mounts[i];

		code = mount->archive_fd < 0 ? krun_walnut_add_tmpfs(context, mount->path, mount->size) :
					       krun_walnut_add_archive(context, mount->path, mount->archive_fd);
	}
	if (!code && run->options.invoke)
		code = krun_walnut_set_invoke(context, run->options.invoke);
	if (!code)
		code = krun_walnut_set_accel(context, accel);
	if (!code)
		code = krun_walnut_set_sandbox(context, true);
	if (!code)
		code = krun_walnut_set_jail(context, run->options.jail);
	if (!code)
		code = run_network_configure(&run->options, context, image, passt_fd, result->message,
					     sizeof(result->message));
	if (!code && (code = krun_walnut_set_gdb(context, run->options.gdb)))
		snprintf(result->message, sizeof(result->message), "--gdb %s: not [ADDRESS:]PORT",
			 run->options.gdb);
	return code;
}

/* Boots once. 0 and *result, or a negative errno with result->message. */
static int boot(const struct run *run, enum krun_walnut_accel accel, struct krun_walnut_result *result)
{
	int32_t context = krun_create_ctx(), code;
	int passt_fd = -1;

	memset(result, 0, sizeof(*result));
	if (context < 0)
		return context;
	code = configure(run, (uint32_t)context, accel, &passt_fd, result);
	if (code)
		krun_free_ctx((uint32_t)context);
	else
		code = krun_walnut_run((uint32_t)context, result);
	if (passt_fd >= 0)
		close(passt_fd);
	return code;
}

static int make_image(struct run *run, enum krun_walnut_accel accel)
{
	struct compile_settings settings = run->options.settings;
	int status;

	settings.tcpip = net_option_has_interface(&run->options.net);

	if (run->image_fd >= 0)
		close(run->image_fd);
	run->image_fd = -1;
	if (!settings.target_cpu)
		settings.target_cpu = accel == KRUN_WALNUT_ACCEL_TCG ? TCG_CPU : "native";
	status = run->source.kind == SOURCE_ELF ? given_image(run) :
		 find_image(&run->source, &settings, !run->options.no_cache, &run->scratch, &run->times,
			    &run->image_fd);
	return status ? status : check_image(run);
}

/* KVM first, where the user left it open, then TCG with an image for its CPU. */
static int run_program(struct run *run, struct krun_walnut_result *result)
{
	enum krun_walnut_accel accel = run->options.accel;
	int code, status;

	if (accel == KRUN_WALNUT_ACCEL_AUTO)
		accel = KRUN_WALNUT_ACCEL_KVM;
	if ((status = make_image(run, accel)))
		return status;
	/* Later we may not. The files that are still in use are open. */
	scratch_remove(&run->scratch);
	code = boot(run, accel, result);
	if (code == -ENODEV && run->options.accel == KRUN_WALNUT_ACCEL_AUTO && !run->options.jail) {
		char reason[sizeof(result->message)];

		memcpy(reason, result->message, sizeof(reason));
		if (!process_in_path("qemu-system-x86_64"))
			return fail("%s; and no qemu-system-x86_64 in PATH (package qemu-system-x86)",
				    reason);
		note(true, "%s; running under QEMU TCG, which is slower", reason);
		if ((status = make_image(run, KRUN_WALNUT_ACCEL_TCG)))
			return status;
		code = boot(run, KRUN_WALNUT_ACCEL_TCG, result);
		if (code)
			return fail("%s; %s", reason, reason_of(run, result, code));
	}
	if (code)
		return fail("%s: %s", run->source.name, reason_of(run, result, code));
	return 0;
}

static int finish(const struct run *run, const struct krun_walnut_result *result)
{
	if (run->options.stats)
		stats_print(run->process, run->start_ns, &run->times, &result->stats);
	switch (result->outcome) {
	case KRUN_WALNUT_SIGNALLED:
		process_end_by_signal(result->signal);
		return result->exit_status;
	case KRUN_WALNUT_FAILED:
		return fail("%s: %s", run->source.name, result->message);
	default:
		return result->exit_status;
	}
}

int cmd_run(int argc, char **argv)
{
	struct run run = { .start_ns = monotonic_ns(), .image_fd = -1, .source.fd = -1 };
	struct krun_walnut_result result;
	int status = run_options_parse(&run.options, argc, argv);

	if (status) {
		run_options_free(&run.options);
		return status == OPTIONS_HELP ? 0 : -status;
	}
	if (run.options.stats)
		run.process = stats_open();
	run.argv = argv + run.options.operand + 1;
	status = source_open(&run.source, argv[run.options.operand]);
	if (!status)
		status = run_program(&run, &result);
	if (!status)
		status = finish(&run, &result);
	if (run.image_fd >= 0)
		close(run.image_fd);
	source_close(&run.source);
	scratch_remove(&run.scratch);
	run_options_free(&run.options);
	return status;
}
