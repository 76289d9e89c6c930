/* walnut inspect: what a module, object or image is. */
#include "inspect.h"

#include "command.h"
#include "fail.h"
#include "options.h"
#include "process.h"

enum { OPTION_JSON = 1 };

static const struct option_spec options[] = {
	{ "json", 0, NULL, "print one JSON object", OPTION_JSON },
	{ 0 },
};

static const struct usage usage = {
	"inspect", "FILE",
	"Tell what a WebAssembly module (.wasm, or .wat where wabt is installed), an object of\n"
	"`walnut compile` or an image of `walnut build` is: imports, memory, features, sizes.",
	options, NULL,
};

static int apply(void *opaque, int id, const char *argument)
{
	bool *json = opaque;

	(void)argument;
	*json = id == OPTION_JSON;
	return 0;
}

int cmd_inspect(int argc, char **argv)
{
	struct scratch scratch = { .path = "" };
	struct process_hold hold;
	struct source source;
	const char *file;
	bool json = false;
	int status = options_parse_one(&usage, argc, argv, apply, &json, &file);

	if (status)
		return status == OPTIONS_HELP ? 0 : -status;
	if (source_open(&source, file))
		return EXIT_WALNUT_FAILED;
	process_hold(&hold);
	status = source_convert(&source, &scratch);
	scratch_remove(&scratch);
	process_release(&hold);
	if (!status)
		status = source.kind == SOURCE_ELF ? inspect_elf(&source, json) : inspect_module(&source, json);
	source_close(&source);
	return status;
}
