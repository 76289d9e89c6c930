/* walnut_compile(): all stages from bytes to the object on a descriptor. */
#include "compiler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <llvm-c/Core.h>

#include "object/object_finish.h"
#include "schedule.h"

static void progress(const struct walnut_compile_options *options, const char *phase)
{
	if (options->progress)
		options->progress(options->opaque, phase, 0, 0);
}

static void printable(struct wasm_bytes bytes, char *buffer, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < bytes.size && at + 1 < size; i++) {
		uint8_t byte = bytes.data[i];

		buffer[at++] = byte < ' ' || byte == 0x7f ? '?' : (char)byte;
	}
	buffer[at] = '\0';
}

static int check_imports(const struct wasm_module *wasm, struct walnut_error *error)
{
	for (uint32_t i = 0; i < wasm->import_count; i++) {
		const struct wasm_import *import = &wasm->imports[i];
		int known = walnut_known_import(wasm, i);
		char module[64], field[64];

		if (known == 1)
			continue;
		printable(import->module, module, sizeof(module));
		printable(import->field, field, sizeof(field));
		return walnut_error_set(error, WALNUT_ERROR_IMPORT, "import", WALNUT_NO_FUNCTION,
					import->offset,
					known < 0 ? "%s.%s exists, but with another type"
						  : "nothing provides %s.%s",
					module, field);
	}
	return 0;
}

static int check_start(const struct wasm_module *wasm, struct walnut_error *error)
{
	static const char name[] = "_start";

	for (uint32_t i = 0; i < wasm->export_count; i++) {
		const struct wasm_export *export = &wasm->exports[i];
		const struct wasm_functype *type;

		if (export->kind != WASM_EXTERN_FUNC || export->field.size != sizeof(name) - 1 ||
		    memcmp(export->field.data, name, sizeof(name) - 1) != 0)
			continue;
		type = wasm_func_type(wasm, export->index);
		if (type->param_count == 0 && type->result_count == 0)
			return 0;
		return walnut_error_set(error, WALNUT_ERROR_INVALID, "export", WALNUT_NO_FUNCTION,
					export->offset, "_start takes parameters or has results");
	}
	return walnut_error_set(error, WALNUT_ERROR_INVALID, "", WALNUT_NO_FUNCTION, 0,
				"the module exports no function _start: it is not a program");
}

static int write_all(int fd, const char *data, size_t size, struct walnut_error *error)
{
	while (size) {
		ssize_t written = write(fd, data, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0,
						"cannot write the output: %s",
						written ? strerror(errno) : "no progress");
		data += written;
		size -= (size_t)written;
	}
	return 0;
}

static int write_text(struct compilation *compilation, int fd, struct walnut_error *error)
{
	char *text = compile_to_text(compilation, error);
	int result = text ? write_all(fd, text, strlen(text), error) : -1;

	LLVMDisposeMessage(text);
	return result;
}

/* The parts' objects as one, with the side tables. */
static int write_object(const struct compilation *compilation, const struct compiled_part *compiled,
			struct object_part *parts, int fd, struct walnut_error *error)
{
	struct object_origin origin = {
		.module = compilation->wasm,
		.debug = compilation->debug,
		.keep_lines = compilation->options->debug_lines,
		.name = compilation->options->input_name,
	};
	uint8_t *finished;
	size_t size;
	int result;

	for (uint32_t i = 0; i < compilation->plan->count; i++)
		parts[i] = (struct object_part){
			.bytes = (const uint8_t *)LLVMGetBufferStart(compiled[i].object),
			.size = LLVMGetBufferSize(compiled[i].object),
			.inlines = compiled[i].locations.entries,
			.inline_count = compiled[i].locations.count,
		};
	progress(compilation->options, "write");
	result = object_finish(parts, compilation->plan->count, &origin, &finished, &size, error);
	if (!result)
		result = write_all(fd, (const char *)finished, size, error);
	free(finished);
	return result;
}

static int compile_object(struct compilation *compilation, int fd, struct walnut_error *error)
{
	uint32_t count = compilation->plan->count;
	struct compiled_part *compiled = calloc(count, sizeof(*compiled));
	struct object_part *parts = calloc(count, sizeof(*parts));
	int result = -1;

	if (!compiled || !parts)
		walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0, "out of memory");
	else
		result = compile_parts(compilation, compiled, error);
	if (!result)
		result = write_object(compilation, compiled, parts, fd, error);
	for (uint32_t i = 0; compiled && i < count; i++)
		compiled_part_release(&compiled[i]);
	free(compiled);
	free(parts);
	return result;
}

static int generate(const struct wasm_module *wasm, struct debug_worker *worker,
		    const struct walnut_compile_options *options, int fd, struct walnut_error *error)
{
	struct part_plan plan;
	struct target target;
	struct compilation compilation = {
		.wasm = wasm, .options = options, .target = &target, .plan = &plan, .worker = worker };
	int result = target_resolve(&target, options, error);

	if (!result) {
		result = parts_plan(&plan, wasm, options, error);
		if (!result && options->emit_llvm)
			result = write_text(&compilation, fd, error);
		else if (!result)
			result = compile_object(&compilation, fd, error);
		parts_release(&plan);
	}
	debug_info_free(compilation.debug);
	target_release(&target);
	return result;
}

int walnut_compile(const uint8_t *bytes, size_t size, const struct walnut_compile_options *options,
		   int output_fd, struct walnut_error *error)
{
	struct debug_worker worker = { 0 };
	struct wasm_module *wasm;
	int result = -1;

	progress(options, "decode");
	wasm = walnut_decode(bytes, size, error);
	if (!wasm)
		return -1;
	progress(options, "validate");
	if (walnut_validate(wasm, error) == 0 &&
	    (options->allow_unknown_imports || check_imports(wasm, error) == 0) &&
	    (!options->require_start || check_start(wasm, error) == 0)) {
		debug_worker_start(&worker, wasm);
		result = generate(wasm, &worker, options, output_fd, error);
	}
	debug_worker_cancel(&worker);
	walnut_module_free(wasm);
	return result;
}
