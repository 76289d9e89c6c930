/* walnut compile: a module to a relocatable object. */
#include <string.h>

#include "command.h"
#include "fail.h"
#include "produce.h"

enum { OPTION_LLVM = PRODUCE_OWN, OPTION_MEMORY, OPTION_NAME, OPTION_UNKNOWN };

static const struct option_spec options[] = {
	PRODUCE_OPTIONS(".o"),
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

static int apply(struct production *production, int id, const char *argument)
{
	switch (id) {
	case OPTION_LLVM:
		production->settings.emit_llvm = true;
		production->suffix = ".ll";
		return 0;
	case OPTION_MEMORY:
		production->settings.memory = argument;
		if (strcmp(argument, "zero") && strcmp(argument, "based"))
			return fail("compile: --memory %s: it is zero or based", argument);
		return 0;
	case OPTION_NAME:
		production->settings.module_name = argument;
		return 0;
	case OPTION_UNKNOWN:
		production->settings.allow_unknown_imports = true;
		return 0;
	default:
		return fail("compile: internal: option %d", id);
	}
}

static int make(const struct paths *paths, struct source *source, const struct compile_settings *settings,
		struct scratch *scratch, char path[PATH_MAX])
{
	int status = source_convert(source, scratch);

	if (!status && scratch_name(scratch, SCRATCH_OBJECT, path))
		status = fail("%s: name too long", scratch->path);
	return status ? status : toolchain_compile(paths, source, settings, path);
}

int cmd_compile(int argc, char **argv)
{
	struct production production = {
		.usage = &usage, .apply = apply, .make = make, .suffix = ".o", .mode = 0666,
		.settings.opt_level = 2,
	};

	return produce(&production, argc, argv);
}
