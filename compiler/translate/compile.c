/* walnut_compile(): all stages from bytes to the object on a descriptor. */
#include "compiler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>

#include "backend.h"
#include "debug/worker.h"
#include "locations.h"
#include "object/object_finish.h"
#include "translate.h"

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

static int write_llvm(LLVMModuleRef module, int fd, struct walnut_error *error)
{
	char *text = LLVMPrintModuleToString(module);
	int result = write_all(fd, text, strlen(text), error);

	LLVMDisposeMessage(text);
	return result;
}

static int emit_object(struct backend *backend, LLVMModuleRef module,
		       const struct object_origin *origin, const struct walnut_compile_options *options,
		       int fd, struct walnut_error *error)
{
	LLVMMemoryBufferRef object;
	uint8_t *finished = NULL;
	size_t finished_size;
	int result = -1;

	progress(options, "generate code");
	object = backend_emit(backend, module, error);
	if (!object)
		return -1;
	progress(options, "write");
	if (object_finish((const uint8_t *)LLVMGetBufferStart(object), LLVMGetBufferSize(object), origin,
			  &finished, &finished_size, error) == 0)
		result = write_all(fd, (const char *)finished, finished_size, error);
	free(finished);
	LLVMDisposeMemoryBuffer(object);
	return result;
}

/* What comes after optimisation, with what the debug information says. */
static int finish(struct backend *backend, LLVMModuleRef module, const struct wasm_module *wasm,
		  const struct debug_info *debug, const struct walnut_compile_options *options, int fd,
		  struct walnut_error *error)
{
	struct object_origin origin = { .module = wasm, .debug = debug };
	struct locations locations = { 0 };
	int result = -1;

	if (translate_finish(module, wasm, debug) || locations_number(&locations, module)) {
		walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0, "out of memory");
	} else if (options->emit_llvm) {
		result = write_llvm(module, fd, error);
	} else {
		origin.inlines = locations.entries;
		origin.inline_count = locations.count;
		result = emit_object(backend, module, &origin, options, fd, error);
	}
	locations_free(&locations);
	return result;
}

static int generate(struct backend *backend, LLVMContextRef context, const struct wasm_module *wasm,
		    struct debug_worker *worker, const struct walnut_compile_options *options, int fd,
		    struct walnut_error *error)
{
	struct debug_info *debug = NULL;
	LLVMModuleRef module;
	char *broken = NULL;
	const char *note;
	int result = -1;

	module = translate_module(wasm, context, backend->layout, backend->cpu, options, error);
	if (!module)
		return -1;
	/* Broken IR is a bug of ours, but must not become wrong code. */
	if (LLVMVerifyModule(module, LLVMReturnStatusAction, &broken)) {
		walnut_error_set(error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0,
				 "internal error: %.150s", broken);
		goto out;
	}
	progress(options, "optimise");
	if (backend_optimise(backend, module, options, error))
		goto out;
	debug = debug_worker_finish(worker, wasm, &note);
	if (note && options->note)
		options->note(options->opaque, note);
	result = finish(backend, module, wasm, debug, options, fd, error);
out:
	debug_info_free(debug);
	LLVMDisposeMessage(broken);
	LLVMDisposeModule(module);
	return result;
}

int walnut_compile(const uint8_t *bytes, size_t size, const struct walnut_compile_options *options,
		   int output_fd, struct walnut_error *error)
{
	struct debug_worker worker = { 0 };
	struct backend backend = { 0 };
	LLVMContextRef context = NULL;
	struct wasm_module *wasm;
	int result = -1;

	progress(options, "decode");
	wasm = walnut_decode(bytes, size, error);
	if (!wasm)
		return -1;
	progress(options, "validate");
	if (walnut_validate(wasm, error))
		goto out;
	if (!options->allow_unknown_imports && check_imports(wasm, error))
		goto out;
	if (options->require_start && check_start(wasm, error))
		goto out;
	debug_worker_start(&worker, wasm);
	if (backend_open(&backend, options, error))
		goto out;
	context = LLVMContextCreate();
	result = generate(&backend, context, wasm, &worker, options, output_fd, error);
	LLVMContextDispose(context);
out:
	debug_worker_cancel(&worker);
	backend_close(&backend);
	walnut_module_free(wasm);
	return result;
}
