/* walnut build: a module to a bootable image. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "fail.h"
#include "find_image.h"
#include "flat_image.h"
#include "produce.h"

enum { OPTION_CACHE = PRODUCE_OWN, OPTION_BUNDLE, OPTION_TCPIP, OPTION_FORMAT };

static const struct option_spec options[] = {
	PRODUCE_OPTIONS(".elf"),
	{ "cache", 0, NULL, "take the image from the cache of walnut run, and put it there", OPTION_CACHE },
	{ "bundle", 0, "DIR[::GUEST]", "put a folder into the image, for the program to read", OPTION_BUNDLE },
	{ "tcpip", 0, NULL, "put a TCP/IP stack into the image, for machines with a network device", OPTION_TCPIP },
	{ "format", 0, "elf|multiboot", "ELF (default), or a flat file for GRUB's and QEMU's multiboot", OPTION_FORMAT },
	{ 0 }
};

static const struct usage usage = {
	"build", "APP.wasm", "Compile a WASI program and link it with the kernel into a bootable image.",
	options, "`walnut run IMAGE` boots it; so does any VMM that loads an ELF kernel\n(docs/vmms.md).",
};

/* The image in the format that was asked for, which `path` names then. */
static int finish(const struct compile_settings *settings, const struct scratch *scratch, char path[PATH_MAX])
{
	char flat[PATH_MAX];
	int status;

	if (!settings->multiboot)
		return 0;
	if (scratch_name(scratch, SCRATCH_FLAT, flat))
		return fail("build: the name of the folder for temporary files is too long");
	status = flat_image_write(path, flat);
	strcpy(path, flat);
	return status;
}

static int make(const struct paths *paths, struct source *source, const struct compile_settings *settings,
		struct scratch *scratch, char path[PATH_MAX])
{
	struct toolchain_times times = { 0 };

	int status = toolchain_build(paths, source, settings, scratch, path, &times);

	return status ? status : finish(settings, scratch, path);
}

/* The image is a descriptor that stays open until the command ends. */
static int make_cached(const struct paths *paths, struct source *source, const struct compile_settings *settings,
		       struct scratch *scratch, char path[PATH_MAX])
{
	struct toolchain_times times = { 0 };
	int image_fd, status;

	if (settings->bundle)
		return fail("build: --cache: not with --bundle");
	status = find_image(source, settings, true, scratch, &times, &image_fd);
	if (!status)
		snprintf(path, PATH_MAX, "/proc/self/fd/%d", image_fd);
	if (!status && settings->multiboot)
		return fail("build: --cache: not with --format multiboot");
	return status;
}

static int apply(struct production *production, int id, const char *argument)
{
	if (id == OPTION_BUNDLE)
		production->settings.bundle = argument;
	else if (id == OPTION_TCPIP)
		production->settings.tcpip = true;
	else if (id == OPTION_FORMAT && strcmp(argument, "elf") != 0 && strcmp(argument, "multiboot") != 0)
		return fail("build: --format %s: it is elf or multiboot", argument);
	else if (id == OPTION_FORMAT)
		production->settings.multiboot = argument[0] == 'm';
	else
		production->make = make_cached;
	return 0;
}

int cmd_build(int argc, char **argv)
{
	struct production production = {
		.usage = &usage, .apply = apply, .make = make, .suffix = ".elf", .mode = 0777,
		.settings = { .opt_level = 2, .require_start = true },
	};

	return produce(&production, argc, argv);
}
