/* The one way to read a module's bytes: a bounded cursor that knows its place in
 * the file, so that every error says where. Core spec 2.0, section 5.2.
 *
 * All functions return 0, or -1 with *error set and the cursor anywhere. */
#ifndef WALNUT_COMPILER_WASM_READER_H
#define WALNUT_COMPILER_WASM_READER_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "wasm/module.h"

struct wasm_code_reader {
	const uint8_t *begin, *at, *end;
	uint64_t offset;   /* of `begin` in the module */
	uint32_t function; /* for messages; WALNUT_NO_FUNCTION outside of bodies */
	const char *section;
};

static inline size_t wasm_reader_left(const struct wasm_code_reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

/* The cursor's place in the module file. */
static inline uint64_t wasm_reader_offset(const struct wasm_code_reader *reader)
{
	return reader->offset + (uint64_t)(reader->at - reader->begin);
}

/* Sets *error at `offset` in this reader's section. Returns -1. */
__attribute__((format(printf, 5, 6)))
int wasm_reader_fail(const struct wasm_code_reader *reader, struct walnut_error *error, int kind,
		     uint64_t offset, const char *format, ...);

int wasm_read_byte(struct wasm_code_reader *reader, uint8_t *value, struct walnut_error *error);
/* `size` bytes in place. */
int wasm_read_bytes(struct wasm_code_reader *reader, size_t size, const uint8_t **bytes,
		    struct walnut_error *error);

/* LEB128: at most ceil(N/7) bytes, unused bits zero or the sign. */
int wasm_read_u32(struct wasm_code_reader *reader, uint32_t *value, struct walnut_error *error);
int wasm_read_u64(struct wasm_code_reader *reader, uint64_t *value, struct walnut_error *error);
int wasm_read_s32(struct wasm_code_reader *reader, int32_t *value, struct walnut_error *error);
int wasm_read_s33(struct wasm_code_reader *reader, int64_t *value, struct walnut_error *error);
int wasm_read_s64(struct wasm_code_reader *reader, int64_t *value, struct walnut_error *error);

/* The length of a vector whose elements take `element_size` bytes at least:
 * refused when the rest cannot hold that many, or when it is above `limit`. So an
 * allocation of *count elements is in proportion to the input. */
int wasm_read_count(struct wasm_code_reader *reader, size_t element_size, uint32_t limit,
		    const char *what, uint32_t *count, struct walnut_error *error);

/* A name: vector of bytes, valid UTF-8. */
int wasm_read_name(struct wasm_code_reader *reader, struct wasm_bytes *name,
		   struct walnut_error *error);

int wasm_read_valtype(struct wasm_code_reader *reader, wasm_valtype *type,
		      struct walnut_error *error);
int wasm_read_reftype(struct wasm_code_reader *reader, wasm_valtype *type,
		      struct walnut_error *error);
/* WASM_HEAP_*, or a type index below WASM_MAX_TYPES. */
int wasm_read_heaptype(struct wasm_code_reader *reader, uint32_t *heap, struct walnut_error *error);

/* Readers over a defined function's body (from its locals declarations on) and over a
 * constant expression, `section` being where it stands. */
static inline struct wasm_code_reader wasm_body_reader(const struct wasm_module *module, uint32_t index)
{
	const struct wasm_func *func = &module->funcs[index];

	return (struct wasm_code_reader){
		.begin = func->body.data,
		.at = func->body.data,
		.end = func->body.data + func->body.size,
		.offset = func->offset,
		.function = index,
		.section = "code",
	};
}

static inline struct wasm_code_reader wasm_expr_reader(const struct wasm_expr *expr, const char *section)
{
	return (struct wasm_code_reader){
		.begin = expr->code.data,
		.at = expr->code.data,
		.end = expr->code.data + expr->code.size,
		.offset = expr->offset,
		.function = WALNUT_NO_FUNCTION,
		.section = section,
	};
}

#endif
