/* walnut build: a module to a bootable image. */
#include "command.h"
#include "produce.h"

static const struct option_spec options[] = { PRODUCE_OPTIONS(".elf"), { 0 } };

static const struct usage usage = {
	"build", "APP.wasm", "Compile a WASI program and link it with the kernel into a bootable image.",
	options, "`walnut run IMAGE` boots it; so does any VMM that loads an ELF kernel.",
};

static int make(const struct paths *paths, struct source *source, const struct compile_settings *settings,
		struct scratch *scratch, char path[PATH_MAX])
{
	struct toolchain_times times = { 0 };

	return toolchain_build(paths, source, settings, scratch, path, &times);
}

int cmd_build(int argc, char **argv)
{
	struct production production = {
		.usage = &usage, .make = make, .suffix = ".elf", .mode = 0777,
		.settings = { .opt_level = 2, .require_start = true },
	};

	return produce(&production, argc, argv);
}
