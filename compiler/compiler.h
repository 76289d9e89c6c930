/* The compiler's public interface: WebAssembly bytes in, an ELF object out, as
 * docs/app-object.md describes it. Two libraries share this header: decoding and
 * validation (no LLVM), and code generation. */
#ifndef WALNUT_COMPILER_H
#define WALNUT_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct wasm_module;

/* --- libwalnut-wasm: decode/ and validate/ --------------------------------- */

/* Decodes a core module; `bytes` must outlive it. NULL and *error on failure. A
 * component (WASI 0.2) is told apart: WALNUT_ERROR_UNSUPPORTED with advice. */
struct wasm_module *walnut_decode(const uint8_t *bytes, size_t size, struct walnut_error *error);
/* Core spec 2.0 chapter 3, completely. 0, or -1 and *error. */
int walnut_validate(const struct wasm_module *module, struct walnut_error *error);
void walnut_module_free(struct wasm_module *module);

/* Whether the runtime provides the function import MODULE.FIELD with this type:
 * 1 yes, 0 unknown name, -1 known name but another type. */
int walnut_known_import(const struct wasm_module *module, uint32_t import_index);

/* What the import's symbol ends in: a few names mean several functions, told apart by type.
 * Mostly "". */
const char *walnut_import_suffix(const struct wasm_module *module, uint32_t import_index);

/* --- libwalnut-compiler: translate/ and object/ ---------------------------- */

enum walnut_memory_model {
	WALNUT_MEMORY_ZERO,  /* memory 0 at virtual address zero, guard pages */
	WALNUT_MEMORY_BASED, /* base symbol and explicit bounds: any host */
};

struct walnut_compile_options {
	int opt_level;		/* 0..3 */
	const char *target_cpu; /* LLVM name, "native" for the host's; NULL: x86-64-v2 */
	enum walnut_memory_model memory_model;
	const char *module_name;   /* prefix of exported symbols; NULL: "main" */
	bool allow_unknown_imports; /* leave them undefined instead of refusing */
	bool require_start;	   /* refuse a module without an exported _start () -> () */
	bool emit_llvm;		   /* textual LLVM IR instead of an object */
	bool debug_lines;	   /* keep DWARF about the program's source */
	const char *input_name;	   /* the module's, for that; NULL: "module.wasm" */
	uint64_t part_bytes; /* divide into parts of so much code; 0: by the module's size */
	/* Called now and then, from any of the compiler's threads but from one at a time;
	 * may be NULL. total 0: there is nothing to count. */
	void (*progress)(void *opaque, const char *phase, uint64_t done, uint64_t total);
	/* Something the user may want to know, one line; may be NULL. */
	void (*note)(void *opaque, const char *text);
	void *opaque;
};

/* LLVM recurses over expressions; deep ones of generated code want more than the usual
 * 8 MiB. Only what is touched costs memory. The compiler's own threads have such a stack,
 * and whoever calls walnut_compile() does well to. */
#define WALNUT_COMPILER_STACK_BYTES (UINT64_C(1) << 30)

/* Decodes, validates and compiles, on all CPUs that the process may use; writes the whole result to the descriptor.
 * 0, or -1 and *error. */
int walnut_compile(const uint8_t *bytes, size_t size, const struct walnut_compile_options *options,
		   int output_fd, struct walnut_error *error);

/* The host CPU as LLVM names it plus its feature string, for cache keys. `buffer`
 * gets "NAME:FEATURES", cut at size. */
void walnut_host_cpu(char *buffer, size_t size);

#endif
