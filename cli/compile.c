/* walnut compile: a module to a relocatable object. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "fail.h"
#include "options.h"
#include "process.h"
#include "toolchain.h"

enum { OPTION_OUTPUT = 1, OPTION_LEVEL, OPTION_CPU, OPTION_LLVM, OPTION_MEMORY, OPTION_NAME,
       OPTION_UNKNOWN };

static const struct option_spec options[] = {
	{ "output", 'o', "FILE", "output, - for stdout; default: the module's name with .o", OPTION_OUTPUT },
	{ NULL, 'O', "0…3", "optimisation level, default 2", OPTION_LEVEL },
	{ "target-cpu", 0, "CPU", "LLVM's name, or native; default x86-64-v2", OPTION_CPU },
	{ "emit-llvm", 0, NULL, "write LLVM's textual IR instead of an object", OPTION_LLVM },
	{ "memory", 0, "zero|based", "linear memory at address zero (default), or anywhere", OPTION_MEMORY },
	{ "module-name", 0, "NAME", "prefix of exported symbols, default main", OPTION_NAME },
	{ "allow-unknown-imports", 0, NULL, "leave imports that WASI does not have undefined", OPTION_UNKNOWN },
	{ 0 },
};

static const struct usage usage = {
	"compile", "APP.wasm", "Compile a WebAssembly module to a relocatable ELF object.", options,
	"The object's symbols and what they mean are in docs/app-object.md.",
};

struct compile_command {
	struct compile_settings settings;
	const char *output;
};

static int apply(void *opaque, int id, const char *argument)
{
	struct compile_command *command = opaque;

	switch (id) {
	case OPTION_OUTPUT:
		command->output = files_output_name(argument);
		return 0;
	case OPTION_LEVEL:
		return compile_settings_level(&command->settings, argument);
	case OPTION_CPU:
		command->settings.target_cpu = argument;
		return 0;
	case OPTION_LLVM:
		command->settings.emit_llvm = true;
		return 0;
	case OPTION_MEMORY:
		command->settings.memory = argument;
		if (strcmp(argument, "zero") && strcmp(argument, "based"))
			return fail("compile: --memory %s: it is zero or based", argument);
		return 0;
	case OPTION_NAME:
		command->settings.module_name = argument;
		return 0;
	case OPTION_UNKNOWN:
		command->settings.allow_unknown_imports = true;
		return 0;
	default:
		return fail("compile: internal: option %d", id);
	}
}

static int compile_to(struct source *source, const struct compile_command *command, const char *output)
{
	struct scratch scratch = { "" };
	struct process_hold hold;
	struct paths paths;
	char object[PATH_MAX];
	int code, status = paths_find(&paths);

	process_hold(&hold);
	if (!status && (code = files_scratch_make(&scratch)))
		status = fail("no folder for temporary files: %s", strerror(-code));
	if (!status)
		status = source_convert(source, &scratch);
	if (!status && snprintf(object, sizeof(object), "%s/app.o", scratch.path) >= (int)sizeof(object))
		status = fail("%s: name too long", scratch.path);
	if (!status)
		status = toolchain_compile(&paths, source, &command->settings, object);
	if (!status && (code = files_publish(object, output, 0666)))
		status = fail("%s: %s", output, strerror(-code));
	files_scratch_remove(&scratch);
	process_release(&hold);
	return status;
}

int cmd_compile(int argc, char **argv)
{
	struct compile_command command = { .settings.opt_level = 2 };
	char output[PATH_MAX];
	struct source source;
	const char *module;
	int status = options_parse_one(&usage, argc, argv, apply, &command, &module);

	if (status)
		return status == OPTIONS_HELP ? 0 : -status;
	if (!command.output) {
		files_default_output(output, module, command.settings.emit_llvm ? ".ll" : ".o");
		command.output = output;
	}
	if (files_same(module, command.output))
		return fail("%s: is input and output", module);
	if (source_open(&source, module))
		return EXIT_WALNUT_FAILED;
	if (source.kind == SOURCE_ELF)
		status = fail("%s: is an ELF file, not a WebAssembly module", module);
	else
		status = compile_to(&source, &command, command.output);
	source_close(&source);
	return status;
}
