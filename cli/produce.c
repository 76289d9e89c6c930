#include "produce.h"

#include <errno.h>
#include <string.h>

#include "fail.h"
#include "files.h"
#include "process.h"
#include "publish.h"

static int apply(void *opaque, int id, const char *argument)
{
	struct production *production = opaque;

	switch (id) {
	case PRODUCE_OUTPUT:
		production->output = argument;
		return 0;
	case PRODUCE_LEVEL:
		return compile_settings_level(&production->settings, argument);
	case PRODUCE_DEBUG:
		production->settings.debug_lines = true;
		return 0;
	case PRODUCE_CPU:
		production->settings.target_cpu = argument;
		return 0;
	default:
		return production->apply(production, id, argument);
	}
}

static bool is_stdout(const char *output)
{
	return strcmp(output, PUBLISH_STDOUT) == 0;
}

static int produce_to(const struct production *production, struct source *source, const char *output)
{
	struct scratch scratch = { .path = "" };
	struct process_hold hold;
	struct paths paths;
	char result[PATH_MAX];
	int code, status = paths_find(&paths);

	process_hold(&hold);
	if (!status && (code = scratch_make(&scratch)))
		status = fail("no folder for temporary files: %s", strerror(-code));
	if (!status)
		status = production->make(&paths, source, &production->settings, &scratch, result);
	if (!status && (code = publish_file(result, output, production->mode))) {
		/* The signal tells by itself. */
		status = code == -EINTR ? EXIT_WALNUT_FAILED :
			 fail("%s: %s", is_stdout(output) ? "standard output" : output, strerror(-code));
	}
	scratch_remove(&scratch);
	process_release(&hold);
	return status;
}

int produce(struct production *production, int argc, char **argv)
{
	char output[PATH_MAX];
	struct source source;
	const char *module;
	int status = options_parse_one(production->usage, argc, argv, apply, production, &module);

	if (status)
		return status == OPTIONS_HELP ? 0 : -status;
	if (!production->output) {
		files_default_output(output, module, production->suffix);
		production->output = output;
	}
	if (!is_stdout(production->output) && files_same(module, production->output))
		return fail("%s: is input and output", module);
	if (source_open(&source, module))
		return EXIT_WALNUT_FAILED;
	if (source.kind == SOURCE_ELF)
		status = fail("%s: is an ELF file, not a WebAssembly module", module);
	else
		status = produce_to(production, &source, production->output);
	source_close(&source);
	return status;
}
