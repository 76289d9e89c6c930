/* Between the files of decode/: the state of one decoding, and a reader for each
 * kind of section. They return 0, or -1 with the error set. */
#ifndef WALNUT_COMPILER_DECODE_DECODER_H
#define WALNUT_COMPILER_DECODE_DECODER_H

#include "error.h"
#include "wasm/module.h"
#include "wasm/reader.h"

struct decoder {
	struct wasm_module *module;
	struct walnut_error *error;
	bool has_code; /* the code section was present */
	uint32_t type_capacity; /* of module->types */
};

/* Arena memory; NULL with the error set. */
void *decoder_alloc(struct decoder *decoder, size_t count, size_t size);
/* A copy of an index space with `added` more zeroed entries behind; NULL as above. */
void *decoder_extend(struct decoder *decoder, const void *old, size_t count, size_t added,
		     size_t size);
/* A malformed module at the reader's place. */
int decoder_malformed(struct decoder *decoder, const struct wasm_code_reader *reader,
		      const char *message);

/* types.c: the type section; canonical.c: which of its types are equal. */
int decode_types(struct decoder *decoder, struct wasm_code_reader *reader);
int decode_canonical_types(struct decoder *decoder);

/* sections.c: what a module declares */
int decode_imports(struct decoder *decoder, struct wasm_code_reader *reader);
int decode_functions(struct decoder *decoder, struct wasm_code_reader *reader);
int decode_tables(struct decoder *decoder, struct wasm_code_reader *reader);
int decode_memories(struct decoder *decoder, struct wasm_code_reader *reader);
int decode_tags(struct decoder *decoder, struct wasm_code_reader *reader);
int decode_globals(struct decoder *decoder, struct wasm_code_reader *reader);
int decode_exports(struct decoder *decoder, struct wasm_code_reader *reader);
int decode_start(struct decoder *decoder, struct wasm_code_reader *reader);

/* segments.c: what fills it */
int decode_elements(struct decoder *decoder, struct wasm_code_reader *reader);
int decode_data_count(struct decoder *decoder, struct wasm_code_reader *reader);
int decode_code(struct decoder *decoder, struct wasm_code_reader *reader);
int decode_data(struct decoder *decoder, struct wasm_code_reader *reader);

/* expr.c: finds the end of a constant expression, and marks the functions it
 * mentions as referenced. */
int decode_expr(struct decoder *decoder, struct wasm_code_reader *reader, struct wasm_expr *expr);

/* names.c: takes what is well-formed of the "name" section, and exports' names for
 * functions that it leaves out; never fails. */
void decode_names(struct wasm_module *module);

#endif
