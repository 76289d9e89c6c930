/* walnut build: a module to a bootable image. */
#include <string.h>

#include "command.h"
#include "fail.h"
#include "options.h"
#include "process.h"
#include "toolchain.h"

enum { OPTION_OUTPUT = 1, OPTION_LEVEL, OPTION_CPU };

static const struct option_spec options[] = {
	{ "output", 'o', "FILE", "output, - for stdout; default: the module's name with .elf", OPTION_OUTPUT },
	{ NULL, 'O', "0…3", "optimisation level, default 2", OPTION_LEVEL },
	{ "target-cpu", 0, "CPU", "LLVM's name, or native; default x86-64-v2", OPTION_CPU },
	{ 0 },
};

static const struct usage usage = {
	"build", "APP.wasm", "Compile a WASI program and link it with the kernel into a bootable image.",
	options, "`walnut run IMAGE` boots it; so does any VMM that loads an ELF kernel.",
};

struct build_command {
	struct compile_settings settings;
	const char *output;
};

static int apply(void *opaque, int id, const char *argument)
{
	struct build_command *command = opaque;

	switch (id) {
	case OPTION_OUTPUT:
		command->output = files_output_name(argument);
		return 0;
	case OPTION_LEVEL:
		return compile_settings_level(&command->settings, argument);
	case OPTION_CPU:
		command->settings.target_cpu = argument;
		return 0;
	default:
		return fail("build: internal: option %d", id);
	}
}

static int build_to(struct source *source, const struct compile_settings *settings, const char *output)
{
	struct toolchain_times times = { 0 };
	struct scratch scratch = { "" };
	struct process_hold hold;
	struct paths paths;
	char image[PATH_MAX];
	int code, status = paths_find(&paths);

	process_hold(&hold);
	if (!status)
		status = toolchain_build(&paths, source, settings, &scratch, image, &times);
	if (!status && (code = files_publish(image, output, 0777)))
		status = fail("%s: %s", output, strerror(-code));
	files_scratch_remove(&scratch);
	process_release(&hold);
	return status;
}

int cmd_build(int argc, char **argv)
{
	struct build_command command = { .settings = { .opt_level = 2, .require_start = true } };
	char output[PATH_MAX];
	struct source source;
	const char *module;
	int status = options_parse_one(&usage, argc, argv, apply, &command, &module);

	if (status)
		return status == OPTIONS_HELP ? 0 : -status;
	if (!command.output) {
		files_default_output(output, module, ".elf");
		command.output = output;
	}
	if (files_same(module, command.output))
		return fail("%s: is input and output", module);
	if (source_open(&source, module))
		return EXIT_WALNUT_FAILED;
	if (source.kind == SOURCE_ELF)
		status = fail("%s: is an ELF file, not a WebAssembly module", module);
	else
		status = build_to(&source, &command.settings, command.output);
	source_close(&source);
	return status;
}
